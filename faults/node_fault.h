// What the families `power` and `node` have in common: faults that a whole node goes through.
//
// Purpose: one class for all of them; an action says in what they differ. Ownership: the caller owns what is made.
// Thread rule: as fault.h says.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faults/fault.h"

namespace blackstart {

// After it an order that was held up on its way (a lost packet that TCP sends again) is not carried out.
constexpr Duration kLatestOrder = 20s;

struct NodeParameters {
  std::string how = "sysrq-c";   // node.crash
  Duration off_for = 5s;         // power.cycle
  Duration boots_within = 3min;  // until the node answers again; longer, and the undo resets it
};

// What the node is to be like when the fault has had its effect.
enum class NodeEffect { off, on, restarted, paused };

struct NodeAction {
  std::string (*summary)(const NodeParameters&);
  NodeEffect effect;
  const char* undo;  // an entry of undo_kinds()
  // One of both: an order to the BMC or libvirt, or a shell command on the node.
  PowerOrder order;
  std::string (*command)(const NodeParameters&);
  bool takes_off_for, takes_how;
};

// `action` outlives what is made.
std::unique_ptr<FaultSettings> node_settings(const NodeAction& action);
std::unique_ptr<TargetFault> make_node_fault(const NodeAction& action, const NodeParameters& parameters, const Node& node,
                                             FaultContext context);

// The node as the cloud file has it, for orders that only libvirt can carry out: its BMC is left out.
Node by_libvirt(Node node);

}  // namespace blackstart
