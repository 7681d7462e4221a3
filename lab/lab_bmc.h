// The BMCs of a lab's nodes: OpenIPMI's simulator, one process per node on a loopback address of its own, whose power control
// drives libvirt.
//
// Purpose: nodes of a lab are switched as real ones are, over IPMI 2.0; and BMCs that fail, for tests. Ownership: none; the
// processes outlive the caller, and are known by the mark that each of them bears (lab/lab_processes.h). Thread rule: one lab,
// one thread; whoever starts, stops or changes them holds the LabLock.
#pragma once

#include <string>
#include <vector>

#include "lab/cloud.h"
#include "lab/lab_folder.h"

namespace blackstart {

// honest: as it should be. lying: takes orders, does nothing, and reports what was ordered; until the first order, the state
// that there was. hung: takes packets, answers none (SIGSTOP). dead: no process.
enum class BmcMode { honest, lying, hung, dead };
const char* name_of(BmcMode mode);
// Throws Error(usage) for another word.
BmcMode bmc_mode_named(const std::string& word);

// Where a node's BMC answers and who may log in; `address` is the node's in the management network.
Bmc lab_bmc(const LabFolder& folder, const std::string& address);

// Starts those that don't run and makes all honest. Throws Error(unmet) without OpenIPMI.
void start_bmcs(const std::vector<Node>& nodes, const LabFolder& folder);
// Returns when each answers over IPMI. Throws Error(unreachable) for one that doesn't.
void await_bmcs(const std::vector<Node>& nodes, const LabFolder& folder);
// Ends all that there are, and whatever they have started; an order that they took before is still carried out. None is fine.
void stop_bmcs(const LabFolder& folder);

BmcMode bmc_mode(const LabFolder& folder, const std::string& node);
// Returns once it is so.
void set_bmc_mode(const Node& node, const LabFolder& folder, BmcMode mode);

}  // namespace blackstart
