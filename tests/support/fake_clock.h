// A clock that moves only when a test moves it.
//
// Purpose: tests of waiting and of deadlines that take no time. A pause moves the clock by its length at once, so that code
// that polls goes on; `on_pause` lets the world change meanwhile. Thread rule: members may be called from any thread.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "base/clock.h"

namespace blackstart {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(Time start = 1000s) : now_(start) {}

  Time now() const override {
    std::lock_guard lock(mutex_);
    return now_;
  }
  std::int64_t wall() const override { return 1'800'000'000'000'000'000 + now().count(); }
  bool pause(Duration length, const std::stop_token& stop = {}) override {
    if (stop.stop_requested()) return false;
    advance(length);
    {
      std::lock_guard lock(mutex_);
      pauses_.push_back(length);
    }
    if (on_pause) on_pause(length);
    return !stop.stop_requested();
  }

  void advance(Duration length) {
    std::lock_guard lock(mutex_);
    now_ += length;
  }
  std::vector<Duration> pauses() const {
    std::lock_guard lock(mutex_);
    return pauses_;
  }

  std::function<void(Duration length)> on_pause;  // set it before the clock is used

 private:
  mutable std::mutex mutex_;
  Time now_;
  std::vector<Duration> pauses_;
};

}  // namespace blackstart
