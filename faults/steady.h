// What came back and fell again is not back: a state counts once it has stayed for a while.
//
// Purpose: for undos, over looks that are made anew each time. Ownership: a value. Thread rule: one thread at a time.
#pragma once

#include <optional>

#include "base/units.h"
#include "reports/record.h"

namespace blackstart {

class Steady {
 public:
  void ends() { since_.reset(); }
  // It was seen to be so at `now`: confirmed, with the time from which on it was so, once it has stayed for `needed`. Adds to
  // what was observed how long it has.
  bool settle(Evidence& evidence, Time now, Duration needed) {
    if (!since_) since_ = now;
    evidence.confirmed = now - *since_ >= needed;
    evidence.at = evidence.confirmed ? *since_ : Time{-1};
    evidence.observed += (evidence.confirmed ? ", for " : ", but not yet for ") + format_duration(needed);
    return evidence.confirmed;
  }

 private:
  std::optional<Time> since_;
};

}  // namespace blackstart
