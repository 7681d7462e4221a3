// The audit: what was acknowledged to the bank's customers against what each replica holds (docs/measurement.md, "Audit").
//
// Purpose: lost, phantom, duplicate, altered and partial transfers, unequal replicas, wrong sums, and RPO from them. The memory
// it takes does not grow with the number of transfers, but with that of accounts.
// Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <vector>

#include "reports/each_operation.h"
#include "reports/judgement.h"
#include "reports/stream.h"

namespace blackstart {

// `fault` is the middle of the first injection's effect; negative: nothing was injected, and RPO has no time.
// What is wrong with the operations as a whole comes from `streams`; the operations themselves come from the probe's record, or
// from `each`. Throws Error(bad_file) when a file of rows is no longer what it was when it was opened.
AuditResult audit(const ProbeRecord& probe, const std::vector<Stream>& streams, Time fault);
AuditResult audit(const ProbeRecord& probe, const std::vector<Stream>& streams, Time fault, const EachOperation& each);

}  // namespace blackstart
