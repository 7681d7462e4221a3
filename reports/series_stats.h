// What N runs of one rehearsal allow to say, and no more.
//
// Purpose: order statistics that respect censored values, and the honest limits of a small N (docs/measurement.md).
// Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <string>
#include <vector>

#include "reports/series.h"

namespace blackstart {

// A value of which sometimes only a lower bound is known: then `more`, written "> value".
struct Bound {
  Duration value{0};
  bool more = false;
  bool operator==(const Bound&) const = default;
};
std::string bound_text(const Bound& bound);

// The middle one, or the mean of the two middle ones. Exact when it is the same wherever the censored values really lie,
// else a lower bound. Not for an empty list.
Bound median(std::vector<Bound> values);
Bound maximum(const std::vector<Bound>& values);

// Of one probe's series after one injection, over all sound runs.
struct SeriesRow {
  std::string injection, name;  // "kill-writer", "bank/transfer"
  std::size_t runs = 0, no_outage = 0, censored = 0, after_undo = 0;
  Bound median, maximum;
  Duration plus_minus{0};  // the largest of all runs
};

struct SeriesStats {
  std::size_t runs = 0;
  std::size_t passed = 0, failed = 0, inconclusive = 0, undo_pending = 0;
  std::size_t sound() const { return passed + failed; }  // only these measured anything
  std::uint64_t lost = 0, audits = 0;                    // transfers, over all sound runs with a complete audit
  std::uint64_t findings = 0, control_planes = 0;        // the same of control planes
  std::uint64_t unread = 0;  // audits of sound runs that are not complete: what they would have found is not known
  std::vector<SeriesRow> rows;
  std::vector<std::string> statements;  // a sentence each: what N allows
};
SeriesStats series_stats(const std::vector<Judged>& runs);
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
