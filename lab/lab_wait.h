// Waiting for a lab's services, and helping those that don't come by themselves.
//
// Purpose: returns when the lab is whole, or throws with the node, the unit and its last lines. Ownership: none.
// Thread rule: one lab, one thread; works on the nodes side by side inside.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/process.h"
#include "lab/lab.h"

namespace blackstart {

// `script` for a shell on the node, through OpenSSH's client.
ProcessResult run_on_node(const LabFile& lab, const std::string& node, const std::string& script, Duration limit,
                          const std::string& input = "");

// As wait_until(), but throws Error(unmet) when the lab is there no more: `lab down` does not wait for us.
bool wait_while_there(const LabFile& lab, const std::function<bool()>& condition, const Deadline& deadline, Duration interval);

// A script that starts these units, also those that an earlier rehearsal left frozen or stopped; harmless where they run.
std::string set_going(const std::vector<std::string>& units);

// Throws Error(unreachable) with the last lines that the unit wrote.
[[noreturn]] void give_up(const LabFile& lab, const std::string& node, const std::string& unit, const std::string& why,
                          int lines = 8);

// Waits for SSH, then, where there are databases, PostgreSQL (lab/postgres_up.h), or Galera with all nodes in sync and SQL
// through the virtual IP, then OpenStack (lab/openstack_up.h). Throws Error(unreachable).
void wait_for_lab(const LabFile& lab, const std::string& password, const Progress& progress);

}  // namespace blackstart
