// The fault families `power` and `node`: a whole node loses its power, restarts, crashes, or stands still.
//
// Purpose: what faults/registry.cpp lists. Ownership: the caller owns what is made. Thread rule: pure functions.
#pragma once

#include <memory>
#include <vector>

#include "faults/fault.h"

namespace blackstart {

extern const FaultAbout kPowerOffAbout, kPowerOnAbout, kPowerCycleAbout, kPowerResetAbout;
std::unique_ptr<FaultSettings> power_off_settings();
std::unique_ptr<FaultSettings> power_on_settings();
std::unique_ptr<FaultSettings> power_cycle_settings();
std::unique_ptr<FaultSettings> power_reset_settings();

extern const FaultAbout kNodeRebootAbout, kNodeShutdownAbout, kNodeCrashAbout, kNodeFreezeAbout;
std::unique_ptr<FaultSettings> node_reboot_settings();
std::unique_ptr<FaultSettings> node_shutdown_settings();
std::unique_ptr<FaultSettings> node_crash_settings();
std::unique_ptr<FaultSettings> node_freeze_settings();

// The undo `power.on`: the node has power, answers over SSH, and its systemd has finished starting. Facts: boot (the start
// before the fault), services (that ran then), boots-within (seconds; a node with power that stays silent for longer is reset)
// and hangs ("yes" where the fault leaves a kernel that never comes back by itself).
constexpr Duration kPowerOnLimit = 10min;
std::vector<Evidence> power_on_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);
// The undo `power.off`, of power.on: the node has no power. No facts.
std::vector<Evidence> power_off_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);
// The undo `node.resumed`: the domain is not suspended, and answers. No facts.
std::vector<Evidence> node_resumed_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);

}  // namespace blackstart
