#include "base/clock.h"

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <mutex>

namespace blackstart {
namespace {

// Ten years stand for every longer time: a point on the clock does not wrap around.
std::chrono::steady_clock::time_point later(std::chrono::steady_clock::time_point from, Duration length) {
  return from + std::min<Duration>(length, 87600h);
}

Duration read(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

class RealClock final : public Clock {
 public:
  Time now() const override { return std::chrono::steady_clock::now().time_since_epoch(); }
  std::int64_t wall() const override {
    return std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  Duration asleep() const override { return read(CLOCK_BOOTTIME) - read(CLOCK_MONOTONIC); }
  bool pause(Duration length, const std::stop_token& stop) override {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    woken.wait_until(lock, stop, later(std::chrono::steady_clock::now(), length), [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace

Clock& real_clock() {
  static RealClock clock;
  return clock;
}

Deadline Deadline::sooner(Duration length) const {
  Deadline other(*clock_, length, stop_);
  return other.at_ < at_ ? other : *this;
}

bool wait_until(const std::function<bool()>& condition, const Deadline& deadline, Duration interval,
                const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (condition()) return true;
    if (deadline.passed()) return false;
    deadline.clock().pause(std::min(interval, deadline.left()), stop);
  }
  return false;
}

}  // namespace blackstart
