// One resource limit of one process, read and set on its node.
//
// Purpose: what resource.descriptors and resource.processes do and undo. Ownership: plain values. Thread rule: calls are
// independent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "faults/fault.h"

namespace blackstart {

// A process that can't be taken for another, and who it runs as: only the same user, or root with CAP_SYS_RESOURCE (which a
// container's root has not), may change its limits.
struct LimitedProcess {
  std::int64_t pid = 0, start_ticks = 0;
  std::int64_t uid = 0, gid = 0;
};

struct LimitName {
  const char* option;  // of prlimit: "nofile"
  const char* line;    // in /proc/PID/limits: "Max open files"
};
constexpr LimitName kDescriptors{"nofile", "Max open files"}, kProcesses{"nproc", "Max processes"};

struct Limit {
  std::string soft, hard;  // numbers, or "unlimited"
};
// "unlimited", or a number from 0.
bool is_limit(const std::string& text);

// nullopt: the process is gone. Throws Error(unmet) when that can't be told.
std::optional<Limit> read_limit(FaultContext context, const std::string& node, const LimitedProcess& process,
                                const LimitName& name, const Deadline& deadline);

// Shell functions for a script: `alive` is true while it is this very process, `limit SOFT` sets the soft limit.
std::string limit_functions(const LimitedProcess& process, const LimitName& name);

// Throws Error(unmet) where the limit could not be changed, or would not hold that process back: the kernel counts no processes
// of root's, nor of one with CAP_SYS_ADMIN or CAP_SYS_RESOURCE.
LimitedProcess require_limitable(FaultContext context, const std::string& node, std::int64_t pid, std::int64_t start_ticks,
                                 const LimitName& name, const Deadline& deadline);

}  // namespace blackstart
