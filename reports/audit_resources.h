// The control plane's audit: what the APIs acknowledged against what each controller says is there (docs/measurement.md,
// "The control plane's audit").
//
// Purpose: lost, resurrected, phantom, stuck and orphaned resources, and what controllers do not agree about.
// Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <string>
#include <vector>

#include "reports/judgement.h"

namespace blackstart {

// `controllers`: those that must have been read.
ResourceAudit audit_resources(const std::string& probe, const std::vector<std::string>& controllers,
                              const ResourceEvidence& evidence);

}  // namespace blackstart
