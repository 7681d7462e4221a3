// A node's SSH session and the queue in front of it.
//
// Purpose: one command at a time; those that may share a round trip do. Ownership: owns the session. Thread rule: any thread.
#pragma once

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lab/remote.h"
#include "lab/ssh_session.h"

namespace blackstart {

class SshLine {
 public:
  SshLine(SshTarget target, bool sudo) : target_(std::move(target)), sudo_(sudo) {}

  CommandResult run(const std::string& command, const Deadline& deadline, const std::string& input = "");
  CommandResult run_shared(const std::string& command, const Deadline& deadline);

 private:
  class Turn;
  struct Job {
    std::string command;
    bool taken = false, done = false;  // by whoever runs it for all
    CommandResult result = {};
    std::exception_ptr trouble = {};
  };
  using Jobs = std::vector<std::shared_ptr<Job>>;

  // Whoever calls these has made the line busy.
  CommandResult exec(const std::string& command, const std::string& input, const Deadline& deadline);
  void connect(const Deadline& deadline);
  void run_all(const Jobs& jobs, const Deadline& deadline);
  Jobs take_jobs();  // under mutex_

  const SshTarget target_;
  const bool sudo_;
  std::mutex mutex_;
  std::condition_variable free_;
  bool busy_ = false;                    // under mutex_
  Jobs waiting_;                         // under mutex_
  std::unique_ptr<SshSession> session_;  // belongs to whoever made the line busy
};

}  // namespace blackstart
