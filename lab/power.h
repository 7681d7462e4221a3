// The seam through which a node's power is switched: its BMC over IPMI 2.0, or libvirt where it has none.
//
// Purpose: read the power state and order a change; the state is what proves it, never the order's success.
// Ownership: a Power outlives whoever was given a reference. Thread rule: any thread; sessions to one BMC queue up, also
// between processes of this machine.
#pragma once

#include <string>

#include "base/clock.h"
#include "lab/cloud.h"

namespace blackstart {

enum class PowerState { off, on, paused };
const char* name_of(PowerState state);

// suspend and resume: libvirt only; the others by either way. off and reset are hard: nothing on the node may say goodbye.
enum class PowerOrder { off, on, reset, suspend, resume };
const char* name_of(PowerOrder order);

class Power {
 public:
  virtual ~Power() = default;
  // Throws Error(unreachable) when nobody answers by the deadline, Error(unmet) when the BMC or libvirt refuses or the node has
  // neither; each says which node, where, and what to do.
  virtual PowerState state(const Node& node, const Deadline& deadline) = 0;
  // Returns once the order was accepted. Ordering what is so already is no error.
  virtual void order(const Node& node, PowerOrder order, const Deadline& deadline) = 0;
};
Power& real_power();

// "the BMC of c1 (10.0.0.11:623)", "libvirt domain lab.c1 (lxc:///)".
std::string power_channel(const Node& node);

}  // namespace blackstart
