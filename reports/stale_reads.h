// Whether what was acknowledged is seen by the next read (docs/measurement.md, "Stale reads").
//
// Purpose: a cluster whose members take writes side by side shows a customer the time before his own payment, fault or none.
// Ownership: plain values. Thread rule: pure functions.
#pragma once

#include "reports/judgement.h"
#include "reports/stream.h"

namespace blackstart {

// Of a series that reads back what it wrote. `fault`: the bracket of the first fault's effect; may be unknown.
StaleReads stale_reads_of(const Stream& stream, const Bracket& fault);

// "3 of 600 reads of bank/read-back did not show a mark that had been acknowledged before; the first 1.2 s before the first
// fault, the last 30.4 s after it"; run times where no fault took effect. There must be one.
std::string stale_reads_sentence(const StaleReads& reads);

}  // namespace blackstart
