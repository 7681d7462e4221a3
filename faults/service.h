// The fault family `service`: kill, stop, freeze and crash-loop one systemd service; and the undos that make it run again.
//
// Purpose: what faults/registry.cpp lists. Ownership: the caller owns what is made. Thread rule: pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faults/fault.h"

namespace blackstart {

extern const FaultAbout kServiceKillAbout, kServiceStopAbout, kServiceFreezeAbout, kServiceCrashLoopAbout;
std::unique_ptr<FaultSettings> service_kill_settings();
std::unique_ptr<FaultSettings> service_stop_settings();
std::unique_ptr<FaultSettings> service_freeze_settings();
std::unique_ptr<FaultSettings> service_crash_loop_settings();

// The undo `service.running`; facts: unit; host and port where the service answered before, if it did; and of a fault that ends
// the main process its id, and that process: pid and start-ticks.
std::string service_running_command(const UndoRecord& record);
std::vector<Evidence> service_running_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);
// The part of another undo's record that says which service is to run again and where it answers.
UndoRecord running_record(const UndoRecord& whole);

// The undo `service.loop-ended`: the unit of ours that kills the service is gone, then as service.running. Facts: id, unit,
// host, port.
std::string service_loop_ended_command(const UndoRecord& record);
std::vector<Evidence> service_loop_ended_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);

}  // namespace blackstart
