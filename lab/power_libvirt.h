// The power of a libvirt domain, by the program virsh: a child process can be given up at its deadline, libvirt's own calls
// can't.
//
// Ownership: none. Thread rule: any thread.
#pragma once

#include "lab/power.h"

namespace blackstart {

// Both throw as Power says.
PowerState libvirt_state(const Node& node, const Deadline& deadline);
void libvirt_order(const Node& node, PowerOrder order, const Deadline& deadline);

// lab/services/power-domain: the same script switches the power here and for the BMCs of labs.
std::string power_domain_script();

}  // namespace blackstart
