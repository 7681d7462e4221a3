// The audit: what was acknowledged to the bank's customers against what each replica holds (docs/measurement.md, "Audit").
//
// Purpose: lost, phantom, duplicate, altered and partial transfers, unequal replicas, wrong sums, and RPO from them.
// Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <vector>

#include "reports/judgement.h"
#include "reports/stream.h"

namespace blackstart {

// `fault` is the middle of the first injection's effect; negative: nothing was injected, and RPO has no time.
AuditResult audit(const ProbeRecord& probe, const std::vector<Stream>& streams, Time fault);

}  // namespace blackstart
