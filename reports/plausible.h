// Which of the record's times can be true.
//
// Purpose: what is damaged and was read all the same must not get into any sum. Ownership: plain values. Thread rule: pure
// functions.
#pragma once

#include "reports/operation.h"

namespace blackstart {

inline bool plausible(Time time) {
  constexpr Time kLongest = std::chrono::hours(24) * 3653;  // no run is longer than ten years; beyond that sums could overflow
  return time >= Time(-1) && time <= kLongest;
}

inline bool plausible(const Operation& o) {
  if (!plausible(o.scheduled) || !plausible(o.sent) || !plausible(o.done)) return false;
  return o.outcome == Outcome::unsent || (o.scheduled.count() >= 0 && o.sent.count() >= 0 && o.done >= o.sent);
}

}  // namespace blackstart
