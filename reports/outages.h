// The state machine that turns good and bad operations into outages (docs/measurement.md, "Outages").
//
// Purpose: UP, DEGRADED and DOWN over a sliding window, with a hold before UP counts again.
// Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <functional>
#include <vector>

#include "reports/judgement.h"
#include "reports/stream.h"

namespace blackstart {

struct Outages {
  std::vector<Outage> all;        // in time
  Duration degraded{0}, down{0};  // time in each state
};

// Needs memory for the operations of a hold and of three windows, however long the outages are. `see`, if there is one, is
// shown each of the stream's operations, once and in order: who wants them too needs no way through them of his own.
Outages find_outages(const Stream& stream, const std::function<void(const Operation&)>& see = {});

// Where the run's generator or its record was blind: operations sent late, never sent, or missing. In time, overlapping ones
// merged.
std::vector<BlindInterval> find_blind(const Stream& stream);

// Everything about one series that needs no audit and no injection but the moment of the first (negative: there was none).
SeriesMeasures measure(const Stream& stream, Time first_effect);

}  // namespace blackstart
