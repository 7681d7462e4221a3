#include "reports/batch.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "reports/junit_suite.h"
#include "reports/series_stats.h"
#include "reports/text_page.h"
#include "reports/words.h"

namespace blackstart {
namespace {

bool is_series_of(const BatchRun& run) { return run.item.repetitions > 1 && run.told; }

}  // namespace

std::size_t batch_count(const std::vector<BatchRun>& runs, Verdict verdict) {
  return static_cast<std::size_t>(
      std::count_if(runs.begin(), runs.end(), [&](const auto& run) { return run.verdict == verdict; }));
}

Verdict batch_verdict(const std::vector<BatchRun>& runs) {
  std::vector<Judged> all;
  for (const BatchRun& run : runs) all.emplace_back().judgement.verdict = run.verdict;
  return series_verdict(all);
}

std::string batch_rto_text(const BatchRun& run) {
  if (run.verdict == Verdict::inconclusive) return "not measured";  // whatever was seen, it proves nothing
  if (!is_series_of(run))
    return run.runs.empty() || !run.runs.front().judgement.proves ? "not measured" : run_rto_text(run.runs.front().judgement);
  const SeriesStats stats = series_stats(run.runs);
  const SeriesRow* slowest = slowest_row(stats);
  if (slowest == nullptr) return "not measured";
  return fmt::format("median {}, max {}, {}, {}", bound_text(slowest->median), bound_text(slowest->maximum),
                     count_text(slowest->runs, "run"), slowest->name);
}

std::string batch_rpo_text(const BatchRun& run) {
  if (!is_series_of(run)) return run.runs.empty() ? "lost: not measured" : run_rpo_text(run.runs.front().judgement);
  const SeriesStats stats = series_stats(run.runs);
  return stats.audits + stats.control_planes + stats.unread == 0 ? "lost: not measured" : series_rpo_text(stats);
}

Duration batch_time(const BatchRun& run) {
  Duration time{0};
  for (const Judged& one : run.runs) time += std::max(one.record.ended, Duration{0});
  return time;
}

std::vector<std::string> batch_reasons(const BatchRun& run) {
  if (!is_series_of(run)) return run.runs.empty() ? std::vector<std::string>{} : run.runs.front().judgement.reasons;
  std::vector<std::string> all;
  for (std::size_t at = 0; at < run.runs.size(); ++at)
    if (run.runs[at].judgement.verdict != Verdict::passed)
      all.push_back(repetition_folder(at, run.runs[at]) + ": " + joined(run.runs[at].judgement.reasons, " "));
  return all.empty() ? std::vector<std::string>{"Every repetition passed."} : all;
}

std::string batch_report(const BatchRun& run) { return run.item.folder + "/report.html"; }

std::string batch_summary(const BatchPlan& plan, const std::vector<BatchRun>& runs) {
  TextPage page;
  page.line(fmt::format("Batch {}: {} of {} passed, {} failed, {} inconclusive, {} undo-pending", name_of(batch_verdict(runs)),
                        batch_count(runs, Verdict::passed), count_text(runs.size(), "scenario"),
                        batch_count(runs, Verdict::failed), batch_count(runs, Verdict::inconclusive),
                        batch_count(runs, Verdict::undo_pending)));
  page.blank();
  page.entry("scenarios", plan.name);
  page.entry("cloud", plan.cloud);
  page.entry("began", format_utc(plan.began, false));
  if (!plan.stopped.empty()) page.entry("stopped", plan.stopped);
  page.section("Every scenario");
  for (const BatchRun& run : runs) {
    page.entry(run.item.folder,
               fmt::format("{:<13} RTO {}; {}", name_of(run.verdict), batch_rto_text(run), batch_rpo_text(run)));
    if (run.verdict != Verdict::passed)
      for (const std::string& reason : batch_reasons(run)) page.bullet(reason);
  }
  return page.text();
}

std::string batch_junit(const std::vector<BatchRun>& runs) {
  std::vector<JunitSuite> suites;
  for (const BatchRun& run : runs) {
    const auto of_run = is_series_of(run) ? series_suites(run.runs)
                                          : std::vector{junit_suite(run.runs.front().record, run.runs.front().judgement)};
    suites.insert(suites.end(), of_run.begin(), of_run.end());
  }
  return write_junit(suites);
}

}  // namespace blackstart
