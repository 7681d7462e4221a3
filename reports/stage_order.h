// Do the stages of a recovery agree with the outages that were measured? (docs/measurement.md, "Stages of a recovery")
//
// Purpose: both come out of the same record by different ways. A stage that contradicts an outage is never drawn beside it as
// if it were measured. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <string>
#include <vector>

#include "reports/judgement.h"

namespace blackstart {

struct StageContradiction {
  std::string stage;  // StageResult::name
  std::string why;    // "it lies before the fault"
};
// No stage may lie before the fault or behind the end of the record; first success and stable must be those of one outage.
std::vector<StageContradiction> contradictions(const Waterfall& waterfall, const Record& record, const Judgement& judgement);

// Such a stage becomes one that was not seen, and its evidence says why.
void leave_out_contradictions(Waterfall& waterfall, const Record& record, const Judgement& judgement);

}  // namespace blackstart
