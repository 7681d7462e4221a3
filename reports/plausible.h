// Which of the record's times can be true.
//
// Purpose: what is damaged and was read all the same must not get into any sum. Ownership: plain values. Thread rule: pure
// functions.
#pragma once

#include "reports/operation.h"

namespace blackstart {

// No run is longer than ten years: what claims to be is damaged, and beyond it sums of times could overflow.
inline constexpr Time kLongestRun = 24h * 3653;

inline bool plausible(Time time) { return time >= Time(-1) && time <= kLongestRun; }
inline bool plausible(const Operation& o) {
  if (!plausible(o.scheduled) || !plausible(o.sent) || !plausible(o.done)) return false;
  return o.outcome == Outcome::unsent || (o.scheduled.count() >= 0 && o.sent.count() >= 0 && o.done >= o.sent);
}

}  // namespace blackstart
