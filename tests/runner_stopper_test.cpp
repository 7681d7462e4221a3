// What ends a rehearsal early, as one stop token.
#include "runner/stopper.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "base/clock.h"
#include "runner/state.h"
#include "tests/support/state_folder.h"

namespace blackstart {
namespace {

std::string reason_of(const Stopper& stopper) {
  try {
    stopper.check();
  } catch (const Interrupted& interrupted) {
    return interrupted.why;
  }
  return "";
}

bool is_stopped_soon(const Stopper& stopper) {
  return wait_until([&] { return stopper.token().stop_requested(); }, Deadline(real_clock(), 20s), 1ms);
}

// What an injection does whose effect does not show: true when it was cut short.
bool is_cut_short(const Stopper& stopper) {
  const Time began = real_clock().now();
  CHECK_FALSE(wait_until([] { return false; }, Deadline(real_clock(), 60s, stopper.token()), 10ms));
  return real_clock().now() - began < 30s;
}

TEST_CASE("a halt of the cloud stops what waits, with its reason; that of another cloud does not") {
  StateFolder state;
  std::stop_source signals;
  const Stopper other("south", signals.get_token(), [] { return "?"; });
  const Stopper stopper("north", signals.get_token(), [] { return "?"; });
  CHECK(reason_of(stopper).empty());
  halt_cloud("north", "smoke in the cellar");
  CHECK(is_cut_short(stopper));
  CHECK(reason_of(stopper) == "halted: smoke in the cellar");
  lift_halt("north");
  CHECK(reason_of(stopper) == "halted: smoke in the cellar");
  CHECK_FALSE(other.token().stop_requested());
  CHECK(reason_of(other).empty());
}

TEST_CASE("a halt that was there before stops as well") {
  StateFolder state;
  halt_cloud("north", "closed");
  const Stopper stopper("north", {}, [] { return "?"; });
  CHECK(is_stopped_soon(stopper));
  CHECK(reason_of(stopper) == "halted: closed");
}

TEST_CASE("a signal stops what waits, with its name") {
  StateFolder state;
  std::stop_source signals;
  const Stopper stopper("north", signals.get_token(), [] { return "SIGTERM"; });
  signals.request_stop();
  CHECK(stopper.token().stop_requested());
  CHECK(is_cut_short(stopper));
  CHECK(reason_of(stopper) == "interrupted by SIGTERM");
}

TEST_CASE("a kill switch that can't be read stops, too") {
  StateFolder state;
  std::ofstream(state.path / "halt") << "a file where a folder should be";
  const Stopper stopper("north", {}, [] { return "?"; });
  CHECK(is_stopped_soon(stopper));
  CHECK_THAT(reason_of(stopper), Catch::Contains("the kill switch can't be read"));
}

}  // namespace
}  // namespace blackstart
