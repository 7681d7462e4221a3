// The silent cut: packets are dropped by an nft table of our own on the node, and the undo that deletes it.
//
// Purpose: shared by link.cut, link.loss and all isolations. Ownership: the caller owns what is made. Thread rule: as
// TargetFault.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faults/network_fault.h"
#include "faults/nft.h"

namespace blackstart {

// `rules.network` is filled in at preflight; `device` as read_network() wants it.
std::unique_ptr<TargetFault> make_drop_fault(const Node& node, FaultContext context, const std::string& doing,
                                             const std::string& device, DropRules rules, std::unique_ptr<ThirdParty> third);

// The undo `nft.absent`; facts: id; of witnesses: witnesses, address, port.
std::string nft_absent_command(const UndoRecord& record);
std::vector<Evidence> nft_absent_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);

}  // namespace blackstart
