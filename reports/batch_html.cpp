#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "reports/batch.h"
#include "reports/html_page.h"
#include "reports/html_parts.h"
#include "reports/series_stats.h"
#include "reports/words.h"

namespace blackstart {
namespace {

using html::Markup;

// What was recorded of all scenarios, sound or not.
std::vector<Judged> every_run(const std::vector<BatchRun>& runs) {
  std::vector<Judged> all;
  for (const BatchRun& run : runs) all.insert(all.end(), run.runs.begin(), run.runs.end());
  return all;
}

html::KeyFigure passed(const std::vector<BatchRun>& runs) {
  return {"How many scenarios passed?", fmt::format("{} of {}", batch_count(runs, Verdict::passed), runs.size()), "",
          fmt::format("{} failed, {} inconclusive, {} undo-pending", batch_count(runs, Verdict::failed),
                      batch_count(runs, Verdict::inconclusive), batch_count(runs, Verdict::undo_pending))};
}

html::KeyFigure longest(const std::vector<BatchRun>& runs) {
  SeriesRow worst;
  std::string scenario;
  for (const BatchRun& run : runs) {
    const SeriesStats stats = series_stats(run.runs);
    const SeriesRow* row = slowest_row(stats);
    if (row == nullptr || !(scenario.empty() || slower(*row, worst))) continue;
    worst = *row;
    scenario = run.item.scenario;
  }
  if (scenario.empty()) return {"Longest RTO", "not measured", "", ""};
  return {"Longest RTO", bound_text(worst.maximum), worst.maximum.more ? "" : "± " + format_seconds(worst.plus_minus),
          worst.name + " in " + scenario};
}

Markup figures(const std::vector<BatchRun>& runs) {
  const SeriesStats stats = series_stats(every_run(runs));
  Duration time{0};
  for (const BatchRun& run : runs) time += batch_time(run);
  return html::key_figure_list({passed(runs),
                                longest(runs),
                                {"Was anything lost?", lost_text(stats), "", audits_text(stats)},
                                {"How long did it take?", format_seconds(time, 0), "", "all rehearsals together"}});
}

Markup name(const BatchRun& run) {
  const std::string words =
      run.item.repetitions > 1 ? fmt::format("{} ({} times)", run.item.scenario, run.item.repetitions) : run.item.scenario;
  if (!run.told) return html::text(words);
  return html::raw("<a href=\"") + html::text(batch_report(run)) + html::raw("\">") + html::text(words) + html::raw("</a>");
}

Markup run_table(const std::vector<BatchRun>& runs) {
  html::Table table("Behind each name is the scenario's own report",
                    {{"Scenario"}, {"Verdict"}, {"Claim"}, {"RTO, worst series"}, {"Lost"}, {"Took", true}});
  for (const BatchRun& run : runs)
    table.row({name(run), html::badge(html::sign_of(run.verdict), name_of(run.verdict)), html::text(run.item.claim),
               html::text(batch_rto_text(run)), html::text(batch_rpo_text(run)),
               html::text(run.told ? format_seconds(batch_time(run), 0) : "did not run")});
  return html::section("scenarios", "Every scenario", table.empty() ? Markup{} : table.markup());
}

// Why the worst scenarios are what they are, so that nobody has to open them to know.
std::vector<std::string> reasons(const BatchPlan& plan, const std::vector<BatchRun>& runs) {
  if (batch_verdict(runs) == Verdict::passed) return {"Every scenario passed."};
  std::vector<std::string> all;
  if (!plan.stopped.empty()) all.push_back("The batch was stopped: " + plan.stopped + ".");
  for (const BatchRun& run : runs)
    if (run.verdict != Verdict::passed)
      all.push_back(run.item.scenario + ", " + name_of(run.verdict) + ": " + joined(batch_reasons(run), " "));
  return all.empty() ? std::vector<std::string>{"There are no scenarios."} : all;
}

}  // namespace

std::string batch_html(const BatchPlan& plan, const std::vector<BatchRun>& runs) {
  html::Page page;
  const Verdict verdict = batch_verdict(runs);
  page.heading = fmt::format("{}, {}", plan.name, count_text(runs.size(), "scenario"));
  page.where = plan.cloud + (plan.simulated ? " (simulated)" : " (live)") + ", " + format_utc(plan.began, false);
  page.version = plan.version;
  page.title = page.heading + ": " + name_of(verdict);
  page.banner = html::verdict_banner(verdict, reasons(plan, runs));
  page.body = figures(runs) + run_table(runs);
  return html::write_page(page);
}

}  // namespace blackstart
