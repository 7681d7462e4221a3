// Reads from the nodes what their services are set to, for the bands that a recovery is compared with.
//
// Purpose: what runs is asked (Galera, RabbitMQ); else the files are read that the running process names. Reads only; what
// can't be read, or not be understood, is said and never guessed. Ownership: nothing outlives a call. Thread rule: any thread;
// nodes are asked side by side.
#pragma once

#include <vector>

#include "lab/cloud.h"
#include "lab/remote.h"
#include "reports/live_setting.h"

namespace blackstart {

// Of each component that the cloud file speaks of, on each node that it may be on; never throws for what a node does or says.
// What is not set has its default, marked as one. Where a component has to be, by the node's roles, and nothing of it was
// found, that is the problem; a database that is no cluster of Galera's has none.
std::vector<LiveSettings> read_live_settings(const Cloud& cloud, Remote& remote, const Deadline& deadline);

}  // namespace blackstart
