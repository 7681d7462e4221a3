// The program that watches on a witness node (faults/witness.py): how a target joins it, is looked at, and leaves.
//
// Purpose: one process a node, however many targets, threads and runners use it. Whoever joins starts it when it does not run;
// it ends by itself when nobody is left. Both happen under one lock on the node (/run/blackstart-witness/lock), so that nobody
// joins a process that is about to end. Ownership: the caller leaves what it joined; what is not looked at for 20 s is given up
// there. Thread rule: any thread.
#pragma once

#include <string>

#include "faults/answer.h"
#include "faults/fault.h"

namespace blackstart {

// `name`: of this watch, unique for ever: letters and digits. The node needs python3 (3.6 or later), flock and systemd.
struct Watched {
  std::string node, name;
};

// Throws Error(unmet) when the program can't be started.
void join_witness(FaultContext context, const Watched& watched, const std::string& address, int port, const Deadline& deadline);
// What it says of the target now (witness.py tells the names), and Uptime, on the clock of its Stamp; only Watch=gone when it
// says nothing.
Answer ask_witness(FaultContext context, const Watched& watched, const std::string& doing, const Deadline& deadline);
// Throws Error when the node can't be asked; then it is given up there by itself.
void leave_witness(FaultContext context, const Watched& watched, const Deadline& deadline);

}  // namespace blackstart
