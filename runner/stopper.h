// Whatever ends a rehearsal early: a signal, or the kill switch of its cloud.
//
// Purpose: one stop token for both, so that `blackstart halt` cuts short what a signal does, an injection that is under way
// among it. A kill switch that can't be read stops, too. Ownership: owns a thread. Thread rule: members from any thread.
#pragma once

#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace blackstart {

// What is thrown to end the steps; the undo and the record follow all the same.
struct Interrupted {
  std::string why;  // "interrupted by SIGINT", "halted: power work until noon"
};

class Stopper {
 public:
  // `signal_name` is asked for when a stop was requested of `signals`. The kill switch is looked at every 200 ms.
  Stopper(const std::string& cloud, const std::stop_token& signals, std::function<std::string()> signal_name);

  std::stop_token token() const { return stop_.get_token(); }
  // Throws Interrupted once a stop is asked for.
  void check() const;

 private:
  void watch(const std::string& cloud, const std::stop_token& end);

  const std::stop_token signals_;
  const std::function<std::string()> signal_name_;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::string halted_;
  std::stop_callback<std::function<void()>> on_signal_;
  std::jthread thread_;
};

}  // namespace blackstart
