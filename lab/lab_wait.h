// Waiting for a lab's services, and helping those that don't come by themselves.
//
// Purpose: returns when the lab is whole, or throws with the node, the unit and its last lines. Ownership: none.
// Thread rule: one lab, one thread; works on the nodes side by side inside.
#pragma once

#include <string>

#include "base/process.h"
#include "lab/lab.h"

namespace blackstart {

// `script` for a shell on the node, through OpenSSH's client.
ProcessResult run_on_node(const LabFile& lab, const std::string& node, const std::string& script, Duration limit,
                          const std::string& input = "");

// Waits for SSH, then, where there are databases, Galera with all nodes in sync, then SQL through the virtual IP. Throws
// Error(unreachable).
void wait_for_lab(const LabFile& lab, const std::string& password, const Progress& progress);

}  // namespace blackstart
