// resource.clock on a virtual machine, whose clock is its own.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/rehearsal/injected.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

// How far c1's wall clock is ahead of this machine's, in seconds.
double ahead() {
  const double before = static_cast<double>(real_clock().wall()) / 1e9;
  const double there = std::stod(on_node("c1", "date +%s.%N"));
  return there - (before + static_cast<double>(real_clock().wall()) / 1e9) / 2;
}

constexpr double kSlack = 2.5;  // a call to an emulated machine takes up to seconds

}  // namespace

TEST_CASE("resource.clock: an hour behind or a minute ahead, as the runner's clock says too, and right again") {
  const auto [yaml, moved] = GENERATE(table<std::string, double>({{"{by: 60s}", 60}, {"{by: 1h, direction: behind}", -3600}}));
  INFO(yaml);
  const double before = ahead();
  Injected clock("resource.clock", yaml, {"c1"});
  require_all(clock.inject(), 2);
  CHECK(std::abs(ahead() - before - moved) < kSlack);
  require_all(clock.undo(), 1);
  CHECK(std::abs(ahead() - before) < kSlack);
}

TEST_CASE("resource.clock: the dead-man comes in its time, whatever the wall clock says, and sets it right") {
  const double before = ahead();
  Injected clock("resource.clock", "{by: 2h, direction: behind}", {"c1"});
  require_all(clock.inject(15s), 2);
  wait_on_node("c1", "ls /run/blackstart/ | grep -c fired; true", "1\n", 60s);
  CHECK(std::abs(ahead() - before) < kSlack);
  require_all(clock.undo(), 1);
}
