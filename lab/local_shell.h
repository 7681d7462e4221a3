// The runner's own machine as a Remote: for what is done there, such as a lab's simulated switch or a user's local command.
//
// Purpose: the same seam as for nodes, so that tests can put a fake in its place. Ownership: lives as long as the process.
// Thread rule: any thread; calls don't queue up.
#pragma once

#include "lab/remote.h"

namespace blackstart {

// Runs commands by /bin/sh -c; `node` is only a word in messages. A command that outlives its deadline is killed with its
// group, and throws Error(unreachable) as a node that does not answer would.
Remote& local_shell();

}  // namespace blackstart
