// Remote over SSH (libssh behind it): one open session a node, host keys checked, a deadline on each call.
//
// Purpose: the runner's way into nodes. Ownership: refers to nothing after construction. Thread rule: as Remote; a call that
// waits for its turn at a node waits no longer than its deadline.
// A command must not leave children behind that hold its output open: the call lasts until that is closed.
#pragma once

#include <memory>

#include "lab/cloud.h"
#include "lab/remote.h"

namespace blackstart {

// Sessions open at first use and open again when they broke; a broken session is never retried for a command that may have
// started. Throws Error(bad_file) at once when the key or the known_hosts file can't be read.
std::unique_ptr<Remote> make_ssh(const Cloud& cloud);

}  // namespace blackstart
