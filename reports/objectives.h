// Each objective against what was measured: met, missed, or not measured (docs/measurement.md, "Objectives").
//
// Purpose: the one place that says "met". Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <string>
#include <vector>

#include "reports/judgement.h"

namespace blackstart {

// `injections`: the ids of all that took effect; an objective without an injection counts from each of them.
ObjectiveResult check_objective(const ObjectiveSpec& spec, const Judgement& measured,
                                const std::vector<std::string>& injections);

}  // namespace blackstart
