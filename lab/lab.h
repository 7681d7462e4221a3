// Simulated clouds: bring a lab up, take it down, look at it, get into its nodes.
//
// Purpose: the whole of `blackstart lab`. Ownership: labs live in libvirt, in the kernel and below /var/lib/blackstart/labs;
// nothing is kept in memory. Thread rule: one call at a time in a process; between processes a lock sees to it that only one
// changes labs at a time. `lab_up` does not hold it while it waits for the health of what it has made.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "lab/cloud.h"
#include "lab/lab_file.h"

namespace blackstart {

// Told each step as it begins, for people: "c1: starting".
using Progress = std::function<void(const std::string& step)>;

// Brings the lab up, or what is missing of it, and returns when every node answers over SSH and, where the lab has
// databases, Galera has all of them in sync and the virtual IP serves SQL. Writes `cloud_file`. Throws Error: unmet when it
// can't begin or the lab was taken down meanwhile, unreachable when something did not come up in time (with the node, the unit
// and its last lines).
Cloud lab_up(const LabFile& lab, const std::filesystem::path& cloud_file, const Progress& progress);

// Removes the lab with everything that belongs to it, however little of it is there.
void lab_down(const std::string& name, const Progress& progress);

struct NodeStatus {
  std::string node;
  std::string site;
  std::string domain;   // "running", "stopped" or "missing"
  std::string address;  // in the management network
  bool ssh = false;     // its SSH server accepts connections
  std::string bmc;      // "honest", "lying", "hung" or "dead"
  std::string galera;   // "Synced", or what it says, or why it doesn't answer; "-" without a database
};
// Throws Error(usage) when there is no such lab.
std::vector<NodeStatus> lab_status(const std::string& name);

// Makes a node's BMC honest, lying, hung or dead (lab/lab_bmc.h). Throws Error(usage) when there is no such lab, node or mode.
void lab_set_bmc(const std::string& name, const std::string& node, const std::string& mode, const Progress& progress);

// The command line of OpenSSH's client that runs `command` on the node, each word as one word; empty: a shell.
// Throws Error(usage) when there is no such lab or node.
std::vector<std::string> lab_ssh_command(const std::string& name, const std::string& node,
                                         const std::vector<std::string>& command);
// Becomes that client: its exit code is the command's. Throws when there is no such lab, node or program.
[[noreturn]] void lab_exec(const std::string& name, const std::string& node, const std::vector<std::string>& command);

}  // namespace blackstart
