// The operations on servers that stand through the whole rehearsal: live-migrate, evacuate, servers-home,
// groups-served.
//
// Purpose: what a cloud's users and its operators need after the loss of a compute host, measured at Nova's API. Ownership:
// what is under way holds itself alive; the caller outlives it. Thread rule: the loop's thread.
#pragma once

#include "probes/openstack_workload.h"

namespace blackstart {

// Server number `slot` of the pool moves to another host: ok when it is ACTIVE there. Failed when it certainly did not begin.
void begin_migration(OpenStackCaller& caller, std::size_t slot, bool fresh, const Deadline& deadline, Workload::Done done);

// Each server of the pool whose host's nova-compute is down is asked to leave it, again and again until it is under way: ok
// when all are ACTIVE on hosts that are up.
void begin_evacuation(OpenStackCaller& caller, bool fresh, const Deadline& deadline, Workload::Done done);

// One look: ok when each server of the pool is ACTIVE on a host that is up; else failed.
void begin_roll_call(OpenStackCaller& caller, bool fresh, const Deadline& deadline, Workload::Done done);

// One look: ok when each group of the pool has a server that is ACTIVE on a host that is up; else failed.
void begin_group_call(OpenStackCaller& caller, bool fresh, const Deadline& deadline, Workload::Done done);

}  // namespace blackstart
