// How long a control plane may go on calling a service up that is dead: what is seen through it is seen that much later.
//
// Purpose: whether something may still be the fault's doing when it shows only after our undo (docs/measurement.md, "RTO").
// Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <string>

#include "reports/record.h"

namespace blackstart {

// `what`: the series, or the watched component. service_down_time of Nova or Cinder, agent_down_time of Neutron: the longest
// that was read on any node, else their defaults, 60 s and 75 s. Zero for what is seen at once.
Duration noticed_within(const Record& record, const ProbeInfo& probe, const std::string& what);

}  // namespace blackstart
