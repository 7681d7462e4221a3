// Several shell commands as one, and what each of them printed.
//
// Purpose: many threads that want something of the same node at the same moment share one round trip. Ownership: plain values.
// Thread rule: pure functions.
#pragma once

#include <string>
#include <vector>

#include "lab/remote.h"

namespace blackstart {

// Runs each in a subshell of its own, one after the other. `mark`: a word that none of them prints.
std::string shared_command(const std::vector<std::string>& commands, const std::string& mark);
// The result of each; standard output and standard error of one are in `out` together. Throws Error(unmet) when the answer
// lacks one.
std::vector<CommandResult> shared_results(const std::string& out, std::size_t count, const std::string& mark);

}  // namespace blackstart
