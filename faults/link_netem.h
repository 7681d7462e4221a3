// The faults link.netem and its short forms link.delay, .loss, .duplicate, .reorder, .corrupt and .rate, and their undo.
//
// Purpose: what faults/registry.cpp lists. Ownership: the caller owns what is made. Thread rule: pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faults/netem.h"
#include "faults/third_party.h"

namespace blackstart {

extern const FaultAbout kLinkNetemAbout, kLinkLossAbout;
std::unique_ptr<FaultSettings> link_netem_settings();
std::unique_ptr<FaultSettings> link_delay_settings();
std::unique_ptr<FaultSettings> link_loss_settings();
std::unique_ptr<FaultSettings> link_duplicate_settings();
std::unique_ptr<FaultSettings> link_reorder_settings();
std::unique_ptr<FaultSettings> link_corrupt_settings();
std::unique_ptr<FaultSettings> link_rate_settings();

// A witness that pings the target; `ways`: 1 where packets are hit on one way only, 2 where there and back.
std::unique_ptr<ThirdParty> netem_watch(FaultContext context, WatchPlan plan, Netem netem, int ways);
// `shaping.network` is filled in at preflight.
std::unique_ptr<TargetFault> make_netem_fault(const Node& node, FaultContext context, const std::string& device,
                                              Shaping shaping, std::unique_ptr<ThirdParty> third);

// The undo `netem.absent`; facts: id, device; of witnesses as usual.
std::string netem_absent_command(const UndoRecord& record);
std::vector<Evidence> netem_absent_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);

}  // namespace blackstart
