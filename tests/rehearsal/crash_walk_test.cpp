// kill -9 of the runner, for each family of faults and at each point of its way: nothing of it is left after the dead-man's
// time and five seconds, though nobody does anything.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "runner/journal.h"
#include "tests/rehearsal/crash_walk.h"
#include "tests/rehearsal/drift.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

constexpr Duration kDeadMan = 10s;

Duration healing_of(const std::vector<Walked>& faults) {
  Duration longest{0};
  for (const Walked& walked : faults) longest = std::max(longest, walked.heals);
  return longest;
}

}  // namespace

TEST_CASE("kill -9 of the runner leaves nothing behind, whichever fault was on and wherever it was", "[lab]") {
  require_whole_lab();
  const auto families = walked_families();
  const std::size_t set = GENERATE_COPY(range(std::size_t{0}, families.size()));
  const auto& faults = families[set];
  const CrashPoint point =
      GENERATE(CrashPoint::before_arm, CrashPoint::after_arm, CrashPoint::after_inject, CrashPoint::during_undo);
  INFO("set " << set << ", crash " << name_of(point));
  std::printf("--- set %zu, crash %s\n", set, name_of(point));
  const Drift drift;
  REQUIRE(all_look(faults, false));

  Workplace workplace;
  crash_runner(workplace, faults, kDeadMan, point);
  const Deadline gone(real_clock(), kDeadMan + 5s + healing_of(faults));
  if (point == CrashPoint::after_inject)
    CHECK(wait_until([&] { return all_look(faults, true); }, Deadline(real_clock(), kDeadMan - 2s), 200ms));

  CHECK(wait_until([&] { return all_look(faults, false); }, gone, 500ms));
  // What is left on purpose: that the dead-man fired is told until somebody has heard it, and what watched from another node
  // ends when nobody has asked it for 20 s.
  drift.require_none(gone.left() + 1s, {"mark: ", "unit: blackstart-witness-"});

  const auto recovered = workplace.blackstart({"recover"});
  CHECK(recovered.exit_code == 0);
  CHECK_THAT(recovered.out, Catch::Contains("nothing is left to undo"));
  CHECK_THAT(workplace.blackstart({"status"}).out, Catch::Contains("nothing is left to undo"));
  CHECK((!std::filesystem::exists(workplace.path / "state/dead-man") ||
         std::filesystem::is_empty(workplace.path / "state/dead-man")));
  drift.require_none();
}
