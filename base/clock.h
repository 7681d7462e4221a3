// The one clock seam: everything that reads the time or waits does it through a Clock.
//
// Purpose: durations from a monotonic clock, waiting that a stop request ends at once, deadlines that travel with calls.
// Ownership: a Clock outlives what was given a reference to it. Thread rule: every member may be called from any thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>

namespace blackstart {

using Duration = std::chrono::nanoseconds;
// A point on the monotonic clock, as the time since its arbitrary zero.
using Time = std::chrono::nanoseconds;
using namespace std::chrono_literals;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  // Nanoseconds since 1970 UTC; to label logs, never to measure.
  virtual std::int64_t wall() const = 0;
  // How long this machine has been suspended since it started: time that now() does not count.
  virtual Duration asleep() const { return Duration{0}; }
  // Returns after `length`, or as soon as `stop` is requested; true if the whole length went by.
  virtual bool pause(Duration length, const std::stop_token& stop = {}) = 0;
};

// CLOCK_MONOTONIC and CLOCK_REALTIME.
Clock& real_clock();

// A limit that travels down a call chain; each step asks how much is left. A hundred years stand for every longer time.
// A request to `stop` makes it pass at once.
class Deadline {
 public:
  Deadline(Clock& clock, Duration length, std::stop_token stop = {})
      : clock_(&clock), at_(clock.now() + std::min<Duration>(length, 876000h)), stop_(std::move(stop)) {}
  Duration left() const { return passed() ? Duration::zero() : std::max(Duration::zero(), at_ - clock_->now()); }
  bool passed() const { return stop_.stop_requested() || clock_->now() >= at_; }
  Time at() const { return at_; }
  Clock& clock() const { return *clock_; }
  // The earlier of this one and one `length` from now.
  Deadline sooner(Duration length) const;

 private:
  Clock* clock_;
  Time at_;
  std::stop_token stop_;
};

// Asks `condition` again and again, every `interval`, until it holds (true) or the deadline passes or stop is requested
// (false).
bool wait_until(const std::function<bool()>& condition, const Deadline& deadline, Duration interval,
                const std::stop_token& stop = {});

}  // namespace blackstart
