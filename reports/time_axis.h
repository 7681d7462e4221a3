// The time axis of a report: seconds relative to the fault, or to the run's zero where there was none.
//
// Purpose: lanes and charts agree on zero, range and ticks. Ownership: a value. Thread rule: pure functions.
#pragma once

#include <string>
#include <vector>

#include "reports/judgement.h"

namespace blackstart {

struct TimeAxis {
  Time zero{0};  // in run time
  bool at_fault = false;
  Time from{0}, to{0};              // all that was recorded
  Time focus_from{0}, focus_to{0};  // the fault and the recovery, with room around

  double seconds(Time at) const { return std::chrono::duration<double>(at - zero).count(); }
  // Where `at` stands between from and to, in percent; what lies outside is moved to the edge.
  double percent(Time at) const;
  // "+4.4 s", "-10.0 s"
  std::string label(Time at) const;
  // Round moments, at most `most` of them.
  std::vector<Time> ticks(int most) const;
};

// Until when a probe watched: what had not recovered by then was not seen to.
Time watched_until(const Record& record, const std::string& probe);
TimeAxis time_axis(const Record& record, const Judgement& judgement);

}  // namespace blackstart
