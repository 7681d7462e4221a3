#include "reports/markup.h"

#include "base/error.h"
#include "reports/words.h"

namespace blackstart::html {
namespace {

constexpr const char* kNoBreakSpace = "\xC2\xA0";

std::string escaped(std::string_view words) {
  std::string clean = clean_text(words), result;
  std::string_view view = clean;
  for (std::size_t at = 0; at < view.size(); ++at) {
    switch (view[at]) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      case ' ': result += holds_together(view.substr(0, at), view.substr(at + 1)) ? kNoBreakSpace : " "; break;
      default: result += view[at];
    }
  }
  return result;
}

}  // namespace

Markup text(std::string_view words) { return {escaped(words)}; }

Markup prose(std::string_view words) {
  Markup result;
  while (true) {
    std::size_t begin = words.find('`'), end = words.find('`', begin + 1);
    if (begin == std::string_view::npos || end == std::string_view::npos) return result + text(words);
    result += text(words.substr(0, begin)) + tag("code", "", text(words.substr(begin + 1, end - begin - 1)));
    words.remove_prefix(end + 1);
  }
}

Markup raw(std::string_view html) { return {std::string(html)}; }

Markup tag(std::string_view name, std::string_view style, const Markup& inner) {
  std::string start = "<" + std::string(name);
  if (!style.empty()) start += " class=\"" + std::string(style) + "\"";
  return {start + ">" + inner.html + "</" + std::string(name) + ">"};
}

Markup script_data(std::string_view json) {
  std::string result;
  for (char c : json) result += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return {result};
}

std::string style_of(Sign sign) {
  static constexpr const char* kStyles[] = {"good", "bad", "unknown", "broken"};
  return kStyles[static_cast<int>(sign)];
}

Markup mark_of(Sign sign) {
  static constexpr const char* kMarks[] = {"✓", "✕", "?", "!"};
  return raw("<span class=\"mark\" aria-hidden=\"true\">") + raw(kMarks[static_cast<int>(sign)]) + raw("</span>");
}

Markup badge(Sign sign, std::string_view words) { return tag("span", "badge " + style_of(sign), mark_of(sign) + text(words)); }

Table::Table(std::string caption, std::vector<Column> columns, Narrow narrow)
    : caption_(std::move(caption)), columns_(std::move(columns)), narrow_(narrow) {}

void Table::row(const std::vector<Markup>& cells) {
  Markup line;
  for (std::size_t at = 0; at < columns_.size(); ++at) {
    const Column& column = columns_[at];
    std::string attributes = column.numeric ? " class=\"number\"" : "";
    std::string element = at == 0 ? "th" : "td";
    if (at == 0) attributes += " scope=\"row\"";
    line += raw("<" + element + attributes + " data-label=\"" + escaped(column.name) + "\">") + cells.at(at) +
            raw("</" + element + ">");
  }
  rows_ += tag("tr", "", line) + raw("\n");
}

Markup Table::markup() const {
  Markup heads;
  for (const auto& column : columns_)
    heads +=
        raw(column.numeric ? "<th scope=\"col\" class=\"number\">" : "<th scope=\"col\">") + text(column.name) + raw("</th>");
  Markup table =
      tag("caption", "", text(caption_)) + tag("thead", "", tag("tr", "", heads)) + raw("\n") + tag("tbody", "", rows_);
  return raw("<div class=\"scrolled\" role=\"region\" tabindex=\"0\" aria-label=\"" + escaped(caption_) + "\">") +
         tag("table", narrow_ == stacked ? "stacked" : "rigid", table) + raw("</div>");
}

Markup section(std::string_view id, std::string_view title, const Markup& inner) {
  if (inner.html.empty()) return {};
  return raw("<section id=\"" + std::string(id) + "\">\n") + tag("h2", "", text(title)) + raw("\n") + inner +
         raw("\n</section>\n");
}

Markup list(const std::vector<std::string>& sentences) {
  Markup items;
  for (const auto& sentence : sentences) items += tag("li", "", prose(sentence));
  return sentences.empty() ? items : tag("ul", "", items);
}

std::string fill(std::string_view page, const std::map<std::string, Markup>& slots) {
  std::string result;
  while (true) {
    std::size_t begin = page.find("{{");
    result += page.substr(0, begin);
    if (begin == std::string_view::npos) return result;
    std::size_t end = page.find("}}", begin);
    std::string name(page.substr(begin + 2, end == std::string_view::npos ? end : end - begin - 2));
    auto slot = slots.find(name);
    if (end == std::string_view::npos || slot == slots.end())
      throw Error(ErrorKind::internal, "filling in the report's page", "there is nothing for {{" + name + "}}");
    result += slot->second.html;
    page.remove_prefix(end + 2);
  }
}

}  // namespace blackstart::html
