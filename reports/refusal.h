// Whether a service took writes while it should not have (docs/measurement.md, "Refusal").
//
// Purpose: a minority that acknowledges a write has split the books, whatever the audit finds later.
// Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <vector>

#include "reports/judgement.h"
#include "reports/stream.h"

namespace blackstart {

// One for each injection whose effect is known; none for a series that posts nothing. `clock`: by what the stream's clock may
// differ from that of the injections; the window is narrower by as much.
std::vector<Refusal> refusals_of(const Stream& stream, const SeriesMeasures& measures, const std::vector<Injection>& injections,
                                 Duration clock = Duration(0));

}  // namespace blackstart
