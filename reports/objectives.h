// Each objective against what was measured: met, missed, or not measured (docs/measurement.md, "Objectives").
//
// Purpose: the one place that says "met". Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <vector>

#include "reports/judgement.h"

namespace blackstart {

// `first_injection`: the one that an objective without an injection counts from; empty when nothing was injected.
ObjectiveResult check_objective(const ObjectiveSpec& spec, const Judgement& measured, const std::string& first_injection);

}  // namespace blackstart
