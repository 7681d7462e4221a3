// A clock that goes on only when somebody waits on it or cranks it.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace blackstart {

class HandClock final : public Clock {
 public:
  Time now() const override { return Time(now_.load()); }
  std::int64_t wall() const override { return 1'800'000'000'000'000'000 + now_.load(); }
  bool pause(Duration length, const std::stop_token& stop = {}) override {
    now_ += length.count();
    return !stop.stop_requested();
  }
  void crank(Duration length) { now_ += length.count(); }

 private:
  std::atomic<std::int64_t> now_{1'000'000'000'000};
};

}  // namespace blackstart
