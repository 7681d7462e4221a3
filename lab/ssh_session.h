// One SSH session to one node, on libssh in non-blocking mode.
//
// Purpose: every step ends by its deadline, whatever the other side does. Ownership: owns the connection; refers to its
// SshTarget, which outlives it. Thread rule: one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "lab/remote.h"

struct ssh_session_struct;
struct ssh_channel_struct;

namespace blackstart {

struct SshTarget {
  std::string node, address;
  int port = 22;
  std::string user, key_file, key_text, known_hosts;
  std::string name() const;  // "c1 (198.18.10.11:22)"
};

// Error(bad_file) when `text` is no private key that can be used without a passphrase.
void check_private_key(const std::string& file, const std::string& text);

class SshSession {
 public:
  // Connects, checks the host key and logs in. Throws Error(unreachable).
  SshSession(const SshTarget& target, const Deadline& deadline);

  // Opens the channel of the next command. False: no command has begun, and a new session may be tried instead.
  bool open_channel(const Deadline& deadline);
  // Runs `command` in the open channel. When it throws Error(unreachable) the command may have started, and the session is
  // of no more use.
  CommandResult exec(const std::string& command, const std::string& input, const Deadline& deadline);
  // What libssh said last.
  std::string last_error() const;

 private:
  struct Free {
    void operator()(ssh_session_struct* session) const;
    void operator()(ssh_channel_struct* channel) const;
  };
  template <class Step>
  int drive(Step step, const Deadline& deadline) const;
  void exchange_keys(const Deadline& deadline);
  void check_host_key();
  void log_in(const Deadline& deadline);
  bool read(int is_stderr, std::string& text, bool& cut);
  bool write(const std::string& input, CommandResult& result, const Deadline& deadline);
  bool read_to_end(CommandResult& result, const Deadline& deadline, const bool& ending_known);

  const SshTarget& target_;
  std::unique_ptr<ssh_session_struct, Free> session_;
  std::unique_ptr<ssh_channel_struct, Free> channel_;  // freed before the session
};

}  // namespace blackstart
