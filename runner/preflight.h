// Everything that can be found out before anything is touched.
//
// Purpose: reads only; each function throws one Error(unmet or unreachable) that says what is wrong and what to do.
// Ownership, thread rule: plain functions.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lab/remote.h"
#include "runner/injector.h"
#include "runner/scenario.h"

namespace blackstart {

// Refuses where a journal of this cloud is open (blackstart recover) or a halt is on.
void check_free(const Cloud& cloud);
// Every node answers over SSH, runs systemd, and carries no dead-man of another rehearsal.
void check_nodes(const Cloud& cloud, Remote& remote, const Deadline& deadline);
// Objectives fit the probes: series exist, rates are high enough to resolve the bound, audited when an RPO is asked for. Waits
// are long enough for a recovery to be seen.
void check_objectives(const Scenario& scenario, const std::vector<ProbeInfo>& probes);
// Resolves each injection's targets as they are now, checks that they leave enough nodes unhit and don't meet, and asks each
// fault whether it could be injected there.
std::vector<PlannedInjection> plan_injections(const Scenario& scenario, const Cloud& cloud, std::uint64_t seed,
                                              FaultContext context);

struct Ready {
  std::vector<std::unique_ptr<Probe>> probes;  // in the scenario's order
  std::vector<ProbeInfo> infos;                // theirs
  std::vector<PlannedInjection> plan;
};
// All of the above in its order, and each probe's own preflight.
Ready preflight(const Scenario& scenario, const Cloud& cloud, std::uint64_t seed, FaultContext context);

// The steps as lines of the record: "inject kill-writer: SIGKILL to mariadb.service on c1".
std::vector<Step> planned_steps(const Scenario& scenario, const std::vector<PlannedInjection>& plan);

}  // namespace blackstart
