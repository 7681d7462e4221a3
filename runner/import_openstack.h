// What OpenStack tells of itself for a first cloud.yaml: its catalogue, hypervisors and availability zones.
//
// Purpose: reads only; what the user may not list is said, not an error. Ownership: plain values. Thread rule: blocks.
#pragma once

#include "base/clock.h"
#include "lab/cloud_draft.h"

namespace blackstart {

// Throws Error(bad_file, unmet, unreachable) when there are no credentials or Keystone gives no token for them.
OpenStackFacts ask_openstack(const OpenStackAccess& access, const Deadline& deadline);

}  // namespace blackstart
