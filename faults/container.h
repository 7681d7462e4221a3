// The fault family `container`: kill, stop and pause one container, through Docker or Podman; and the undo that makes it run.
//
// Purpose: what faults/registry.cpp lists. Ownership: the caller owns what is made. Thread rule: pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faults/fault.h"

namespace blackstart {

extern const FaultAbout kContainerKillAbout, kContainerStopAbout, kContainerPauseAbout;
std::unique_ptr<FaultSettings> container_kill_settings();
std::unique_ptr<FaultSettings> container_stop_settings();
std::unique_ptr<FaultSettings> container_pause_settings();

// The undo `container.running`; facts: engine, name; host and port where it answered before, if it did; of a kill pid and
// started of the process that it is to end; and where that is asked to end, and may take its time, id (the dead-man's) and
// container (the engine's whole id).
std::string container_running_command(const UndoRecord& record);
std::vector<Evidence> container_running_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);

}  // namespace blackstart
