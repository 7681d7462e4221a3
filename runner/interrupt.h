// SIGINT, SIGTERM and SIGHUP as a stop token.
//
// Purpose: whoever wants the rehearsal to end gets it ended in order, with its undo. Ownership: owns a thread.
// Thread rule: make one before any other thread starts, so that all threads leave the signals to it.
#pragma once

#include <csignal>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace blackstart {

class Interrupt {
 public:
  // `say` is called for each signal, with a line for the user.
  explicit Interrupt(std::function<void(const std::string&)> say);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  std::string reason() const;  // "SIGINT"; empty before

 private:
  void wait_for_signals(const std::stop_token& end);

  std::function<void(const std::string&)> say_;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::string reason_;
  sigset_t before_{};
  std::jthread thread_;
};

}  // namespace blackstart
