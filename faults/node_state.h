// What a whole node says of itself, read in one round trip.
//
// Purpose: which boot it is, whether its systemd has finished starting, what runs. Ownership: plain values.
// Thread rule: calls are independent.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "lab/remote.h"

namespace blackstart {

struct NodeState {
  // The kernel's boot ID and the start time of process 1: a container has the boot ID of its host, and a process 1 of its own.
  std::string boot;
  std::string machine;                // its machine ID; empty when it has none
  std::string system;                 // systemd: "running", "degraded", "starting", "stopping", …
  std::vector<std::string> services;  // that run now, without instances of templates
  std::vector<std::string> jobs;      // units that systemd is still busy with
  bool container = false;             // shares a kernel with its host
  bool hangs_on_panic = false;        // its kernel neither restarts by itself after a crash nor has one to dump with
  std::int64_t uptime = 0;            // seconds

  bool started() const { return system == "running" || system == "degraded"; }
  std::string words() const;  // "systemd is starting (mariadb.service)"
};

// Throws Error(unreachable) when the node does not answer, Error(unmet) when the answer is not understood.
NodeState read_node(Remote& remote, const std::string& node, const Deadline& deadline);

}  // namespace blackstart
