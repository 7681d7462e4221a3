// From the measures to the verdict: every rule by which a rehearsal proves nothing, fails, or is still undone
// (docs/measurement.md).
//
// Purpose: a pass is what is left when no rule objects. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <string>
#include <vector>

#include "reports/judgement.h"

namespace blackstart {

// Each a list of sentences; a rule that has nothing to object adds none.
struct Objections {
  std::vector<std::string> undo_pending, inconclusive, failed;
};

Objections objections(const Record& record, const Judgement& measured);

// Sets the verdict and the reasons: undo-pending, then inconclusive, then failed; all objections are told whichever wins.
void decide(const Record& record, Judgement& judgement);

}  // namespace blackstart
