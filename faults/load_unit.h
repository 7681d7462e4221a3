// A transient systemd unit of ours that causes a fault's effect on a node as long as it runs; and the undo `load.absent`.
//
// Purpose: no SSH session is in between, and the unit can't outlive the dead-man: it is bound to the dead-man's timer. It is
// what the kernel ends first when memory runs out (OOMScoreAdjust=1000). Ownership: refers to the context during calls.
// Thread rule: calls are independent.
#pragma once

#include <string>
#include <vector>

#include "faults/fault.h"
#include "faults/looking.h"

namespace blackstart {

// "blackstart-<id>-load.service"
std::string load_unit(const std::string& id);
// The file of ours in `folder` that belongs to it: "<folder>/blackstart-<id>.load".
std::string load_file(const std::string& id, const std::string& folder);

// The shell command that starts the unit with `script` (POSIX shell); when it ends, for whatever reason, systemd removes
// `file`, if that isn't empty. To be wrapped in guarded_order().
std::string load_order(const std::string& id, const std::string& script, const std::string& file = "");

// Facts: id; where there is a file, folder, and the mount point of its file system (not in journals of older versions). Undone
// when the unit is gone and so is the file, which only shows while that file system is mounted.
UndoRecord load_absent_record(const std::string& id, const std::string& node, const std::string& folder = "",
                              const std::string& mount = "");
std::string load_absent_command(const UndoRecord& record);
std::vector<Evidence> load_absent_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);

}  // namespace blackstart
