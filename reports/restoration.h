// How long a component that a probe watched was not whole after each injection (docs/measurement.md, "Redundancy").
//
// Purpose: from the fault until the component was whole again. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <vector>

#include "reports/judgement.h"

namespace blackstart {

// One for each injection whose effect is known; none for what nobody watched all the time.
// `hold`: the probe's; a loss that begins so soon after an injection or its undo may be its own, whatever came between.
// `notice`: how long what was broken may look whole to who watches it (noticed_within).
std::vector<Restoration> restorations_of(const Redundancy& redundancy, const std::vector<Injection>& injections, Duration hold,
                                         Duration notice = Duration(0));

}  // namespace blackstart
