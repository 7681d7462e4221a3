// The fault family `resource`: what a node or a service has too little of, and a clock that goes wrong.
//
// Purpose: what faults/registry.cpp lists. Ownership: the caller owns what is made. Thread rule: pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faults/fault.h"

namespace blackstart {

extern const FaultAbout kResourceCpuAbout, kResourceMemoryAbout, kResourceIoAbout, kResourceDiskAbout;
std::unique_ptr<FaultSettings> resource_cpu_settings();
std::unique_ptr<FaultSettings> resource_memory_settings();
std::unique_ptr<FaultSettings> resource_io_settings();
std::unique_ptr<FaultSettings> resource_disk_settings();

extern const FaultAbout kResourceDescriptorsAbout, kResourceProcessesAbout;
std::unique_ptr<FaultSettings> resource_descriptors_settings();
std::unique_ptr<FaultSettings> resource_processes_settings();
// The undo `limits.before`; facts: id, unit, pid, start-ticks, uid, gid, limit (nofile or nproc), soft and hard as before; host
// and port where the service answered before, if it did.
std::string limits_before_command(const UndoRecord& record);
std::vector<Evidence> limits_before_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);

extern const FaultAbout kResourceClockAbout;
std::unique_ptr<FaultSettings> resource_clock_settings();
// The undo `clock.right`; facts: boot, since-boot-ms and to-runner-ms (the wall clock before, against the time since boot and
// the runner's), and time-services when some were stopped.
std::string clock_right_command(const UndoRecord& record);
std::vector<Evidence> clock_right_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);

}  // namespace blackstart
