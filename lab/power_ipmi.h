// A BMC over IPMI 2.0, by the program ipmitool.
//
// Purpose: read and switch a node's power; the password goes from its file into ipmitool, never into arguments or environment.
// One session per BMC at a time, also between processes of this machine: a lock file that the ipmitool process itself holds,
// so that one whose caller has died still keeps others out. Ownership: none. Thread rule: any thread.
#pragma once

#include "lab/power.h"

namespace blackstart {

// Both throw as Power says. Neither is tried again but for IPMI's own two retransmissions: an order whose answer got lost may
// have been carried out.
PowerState ipmi_state(const Node& node, const Deadline& deadline);
// off, on or reset.
void ipmi_order(const Node& node, PowerOrder order, const Deadline& deadline);

// "Chassis Power is on" and the like. Throws Error(unmet) for anything else.
PowerState parse_chassis_status(const std::string& text, const std::string& doing);

}  // namespace blackstart
