#include <fmt/format.h>

#include "base/units.h"
#include "reports/html_page.h"
#include "reports/html_parts.h"
#include "reports/series.h"
#include "reports/series_stats.h"
#include "reports/words.h"

namespace blackstart {
namespace {

using html::Markup;

Markup figures(const SeriesStats& stats) {
  std::vector<html::KeyFigure> all;
  all.push_back(
      {"How many runs passed?", fmt::format("{} of {}", stats.passed, stats.runs), "",
       fmt::format("{} failed, {} inconclusive, {} undo-pending", stats.failed, stats.inconclusive, stats.undo_pending)});
  const SeriesRow* worst = slowest_row(stats);
  if (worst == nullptr) {
    all.push_back({"How long did it stand still?", "not measured", "", ""});
  } else {
    auto precision = [&](const Bound& bound) { return bound.more ? std::string() : "± " + format_seconds(worst->plus_minus); };
    std::string note = worst->name + " after " + worst->injection + ", the slowest series";
    all.push_back({"Median RTO", bound_text(worst->median), precision(worst->median), note});
    all.push_back({"Longest RTO", bound_text(worst->maximum), precision(worst->maximum), note});
  }
  all.push_back({"Was anything lost?", lost_text(stats), "", audits_text(stats)});
  return html::key_figure_list(all);
}

Markup rto_table(const SeriesStats& stats) {
  html::Table table("Over all sound runs", {{"Service"},
                                            {"Injection"},
                                            {"Runs", true},
                                            {"Median", true},
                                            {"95 % interval of the median", true},
                                            {"Max", true},
                                            {"±", true},
                                            {"Without an outage", true},
                                            {"Not seen to recover", true}});
  for (const auto& row : stats.rows) {
    table.row({html::text(row.name), html::text(row.injection), html::text(std::to_string(row.runs)),
               html::text(bound_text(row.median)),
               html::text(row.median_interval ? interval_text(*row.median_interval) : "too few runs"),
               html::text(bound_text(row.maximum)), html::text(format_seconds(row.plus_minus)),
               html::text(std::to_string(row.no_outage)), html::text(std::to_string(row.censored))});
  }
  Markup inner = table.empty() ? Markup{} : table.markup();
  return html::section("recovery", "Recovery times", inner + html::list(stats.statements));
}

// A repetition of which nothing was recorded has no report.
Markup link(const std::string& folder, const Judged& run) {
  if (run.record.run.scenario.empty()) return html::text(folder);
  return html::raw("<a href=\"" + folder + "/report.html\">") + html::text(folder) + html::raw("</a>");
}

Markup run_table(const std::vector<Judged>& runs) {
  html::Table table("Behind each name is the run's own report",
                    {{"Run"}, {"Verdict"}, {"RTO, worst series"}, {"Lost"}, {"Began"}, {"Seed"}});
  for (std::size_t at = 0; at < runs.size(); ++at) {
    const auto& [record, judgement, changed, aside] = runs[at];
    table.row({link(repetition_folder(at, runs[at]), runs[at]),
               html::badge(html::sign_of(judgement.verdict), name_of(judgement.verdict)), html::text(run_rto_text(judgement)),
               html::text(run_rpo_text(judgement)), html::text(format_utc(record.run.zero_wall, false)),
               html::text(std::to_string(record.run.seed))});
  }
  return html::section("runs", "Every run", table.empty() ? Markup{} : table.markup());
}

// Why the worst runs are what they are, so that nobody has to open them to know.
std::vector<std::string> reasons(const std::vector<Judged>& runs, Verdict verdict) {
  if (verdict == Verdict::passed) return {"Every run passed."};
  std::vector<std::string> all;
  for (std::size_t at = 0; at < runs.size(); ++at) {
    if (runs[at].judgement.verdict == Verdict::passed) continue;
    all.push_back(repetition_folder(at, runs[at]) + ", " + name_of(runs[at].judgement.verdict) + ": " +
                  joined(runs[at].judgement.reasons, " "));
  }
  return all.empty() ? std::vector<std::string>{"There are no runs."} : all;
}

}  // namespace

std::string series_html(const std::vector<Judged>& runs) {
  SeriesStats stats = series_stats(runs);
  Verdict verdict = series_verdict(runs);
  html::Page page;
  const RunInfo run = series_info(runs);
  page.heading =
      fmt::format("{}, {}", run.scenario.empty() ? "Nothing recorded" : run.scenario, count_text(runs.size(), "run"));
  page.where = run.cloud + (run.simulated ? " (simulated)" : " (live)");
  page.claim = run.claim;
  page.source = run.source;
  page.version = run.version;
  page.title = page.heading + ": " + name_of(verdict);
  page.banner = html::verdict_banner(verdict, reasons(runs, verdict));
  page.body = figures(stats) + rto_table(stats) + run_table(runs);
  return html::write_page(page);
}

}  // namespace blackstart
