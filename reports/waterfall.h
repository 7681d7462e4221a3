// From what probes saw to the stages that a recovery went through (docs/measurement.md, "Stages of a recovery").
//
// Purpose: detected, virtual IP moved, backend out, view installed, first success, stable, redundant: each with its bracket
// and who saw it, and beside it what the settings let expect. What nobody watched is said, and never made up. Ownership: plain
// values. Thread rule: pure functions.
#pragma once

#include <string>
#include <vector>

#include "reports/judgement.h"
#include "reports/stage_search.h"

namespace blackstart {

// One for each injection whose effect is known. `judgement` has everything else judged.
std::vector<Waterfall> waterfalls_of(const Record& record, const Judgement& judgement);

// How a stage lies beside the bands of all its predictions.
StageResult::Beside beside_of(const StageResult& stage, const Bracket& effect);
// From the fault; not of a stage that was not seen.
Measured after_fault(const StageResult& stage, const Bracket& effect);

// Each returns the stage with its evidence; `when` is not known when it was looked for and not seen. nullopt: nobody watched.
std::optional<StageResult> first_change(const StageSearch& search);
std::optional<StageResult> vip_moved(const StageSearch& search);
std::optional<StageResult> galera_view(const StageSearch& search);
std::optional<StageResult> rabbitmq_notice(const StageSearch& search);
// How many parts of a watched component were hit (of one service, those of its name on the nodes), or are on other nodes.
std::size_t parts_of(const StageSearch& search, const std::string& component, bool hit);
std::optional<StageResult> service_notice(const StageSearch& search, const std::string& component, const std::string& title);
std::optional<StageResult> redundant(const StageSearch& search);
// Who held the virtual IP just before the effect; empty: nobody watched, or more than one.
std::string holder_before(const StageSearch& search);
// Who held it once it had moved, or before when it did not; empty: not known, or a node that was hit.
std::string holder_after(const StageSearch& search);

// Servers that HAProxy took out: the first of those that the new holder's HAProxy lost, or of all when that is not known.
struct BackendsOut {
  StageResult stage;
  std::vector<std::string> parts;  // that went down there, the earliest first
};
std::optional<BackendsOut> backend_out(const StageSearch& search);

// Of the series that took longest to be stable again.
std::vector<StageResult> service_back(const StageSearch& search, const Judgement& judgement);

}  // namespace blackstart
