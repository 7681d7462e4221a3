// The seam through which everything reaches a node: run one command there.
//
// Purpose: SSH in life (lab/ssh.h), a fake in unit tests. Ownership: a Remote outlives whoever was given a reference.
// Thread rule: run() may be called from any thread; calls to one node queue up, calls to several run at the same time.
#pragma once

#include <cstddef>
#include <string>

#include "base/clock.h"

namespace blackstart {

constexpr std::size_t kMostOutput = 16 << 20;  // bytes

struct CommandResult {
  int exit_code = -1;    // valid when `signal` is empty
  std::string signal;    // "KILL" when the command was ended by one
  std::string out, err;  // each capped at kMostOutput
  bool cut = false;      // one of them went over the cap, and the rest was dropped
  bool ok() const { return exit_code == 0 && signal.empty() && !cut; }
  // "exit code 5: last line of its standard error"
  std::string trouble() const;
};

class Remote {
 public:
  virtual ~Remote() = default;
  // Runs `command` in the login user's shell on `node`. A command that fails is a result; no connection, no answer by the
  // deadline, a host key that isn't known or a refused login throw Error(unreachable) that names node and address.
  virtual CommandResult run(const std::string& node, const std::string& command, const Deadline& deadline) = 0;
  // As run(), with `input` on the command's standard input: what nobody else on the node may see, or is too long for a command.
  virtual CommandResult run_with_input(const std::string& node, const std::string& command, const std::string& input,
                                       const Deadline& deadline);
  // The same as run() for a short command that changes little and ends soon: those that wait for one node at the same moment
  // may be sent as one. Then its standard error is in `out` as well, and trouble with the connection is that of all of them.
  virtual CommandResult run_shared(const std::string& node, const std::string& command, const Deadline& deadline) {
    return run(node, command, deadline);
  }
  // As run(), but anything other than success throws Error(unmet) that starts with `doing`; returns its standard output.
  std::string check(const std::string& doing, const std::string& node, const std::string& command, const Deadline& deadline);
};

// Runs everything by run_shared() of another.
class SharedRemote final : public Remote {
 public:
  explicit SharedRemote(Remote& inner) : inner_(inner) {}
  CommandResult run(const std::string& node, const std::string& command, const Deadline& deadline) override {
    return inner_.run_shared(node, command, deadline);
  }

 private:
  Remote& inner_;
};

}  // namespace blackstart
