// The faults link.cut and link.flap, and what their undos need.
//
// Purpose: what faults/registry.cpp lists. Ownership: the caller owns what is made. Thread rule: pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faults/fault.h"
#include "faults/third_party.h"

namespace blackstart {

extern const FaultAbout kLinkCutAbout, kLinkFlapAbout;
std::unique_ptr<FaultSettings> link_cut_settings();
std::unique_ptr<FaultSettings> link_flap_settings();

// The undo `flap.absent`; facts as those of `nft.absent`.
std::string flap_absent_command(const UndoRecord& record);
std::vector<Evidence> flap_absent_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);

// The interface itself goes down on the node.
std::unique_ptr<TargetFault> make_carrier_fault(const Node& node, FaultContext context, const std::string& device,
                                                std::unique_ptr<ThirdParty> third);
// The undo `link.up`; facts: device, routes (lines of `ip route`, with ';' between), addresses; of witnesses as usual.
std::string link_up_command(const UndoRecord& record);
std::vector<Evidence> link_up_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);

// Ports of the simulated switch on the runner's machine.
enum class PortForm { down, silent };  // the link goes down, or the bridge forwards nothing through it
std::unique_ptr<TargetFault> make_port_fault(const Node& node, FaultContext context, const std::string& port, PortForm form,
                                             bool sees_carrier, std::unique_ptr<ThirdParty> third);
// The undo `port.forwarding`; fact: switch-port; of witnesses as usual. The node can't do it: no command.
std::vector<Evidence> port_forwarding_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);

}  // namespace blackstart
