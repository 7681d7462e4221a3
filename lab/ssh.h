// Remote over SSH (libssh behind it): one open session a node, host keys checked, a deadline on each call.
//
// Purpose: the runner's way into nodes. Ownership: refers to nothing after construction. Thread rule: as Remote.
#pragma once

#include <memory>

#include "lab/cloud.h"
#include "lab/remote.h"

namespace blackstart {

// Sessions open at first use and open again when they broke; a broken session is never retried for a command that may have
// started. Throws Error(bad_file) at once when the key can't be read.
std::unique_ptr<Remote> make_ssh(const Cloud& cloud);

}  // namespace blackstart
