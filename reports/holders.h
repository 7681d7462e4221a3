// Who held what only one may hold (a virtual IP): handovers, and times when two had it at once.
//
// Purpose: from the record's holders to what the verdict and every writer say of them. Ownership: plain values. Thread rule:
// pure functions.
#pragma once

#include <string>
#include <vector>

#include "reports/judgement.h"

namespace blackstart {

// Of a probe that watches holders (`two_holders` is not negative).
Holding holding_of(const ProbeRecord& probe, const std::vector<Holders>& holders);

// "c1 → c2 between 12.300 s and 15.400 s"
std::string handover_text(const Holding::Handover& handover);
// "c1, c2 from 12.300 s to 13.400 s"
std::string conflict_text(const Holding::Conflict& conflict);
// "more than one at once for at most 1.100 s (2 times in all); 0.000 s is allowed", "never more than one at once", "nobody
// looked"; followed by "; for 3.000 s somebody did not say whether he has it" where that is so.
std::string conflicts_text(const Holding& holding);

}  // namespace blackstart
