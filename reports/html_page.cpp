#include "reports/html_page.h"

namespace blackstart::embedded {
std::string_view report_page();
std::string_view report_style();
std::string_view report_script();
std::string_view dygraphs_script();
std::string_view dygraphs_style();
std::string_view dygraphs_notice();
}  // namespace blackstart::embedded

namespace blackstart::html {
namespace {

// A source map would make a browser with open developer tools ask for a file that isn't there.
std::string_view without_source_map(std::string_view source) {
  std::size_t at = source.rfind("# sourceMappingURL");
  return at == std::string_view::npos || at < 2 ? source : source.substr(0, at - 2);
}

Markup claim(const Page& page) {
  if (page.claim.empty()) return {};
  Markup source = page.source.empty() ? Markup{} : tag("figcaption", "", text(page.source));
  return tag("figure", "claim", tag("blockquote", "", text(page.claim)) + source);
}

Markup scripts(const Page& page) {
  if (page.chart_data.empty()) return {};
  return raw("<script type=\"application/json\" id=\"chart-data\">") + script_data(page.chart_data) +
         raw("</script>\n<script>") + raw(without_source_map(embedded::dygraphs_script())) + raw("</script>\n") +
         tag("script", "", raw(embedded::report_script()));
}

Markup licence(const Page& page) {
  if (page.chart_data.empty()) return {};
  return tag("details", "",
             tag("summary", "", text("The charts are drawn by dygraphs (MIT licence)")) +
                 tag("pre", "", text(embedded::dygraphs_notice())));
}

}  // namespace

std::string write_page(const Page& page) {
  Markup style = page.chart_data.empty() ? Markup{} : raw(without_source_map(embedded::dygraphs_style()));
  return fill(embedded::report_page(), {{"title", text(page.title)},
                                        {"style", style + raw(embedded::report_style())},
                                        {"heading", text(page.heading)},
                                        {"where", text(page.where)},
                                        {"claim", claim(page)},
                                        {"banner", page.banner},
                                        {"body", page.body},
                                        {"version", text(page.version)},
                                        {"licence", licence(page)},
                                        {"scripts", scripts(page)}});
}

}  // namespace blackstart::html
