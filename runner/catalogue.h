// What there is to know of each fault, as text for people: `blackstart faults` and docs/fault-catalogue.md.
//
// Purpose: all of it comes from the faults' own declarations, so that it can't be stale. Ownership, thread rule: plain
// functions.
#pragma once

#include <string>
#include <vector>

#include "faults/fault.h"

namespace blackstart {

// One line a fault, below the name of its family.
std::string fault_list(const std::vector<FaultKind>& kinds);
// Parameters, what established connections see, evidence, undo, needs.
std::string fault_text(const FaultKind& kind);
// The page docs/fault-catalogue.md.
std::string catalogue_markdown(const std::vector<FaultKind>& kinds);

}  // namespace blackstart
