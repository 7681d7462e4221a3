// kill -9 of the runner, for each family of faults and at each point of its way: nothing of it is left after the dead-man's
// time and five seconds, though nobody does anything.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "runner/journal.h"
#include "tests/rehearsal/crash_walk.h"
#include "tests/rehearsal/drift.h"
#include "tests/rehearsal/echo_container.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

// From the moment that they are armed: an injection that is to be seen, or undone, takes its time before that.
constexpr Duration kDeadMan = 10s, kDeadManOfNothing = 5s;

class Laps {
 public:
  explicit Laps(const std::string& what) { std::printf("--- %s\n", what.c_str()); }
  void lap(const char* what) {
    const Time now = real_clock().now();
    std::printf("    %5.1f s %s\n", std::chrono::duration<double>(now - begin_).count(), what);
    begin_ = now;
  }

 private:
  Time begin_ = real_clock().now();
};

Duration healing_of(const std::vector<Walked>& faults) {
  Duration longest{0};
  for (const Walked& walked : faults) longest = std::max(longest, walked.heals);
  return longest;
}

// Nothing waits any more on this machine: the process that is another node's dead-man has done its work and ended.
bool no_process_waits(const Workplace& workplace) {
  const auto folder = workplace.path / "state/journal";
  for (const auto& file : std::filesystem::directory_iterator(folder))
    for (const JournalEntry& entry : read_journal(file.path()).entries)
      if (!undo_kind(entry.undo.kind).command && entry.fired.empty()) return false;
  return true;
}

void walk(const std::vector<Walked>& faults, CrashPoint point, Duration dead_man) {
  std::string names = name_of(point);
  for (const Walked& walked : faults) names += " " + walked.fault;
  INFO(names);
  Laps laps(names);
  require_whole_lab();
  laps.lap("the lab is whole");
  const Drift drift;
  REQUIRE(all_look(faults, false));
  laps.lap("looked at");

  Workplace workplace;
  crash_runner(workplace, faults, dead_man, point);
  const Deadline gone(real_clock(), dead_man + 5s + (point < CrashPoint::after_inject ? 0s : healing_of(faults)));
  laps.lap("the runner is dead");
  if (point == CrashPoint::after_inject)
    CHECK(wait_until([&] { return all_look(faults, true); }, Deadline(real_clock(), dead_man - 2s), 200ms));

  CHECK(wait_until([&] { return all_look(faults, false); }, gone, 200ms));
  laps.lap("nothing of it is seen");
  // What is left on purpose: that the dead-man fired is told until somebody has heard it, and what watched from another node
  // ends when nobody has asked it for 20 s.
  drift.require_none(gone.left() + 1s, {"mark: ", "unit: blackstart-witness-"});
  laps.lap("the nodes are as they were");
  // A node that was not switched off is left to itself for 22 s: an order to it may be late.
  CHECK(wait_until([&] { return no_process_waits(workplace); }, Deadline(real_clock(), 35s), 200ms));
  laps.lap("the processes on this machine have done their work");

  const auto recovered = workplace.blackstart({"recover"});
  CHECK(recovered.exit_code == 0);
  CHECK_THAT(recovered.out, Catch::Contains("nothing is left to undo"));
  CHECK_THAT(workplace.blackstart({"status"}).out, Catch::Contains("nothing is left to undo"));
  CHECK((!std::filesystem::exists(workplace.path / "state/dead-man") ||
         std::filesystem::is_empty(workplace.path / "state/dead-man")));
  drift.require_none();
  laps.lap("recover");
}

}  // namespace

// Before the injection the families can't disturb each other: one round for all of them.
TEST_CASE("kill -9 of the runner before anything is injected leaves nothing behind", "[lab]") {
  const EchoContainer echo("c2");
  std::vector<Walked> all;
  for (const auto& set : walked_families(echo.look())) all.insert(all.end(), set.begin(), set.end());
  walk(all, CrashPoint::before_arm, kDeadManOfNothing);
  walk(all, CrashPoint::after_arm, kDeadManOfNothing);
}

TEST_CASE("kill -9 of the runner leaves nothing behind, whichever fault was on and whether it was being undone", "[lab]") {
  const EchoContainer echo("c2");
  for (const auto& set : walked_families(echo.look()))
    for (const CrashPoint point : {CrashPoint::after_inject, CrashPoint::during_undo}) walk(set, point, kDeadMan);
}
