#include "base/units.h"
#include "reports/chart.h"
#include "reports/html_page.h"
#include "reports/html_parts.h"
#include "reports/reports.h"
#include "reports/words.h"

namespace blackstart {
namespace {

using html::Markup;

Markup time_line(const Record& record, const Judgement& judgement) {
  Markup buttons = html::raw(
      "<p class=\"buttons\" hidden><button type=\"button\" data-zoom=\"focus\">Around the fault</button> "
      "<button type=\"button\" data-zoom=\"range\">Whole run</button> <span>Drag in a chart to look closer.</span></p>\n");
  Markup charts = html::charts(record, judgement);
  if (charts.html.empty()) buttons = {};
  return html::section("timeline", "Time line", html::lanes(record, judgement) + buttons + charts);
}

Markup body(const Record& record, const Judgement& judgement) {
  Markup problems = html::section("problems", "Problems", html::list(record.problems));
  return html::key_figures(record, judgement) + time_line(record, judgement) + html::objectives(judgement) +
         html::recovery_times(judgement) + html::waterfalls(record, judgement) + html::injections(record) +
         html::audits(judgement) + html::holders(judgement) + html::service(judgement) + html::budgets(record, judgement) +
         html::guards(record) + problems + html::redundancy(record, judgement) + html::steady_state(record) +
         html::steps(record) + html::phases(record) + html::instrument(record) + html::run_facts(record);
}

}  // namespace

std::string html_report(const Record& record, const Judgement& judgement) {
  html::Page page;
  page.heading = record.run.scenario.empty() ? "Nothing recorded" : record.run.scenario;
  page.title = page.heading + ": " + name_of(judgement.verdict);
  page.where =
      record.run.cloud + (record.run.simulated ? " (simulated), " : " (live), ") + format_utc(record.run.zero_wall, false);
  page.claim = record.run.claim;
  page.source = record.run.source;
  page.banner = html::verdict_banner(judgement.verdict, judgement.reasons);
  page.body = body(record, judgement);
  page.chart_data = chart_json(record, judgement);
  page.version = record.run.version;
  return html::write_page(page);
}

}  // namespace blackstart
