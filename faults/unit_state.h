// What systemd and /proc say about one service, read in one round trip.
//
// Purpose: the state before, during and after a fault of the family `service`. Ownership: plain values.
// Thread rule: calls are independent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "lab/remote.h"

namespace blackstart {

struct UnitState {
  std::string id;               // the unit's own name; differs from the one asked for when that is an alias
  std::string load;             // "loaded", "not-found", "masked", …
  std::string active;           // "active", "inactive", "failed", "activating", "deactivating", …
  std::string sub;              // "running", "dead", "auto-restart", …
  std::int64_t main_pid = 0;    // 0: none
  std::int64_t started_us = 0;  // ExecMainStartTimestampMonotonic, microseconds since boot
  std::int64_t restarts = 0;    // by systemd itself
  // Of the main process, from /proc/PID/stat; absent when there is none.
  struct Process {
    char state = '?';              // R, S, D, T (stopped), Z (zombie), …
    std::int64_t start_ticks = 0;  // since boot: with the PID it names a process for good
    bool operator==(const Process&) const = default;
  };
  std::optional<Process> process;

  bool runs() const { return process && process->state != 'Z' && process->state != 'X'; }
  bool frozen() const { return process && (process->state == 'T' || process->state == 't'); }
  // Is the main process still the one of `before`?
  bool same_process(const UnitState& before) const;
  std::string words() const;  // "active (running), main process 1287 in state S"
};

// "mariadb.service": one service, no pattern, no template without instance.
bool is_service_name(const std::string& unit);

// Throws Error(unmet) when systemctl fails or its answer is not understood, Error(unreachable) when the node doesn't answer.
UnitState read_unit(Remote& remote, const std::string& node, const std::string& unit, const Deadline& deadline);

}  // namespace blackstart
