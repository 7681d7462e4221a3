// What N runs of one rehearsal allow to say, and no more.
//
// Purpose: order statistics that respect censored values, and the honest limits of a small N (docs/measurement.md).
// Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/order_statistics.h"
#include "reports/series.h"

namespace blackstart {

// With 95 % confidence at least this share of recoveries take at most the value, which is that of this rank.
struct UpperBound {
  double share = 0;
  std::size_t rank = 0;  // from 1, the shortest
  Bound value;           // `more`: there is no such bound
};

// Of one probe's series after one injection, over all sound runs. A run without an outage counts as 0.
struct SeriesRow {
  std::string injection, name;  // "kill-writer", "bank/transfer"
  std::size_t runs = 0, no_outage = 0, censored = 0, after_undo = 0;
  Bound median, maximum;                              // the median by Kaplan and Meier where a run is censored, else by ranks
  std::optional<ConfidenceInterval> median_interval;  // likewise; from 6 runs on
  std::optional<UpperBound> upper;  // the p95 from 59 runs on, before that the highest quantile that they allow, from 5 on
  // The smallest slowdown that as many runs of another version could have shown; from 10 runs on that all had an outage and
  // recovered.
  std::optional<double> slowdown;
  Duration plus_minus{0};  // the largest of all runs
};

struct SeriesStats {
  std::size_t runs = 0;
  std::size_t passed = 0, failed = 0, inconclusive = 0, undo_pending = 0;
  std::size_t aside = 0;                                         // of the failed, those that stand where another run should
  std::size_t sound() const { return passed + failed - aside; }  // only these measured anything
  std::uint64_t lost = 0, audits = 0;                            // transfers, over all sound runs with a complete audit
  std::uint64_t findings = 0, control_planes = 0;                // the same of control planes
  std::uint64_t unread = 0;  // audits of sound runs that are not complete: what they would have found is not known
  std::vector<SeriesRow> rows;
  std::vector<std::string> unmoved;     // injections that came at the same moment in each run: without any jitter
  std::vector<std::string> statements;  // a sentence each: what N allows
};
SeriesStats series_stats(const std::vector<Judged>& runs);
// The sentences, from all the other members.
std::vector<std::string> series_statements(const SeriesStats& stats);
// "> 41.863 s"; "4.390 s to 5.290 s", "4.390 s or more", "more than 41.863 s".
std::string bound_text(const Bound& bound);
std::string interval_text(const ConfidenceInterval& interval);
// "4.890 s (95 % interval 4.390 s to 5.290 s)"
std::string median_text(const SeriesRow& row);
// "median 4.890 s (95 % interval …), max 5.290 s (± 0.039 s)", and ", 2 only after our undo"
std::string row_text(const SeriesRow& row);
// "not audited", "not known", "nothing", "3 transfers"; and what it stands on: "4 complete audits of all sound runs".
std::string lost_text(const SeriesStats& stats);
std::string audits_text(const SeriesStats& stats);
// Both in a line; "not measured" without a complete audit.
std::string series_rpo_text(const SeriesStats& stats);
// By the maximum; one that is only a lower bound counts as slower than any that is exact.
bool slower(const SeriesRow& row, const SeriesRow& than);
// The row that an objective would bind; null when there is none.
const SeriesRow* slowest_row(const SeriesStats& stats);

// One-sided 95 % upper bound of a failure rate after `failed` of `runs` (Clopper and Pearson 1934). 1 for no runs.
double failure_rate_bound(std::size_t runs, std::size_t failed);

}  // namespace blackstart
