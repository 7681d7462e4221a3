// A node's wall clock, measured against two others: the time since its boot, and the runner's wall clock.
//
// Purpose: what resource.clock does, shows and undoes. Ownership: plain values. Thread rule: calls are independent.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "faults/fault.h"

namespace blackstart {

struct NodeClock {
  std::string boot;                // the kernel's boot_id
  std::int64_t since_boot_ms = 0;  // wall clock minus time since boot; changes only when somebody sets the clock
  std::int64_t to_runner_ms = 0;   // wall clock minus the runner's
};
NodeClock read_node_clock(FaultContext context, const std::string& node, const Deadline& deadline);

// Shell text that moves the wall clock by so much, and one that sets it to the time since boot plus `since_boot_ms` where it is
// further off than the tolerance, and not in another boot than `boot`.
std::string move_clock_script(std::int64_t by_ms);
std::string set_clock_script(const std::string& boot, std::int64_t since_boot_ms);

// Units that keep the clock right and are active on the node.
std::vector<std::string> active_time_services(FaultContext context, const std::string& node, const Deadline& deadline);

// On a real machine it is off by some milliseconds; an emulated one under load takes most of this to start `date`.
constexpr std::int64_t kClockToleranceMs = 500;

}  // namespace blackstart
