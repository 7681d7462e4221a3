// The fault `command`: the user's own commands, for switches, firewalls and arrays that we don't know; and its undos.
//
// Purpose: what faults/registry.cpp lists. Ownership: the caller owns what is made. Thread rule: pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faults/fault.h"

namespace blackstart {

extern const FaultAbout kCommandAbout;
std::unique_ptr<FaultSettings> command_settings();

// The undos `command.node` and `command.local`; facts: undo, evidence, gone (may be missing), timeout-ms, and of command.local
// the folder that its commands run in (missing in journals from before). This is the one place where a journal holds commands:
// they are the user's own, and there is no other way to know them.
std::string command_node_command(const UndoRecord& record);
std::vector<Evidence> command_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline);

}  // namespace blackstart
