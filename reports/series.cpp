#include "reports/series.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/units.h"
#include "reports/json_format.h"
#include "reports/series_stats.h"
#include "reports/text_page.h"
#include "reports/words.h"

namespace blackstart {
namespace {

using Json = nlohmann::ordered_json;

int severity(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return 0;
    case Verdict::inconclusive: return 1;
    case Verdict::failed: return 2;
    case Verdict::undo_pending: return 3;
  }
  return 3;
}

Json bound(const Bound& value) {
  return {{"seconds", std::chrono::duration<double>(value.value).count()}, {"censored", value.more}};
}

Json interval(const ConfidenceInterval& one) { return {{"from", bound(one.from)}, {"to", bound(one.to)}}; }

Json upper_bound(const UpperBound& one) { return {{"share", one.share}, {"rank", one.rank}, {"value", bound(one.value)}}; }

Json row_json(const SeriesRow& row) {
  return {{"injection", row.injection},
          {"series", row.name},
          {"runs", row.runs},
          {"no_outage", row.no_outage},
          {"censored", row.censored},
          {"after_undo", row.after_undo},
          {"median", bound(row.median)},
          {"median_interval", row.median_interval ? interval(*row.median_interval) : Json(nullptr)},
          {"maximum", bound(row.maximum)},
          {"upper_bound", row.upper ? upper_bound(*row.upper) : Json(nullptr)},
          {"detectable_slowdown", row.slowdown ? Json(*row.slowdown) : Json(nullptr)},
          {"plus_minus_seconds", std::chrono::duration<double>(row.plus_minus).count()}};
}

void summary_rows(TextPage& page, const SeriesStats& stats) {
  page.section("How long it stood still (RTO)");
  for (const auto& row : stats.rows) {
    page.entry(row.name, fmt::format("{} after {}, {}, {} without an outage", row_text(row), row.injection,
                                     count_text(row.runs, "run"), row.no_outage));
  }
  if (stats.rows.empty()) page.bullet("not measured");
  for (const auto& statement : stats.statements) page.bullet(statement);
}

}  // namespace

Verdict series_verdict(const std::vector<Judged>& runs) {
  if (runs.empty()) return Verdict::inconclusive;
  auto worst = std::max_element(runs.begin(), runs.end(), [](const Judged& a, const Judged& b) {
    return severity(a.judgement.verdict) < severity(b.judgement.verdict);
  });
  return worst->judgement.verdict;
}

RunInfo series_info(const std::vector<Judged>& runs) {
  auto told = std::find_if(runs.begin(), runs.end(), [](const Judged& run) { return !run.record.run.scenario.empty(); });
  return told == runs.end() ? RunInfo{} : told->record.run;
}

std::string series_of(const RunInfo& run) {
  if (run.repetition == 0) return run.id;  // of no series, whatever its scenario's name ends in
  const std::string number = fmt::format("-{:02}", run.repetition);
  return run.id.ends_with(number) ? run.id.substr(0, run.id.size() - number.size()) : run.id;
}

void set_aside(Judged& run, const std::string& why) {
  if (run.judgement.verdict == Verdict::passed) run.judgement.verdict = Verdict::inconclusive;
  run.judgement.reasons.insert(run.judgement.reasons.begin(), why);
  run.aside = true;
}

std::string repetition_folder(std::size_t index, const Judged& run) {
  int number = run.record.run.repetition > 0 ? run.record.run.repetition : static_cast<int>(index) + 1;
  return fmt::format("repetition-{:02}", number);
}

std::string series_summary(const std::vector<Judged>& runs) {
  SeriesStats stats = series_stats(runs);
  TextPage page;
  std::string verdict = name_of(series_verdict(runs));
  page.line(fmt::format("Series {}: {} of {} passed, {} failed, {} inconclusive, {} undo-pending", verdict, stats.passed,
                        count_text(stats.runs, "run"), stats.failed, stats.inconclusive, stats.undo_pending));
  page.blank();
  const RunInfo run = series_info(runs);
  page.entry("scenario", run.scenario);
  page.entry("claim", run.claim);
  page.entry("cloud", run.cloud);
  summary_rows(page, stats);
  page.section("What was lost (RPO)");
  page.bullet(series_rpo_text(stats));
  page.section("Every run");
  for (std::size_t at = 0; at < runs.size(); ++at) {
    page.entry(repetition_folder(at, runs[at]),
               fmt::format("{:<13} RTO {}; {}", name_of(runs[at].judgement.verdict), run_rto_text(runs[at].judgement),
                           run_rpo_text(runs[at].judgement)));
  }
  return page.text();
}

std::string series_json(const std::vector<Judged>& runs) {
  SeriesStats stats = series_stats(runs);
  Json json{{"format", "blackstart-series"}, {"schema_version", 1}, {"verdict", name_of(series_verdict(runs))}};
  json["passed"] = stats.passed;
  json["failed"] = stats.failed;
  json["inconclusive"] = stats.inconclusive;
  json["undo_pending"] = stats.undo_pending;
  json["lost"] = stats.audits == 0 ? Json(nullptr) : Json(stats.lost);
  json["findings"] = stats.control_planes == 0 ? Json(nullptr) : Json(stats.findings);
  json["rto"] = Json::array();
  for (const auto& row : stats.rows) json["rto"].push_back(row_json(row));
  json["statements"] = stats.statements;
  json["runs"] = Json::array();
  for (std::size_t at = 0; at < runs.size(); ++at) {
    Json one = json_format::of_run(runs[at].record, runs[at].judgement);
    one["folder"] = repetition_folder(at, runs[at]);
    json["runs"].push_back(std::move(one));
  }
  return json_format::text_of(json, 2);
}

}  // namespace blackstart
