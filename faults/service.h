// The fault family `service`: kill, stop and freeze one systemd service; and the undo that makes it run again.
//
// Purpose: what faults/registry.cpp lists. Ownership: the caller owns what is made. Thread rule: pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faults/fault.h"

namespace blackstart {

extern const FaultAbout kServiceKillAbout, kServiceStopAbout, kServiceFreezeAbout;
std::unique_ptr<FaultSettings> service_kill_settings();
std::unique_ptr<FaultSettings> service_stop_settings();
std::unique_ptr<FaultSettings> service_freeze_settings();

// The undo `service.running`; facts: unit; host and port where the service answered before, if it did; and of a fault that ends
// the main process its id, and that process: pid and start-ticks.
std::string service_running_command(const UndoRecord& record);
std::vector<Evidence> service_running_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);

}  // namespace blackstart
