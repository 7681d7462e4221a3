// The one error idiom of Blackstart.
//
// Purpose: say what was being done, why it failed and what to do about it, and carry the exit code that follows.
// Ownership: a value. Thread rule: immutable once made.
//
// A failed request of a probe is data and never an Error; an Error means that the caller cannot go on.
#pragma once

#include <stdexcept>
#include <string>

namespace blackstart {

// What callers (and the exit code) tell apart.
enum class ErrorKind {
  usage,        // the command line is wrong: exit code 64
  bad_file,     // a file of the user's is wrong: 65
  unmet,        // a precondition does not hold, nothing was proven: 2
  unreachable,  // a node, a database or a daemon did not answer in its time: 2
  internal,     // a defect of ours or of the machine: 70
};

class Error : public std::runtime_error {
 public:
  // `doing`: "opening an SSH session to c1 (198.18.10.11:22)"; `why`: "connection refused"; `hint`: what to do, may be empty.
  Error(ErrorKind kind, std::string doing, std::string why, std::string hint = "");

  ErrorKind kind() const { return kind_; }
  const std::string& doing() const { return doing_; }
  const std::string& why() const { return why_; }
  const std::string& hint() const { return hint_; }

 private:
  ErrorKind kind_;
  std::string doing_, why_, hint_;
};

// Process exit codes; they are API (docs/reference.md).
enum ExitCode { kPassed = 0, kFailed = 1, kInconclusive = 2, kUndoPending = 3, kUsage = 64, kBadFile = 65, kInternal = 70 };
ExitCode exit_code_of(ErrorKind kind);

// "reading /x" + errno → an Error of kind internal with strerror's words.
[[noreturn]] void throw_errno(const std::string& doing, int error_number);

}  // namespace blackstart
