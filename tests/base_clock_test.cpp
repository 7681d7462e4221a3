#include "base/clock.h"

#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "tests/support/fake_clock.h"

namespace blackstart {
namespace {

TEST_CASE("a deadline counts down to zero and not below") {
  FakeClock clock;
  const Deadline deadline(clock, 10s);
  CHECK(deadline.at() == 1010s);
  CHECK(deadline.left() == 10s);
  clock.advance(4s);
  CHECK(deadline.left() == 6s);
  CHECK_FALSE(deadline.passed());
  clock.advance(6s);
  CHECK(deadline.left() == 0s);
  CHECK(deadline.passed());
  clock.advance(1h);
  CHECK(deadline.left() == 0s);
  CHECK(&deadline.clock() == &clock);
}

TEST_CASE("the sooner of two deadlines is taken, whichever it is") {
  FakeClock clock;
  const Deadline deadline(clock, 10s);
  CHECK(deadline.sooner(3s).at() == 1003s);
  CHECK(deadline.sooner(30s).at() == 1010s);
  clock.advance(9s);
  CHECK(deadline.sooner(3s).at() == 1010s);
}

TEST_CASE("a condition that holds already needs no pause, even when the deadline has passed") {
  FakeClock clock;
  CHECK(wait_until([] { return true; }, Deadline(clock, 0s), 1s));
  CHECK(clock.pauses().empty());
}

TEST_CASE("a condition is asked every interval until it holds") {
  FakeClock clock;
  const Deadline deadline(clock, 10s);
  int asked = 0;
  CHECK(wait_until([&] { return ++asked == 4; }, deadline, 500ms));
  CHECK(clock.pauses() == std::vector<Duration>{500ms, 500ms, 500ms});
  CHECK(deadline.left() == 8500ms);
}

TEST_CASE("a condition is asked once more at the deadline itself, and the last pause does not go beyond it") {
  FakeClock clock;
  const Deadline deadline(clock, 1100ms);
  int asked = 0;
  CHECK_FALSE(wait_until([&] { return ++asked, false; }, deadline, 500ms));
  CHECK(asked == 4);
  CHECK(clock.pauses() == std::vector<Duration>{500ms, 500ms, 100ms});
  CHECK(clock.now() == deadline.at());
  CHECK(wait_until([&] { return clock.now() >= 1002s; }, Deadline(clock, 900ms), 10s));
}

TEST_CASE("a condition that itself takes longer than the deadline is asked once") {
  FakeClock clock;
  int asked = 0;
  auto slow = [&] { return ++asked, clock.advance(5s), false; };
  CHECK_FALSE(wait_until(slow, Deadline(clock, 1s), 100ms));
  CHECK(asked == 1);
}

TEST_CASE("a stop request ends the waiting") {
  FakeClock clock;
  std::stop_source stop;
  int asked = 0;
  clock.on_pause = [&](Duration) {
    if (asked == 3) stop.request_stop();
  };
  CHECK_FALSE(wait_until([&] { return ++asked, false; }, Deadline(clock, 1h), 1s, stop.get_token()));
  CHECK(asked == 3);
  CHECK_FALSE(wait_until([&] { return ++asked, true; }, Deadline(clock, 1h), 1s, stop.get_token()));
  CHECK(asked == 3);
}

TEST_CASE("an exception of the condition comes through") {
  FakeClock clock;
  CHECK_THROWS_AS(wait_until([]() -> bool { throw std::runtime_error("no"); }, Deadline(clock, 1s), 1s), std::runtime_error);
}

TEST_CASE("the real clock moves on, and its pause is at least as long as asked") {
  Clock& clock = real_clock();
  const Time before = clock.now();
  CHECK(clock.pause(20ms));
  CHECK(clock.now() - before >= 20ms);
  CHECK(clock.pause(0s));
  CHECK(clock.pause(-1s));
  CHECK(clock.wall() > 1'600'000'000'000'000'000);
}

TEST_CASE("a pause of the real clock ends as soon as a stop is requested") {
  std::stop_source stop;
  auto whole = std::async(std::launch::async, [&] { return real_clock().pause(1h, stop.get_token()); });
  stop.request_stop();
  CHECK_FALSE(whole.get());
  const Time before = real_clock().now();
  CHECK_FALSE(real_clock().pause(1h, stop.get_token()));
  CHECK(real_clock().now() - before < 10s);
}

TEST_CASE("a pause or a deadline of the longest duration there is does not wrap around") {
  std::stop_source stop;
  auto whole = std::async(std::launch::async, [&] { return real_clock().pause(Duration::max(), stop.get_token()); });
  CHECK(whole.wait_for(50ms) == std::future_status::timeout);
  stop.request_stop();
  CHECK_FALSE(whole.get());
  FakeClock clock;
  const Deadline never(clock, Duration::max());
  CHECK_FALSE(never.passed());
  CHECK(never.left() > 87600h);
  CHECK(never.sooner(1s).left() == 1s);
}

}  // namespace
}  // namespace blackstart
