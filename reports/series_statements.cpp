// What a series' numbers allow to say, in sentences for people who did not see the formulas.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"
#include "reports/detectable.h"
#include "reports/series_stats.h"
#include "reports/words.h"

namespace blackstart {
namespace {

using Statements = std::vector<std::string>;

// "bank/transfer after kill-writer"
std::string whose(const SeriesRow& row) { return row.name + " after " + row.injection; }

void say_verdicts(Statements& all, const SeriesStats& stats) {
  all.push_back(fmt::format("{} of {} failed: with 95 % confidence fewer than {} of such rehearsals fail (Clopper–Pearson).",
                            stats.failed, count_text(stats.sound(), "sound run"),
                            percent_text(failure_rate_bound(stats.sound(), stats.failed))));
  if (stats.sound() < stats.runs)
    all.push_back(fmt::format("{} left out of the numbers: not sound.", count_text(stats.runs - stats.sound(), "run")));
}

// An RTO that our undo ended is no measure of what the cloud does by itself: whoever reads the median must know.
void say_after_undo(Statements& all, const SeriesStats& stats) {
  for (const auto& row : stats.rows)
    if (row.after_undo > 0)
      all.push_back(fmt::format("{} recovered only after our undo in {} of {} after {}.", row.name, row.after_undo,
                                count_text(row.runs, "run"), row.injection));
}

void say_unmoved(Statements& all, const SeriesStats& stats) {
  for (const std::string& injection : stats.unmoved)
    all.push_back(
        fmt::format("{} came without jitter, at the same moment of each run: what was measured may hold for one phase of the "
                    "cloud's heartbeats only.",
                    injection));
}

void say_censored(Statements& all, const SeriesStats& stats) {
  if (std::any_of(stats.rows.begin(), stats.rows.end(), [](const SeriesRow& row) { return row.censored > 0; }))
    all.emplace_back("A median counts runs that were not seen to recover for as long as they were watched (Kaplan–Meier).");
}

void say_upper_bound(Statements& all, const SeriesRow& row) {
  if (!row.upper) return;
  if (row.upper->value.more) {
    all.push_back(
        fmt::format("No upper bound can be given for {}: it would be more than {}, as no recovery was seen in {} of {}.",
                    whose(row), format_seconds(row.upper->value.value), row.censored, count_text(row.runs, "run")));
    return;
  }
  const std::size_t longer = row.runs - row.upper->rank;
  all.push_back(
      fmt::format("With 95 % confidence, {:.0f} % of the recoveries of {} take at most {} (± {}): the longest of {}{}.",
                  row.upper->share * 100, whose(row), bound_text(row.upper->value), format_seconds(row.plus_minus),
                  count_text(row.runs, "run"), longer == 0 ? "" : fmt::format(" but for {}", longer)));
}

void say_slowdown(Statements& all, const SeriesRow& row) {
  const std::size_t unfit = row.no_outage + row.censored;
  if (row.slowdown)
    all.push_back(
        fmt::format("Against as many runs of another version, a slowdown of {} below +{:.0f} % may well go unnoticed.",
                    whose(row), std::ceil(*row.slowdown * 100)));
  else if (row.runs >= kRunsToCompare && unfit > 0 && row.no_outage < row.runs)
    all.push_back(
        fmt::format("How small a slowdown of {} could have been seen is not said: {} of {} had no outage or no recovery.",
                    whose(row), unfit, count_text(row.runs, "run")));
}

void say_too_few(Statements& all, std::size_t runs) {
  struct Need {
    std::size_t runs;
    const char* what;
  };
  constexpr Need kNeeds[] = {{5, "any upper bound"},
                             {6, "an interval of the median"},
                             {kRunsToCompare, "the smallest slowdown that they could have shown"},
                             {59, "an upper bound of the p95"}};
  std::vector<std::string> missing;
  for (const Need& need : kNeeds)
    if (runs < need.runs) missing.push_back(fmt::format("{} (needs {})", need.what, need.runs));
  if (!missing.empty()) all.push_back(fmt::format("Too few sound runs ({}) for {}.", runs, joined(missing)));
}

}  // namespace

std::vector<std::string> series_statements(const SeriesStats& stats) {
  if (stats.sound() == 0) return {"No run measured anything soundly, so nothing can be said about this cloud."};
  Statements all;
  say_verdicts(all, stats);
  say_after_undo(all, stats);
  say_unmoved(all, stats);
  say_censored(all, stats);
  for (const SeriesRow& row : stats.rows) say_upper_bound(all, row);
  for (const SeriesRow& row : stats.rows) say_slowdown(all, row);
  say_too_few(all, stats.sound());
  return all;
}

std::string bound_text(const Bound& bound) { return (bound.more ? "> " : "") + format_seconds(bound.value); }

std::string interval_text(const ConfidenceInterval& interval) {
  const std::string from = format_seconds(interval.from.value);
  if (interval.from.more) return "more than " + from;
  return from + (interval.to.more ? " or more" : " to " + format_seconds(interval.to.value));
}

std::string median_text(const SeriesRow& row) {
  if (!row.median_interval) return bound_text(row.median);
  return fmt::format("{} (95 % interval {})", bound_text(row.median), interval_text(*row.median_interval));
}

std::string row_text(const SeriesRow& row) {
  const std::string helped = row.after_undo > 0 ? fmt::format(", {} only after our undo", row.after_undo) : "";
  return fmt::format("median {}, max {} (± {}){}", median_text(row), bound_text(row.maximum), format_seconds(row.plus_minus),
                     helped);
}

}  // namespace blackstart
