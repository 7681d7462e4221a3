// The one way to run a child process (Boost.Process v2 behind it).
//
// Purpose: argv without a shell, bounded in time, output captured; a child that outlives its deadline is killed with its group
// and reaped. Ownership: nothing outlives the call. Thread rule: calls are independent and may run on any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace blackstart {

struct ProcessResult {
  int exit_code = -1;      // valid when `signal` is 0
  int signal = 0;          // the signal that ended it
  bool timed_out = false;  // we killed it at its deadline
  std::string out, err;    // each capped at 64 MiB
  bool ok() const { return exit_code == 0 && signal == 0 && !timed_out; }
  // "exit code 1: last line of stderr"
  std::string trouble() const;
};

struct ProcessOptions {
  std::string input;                           // fed to its standard input, then closed
  std::vector<std::string> extra_environment;  // "NAME=value", on top of ours
  std::function<void(const std::string& line)>
      on_line;  // each line of stdout and stderr as it comes; called on the calling thread
};

// argv[0] is looked up in PATH (and in /usr/sbin, /sbin). Throws Error(unmet) when there is no such program.
ProcessResult run_process(const std::vector<std::string>& argv, Duration limit, const ProcessOptions& options = {});
// The same, but anything other than success is an Error(internal) that starts with `doing`.
std::string run_checked(const std::string& doing, const std::vector<std::string>& argv, Duration limit,
                        const ProcessOptions& options = {});

// One word that a POSIX shell reads back as `text`.
std::string shell_quote(const std::string& text);

}  // namespace blackstart
