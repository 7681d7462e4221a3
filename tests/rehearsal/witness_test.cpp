// The program that watches on a witness node, with nothing between it and the test but SSH: joined by many at once, killed,
// frozen, forgotten.
#include "faults/witness.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "lab/ssh.h"
#include "runner/injector.h"
#include "tests/rehearsal/support.h"
#include "tests/support/error_of.h"

using namespace blackstart;
using namespace blackstart::rehearsal;
using Catch::Matchers::Contains;

namespace {

// c2 watches c1.
struct Watching {
  Cloud all = cloud();
  std::unique_ptr<Remote> remote = make_ssh(all);
  Deadline limit{real_clock(), 40s};
  const Node& witness = *all.find("c2");
  const Node& target = *all.find("c1");

  std::unique_ptr<HeldConnection> open(int port = 22) {
    auto held = join(port);
    held->await_open(true, limit);
    return held;
  }
  std::unique_ptr<HeldConnection> join(int port = 22) {
    FaultContext context{*remote, real_clock(), all};
    context.id = "witness-test";
    return std::make_unique<HeldConnection>(context, witness, target, port, limit);
  }
};

constexpr const char* kUnits = "systemctl list-units --plain --no-legend 'blackstart-witness-*' | wc -l";
constexpr const char* kLeft = "find /run/blackstart-witness -mindepth 1 ! -name lock | wc -l";

// What was killed leaves its files until the next one ends.
void require_nothing_left() {
  wait_on_node("c2", kUnits, "0\n");
  wait_on_node("c2", kLeft, "0\n");
}

void signal_program(const std::string& signal) {
  on_node("c2", "systemctl kill -s " + signal +
                    " \"$(systemctl list-units --plain --no-legend 'blackstart-witness-*' | cut -d' ' -f1)\"");
}

}  // namespace

TEST_CASE("witness: one process for all that is watched from a node, and nothing is left when the last has gone", "[lab]") {
  Watching watching;
  {
    const auto first = watching.open(), second = watching.open();
    CHECK(on_node("c2", kUnits) == "1\n");
    const auto now = first->look(watching.limit);
    CHECK((now.open && !now.stalled && !now.closed && now.no_pings.empty()));
    REQUIRE(now.since_ping);
    CHECK(*now.since_ping < 1s);
    CHECK_THAT(error_of([&] { watching.open(9); }).what(), Contains("Connection refused"));
    CHECK(second->look(watching.limit).open);
  }
  require_nothing_left();
}

TEST_CASE("witness: many join and leave at the same moment, from two runners", "[lab]") {
  Watching runners[2];
  for (int round = 0; round < 5; ++round) {
    const auto problems = at_the_same_time(16, [&](std::size_t i) {
      Watching& runner = runners[i % 2];
      for (int again = 0; again < 4; ++again) CHECK(runner.open()->look(runner.limit).open);
    });
    for (const std::string& problem : problems) CHECK(problem == "");
    runners[0].limit = runners[1].limit = Deadline(real_clock(), 40s);
  }
  require_nothing_left();
}

TEST_CASE("witness: a server that hangs up is told from one that falls silent", "[lab]") {
  Watching watching;
  on_node("c1", "systemd-run --quiet --collect --unit=test-server socat TCP-LISTEN:7790,reuseaddr,fork EXEC:cat");
  on_node("c1", "until ss -Hltn 'sport = :7790' | grep -q 7790; do sleep 0.05; done");
  const auto held = watching.open(7790);
  const auto until = [&](const std::function<bool(const HeldConnection::Seen&)>& seen) {
    return wait_until([&] { return seen(held->look(watching.limit)); }, Deadline(real_clock(), 10s), 50ms);
  };
  SECTION("it ends") {
    on_node("c1", "systemctl stop test-server");
    CHECK(until([](const auto& now) { return now.closed && !now.stalled; }));
    CHECK_THAT(held->look(watching.limit).words, Contains("it has ended"));
  }
  SECTION("it falls silent, and goes on") {
    on_node("c1",
            "nft add table inet test && nft add chain inet test c '{ type filter hook prerouting priority 0; }' && "
            "nft add rule inet test c ip saddr " +
                watching.witness.data_address() + " drop");
    CHECK(until([](const auto& now) { return now.stalled && !now.closed && now.unanswered >= 1s; }));
    on_node("c1", "nft delete table inet test; true");
    CHECK(until([](const auto& now) { return now.open && !now.stalled && now.unanswered == 0ms && now.since_ping < 1s; }));
    on_node("c1", "systemctl stop test-server");
  }
}

TEST_CASE("witness: kill -9 and a freeze of the process are errors, never evidence", "[lab]") {
  Watching watching;
  const auto held = watching.open();
  const auto says = [&](const std::string& part) {
    std::string said;
    return wait_until(
        [&] {
          try {
            const auto now = held->look(watching.limit);
            CHECK((!now.stalled && !now.closed && now.unanswered < 1s));
          } catch (const Error& error) {
            said = error.what();
          }
          return said.find(part) != std::string::npos;
        },
        Deadline(real_clock(), 10s), 50ms);
  };
  SECTION("killed") {
    signal_program("KILL");
    CHECK(says("the watch has said nothing for"));
    const auto next = watching.open();  // starts a new one, in which the first has no part
    CHECK_THAT(error_of([&] { held->look(watching.limit); }).what(), Contains("the watch has ended, another took its place"));
  }
  SECTION("frozen") {
    signal_program("STOP");
    CHECK(says("the watch has said nothing for"));
    signal_program("CONT");
    // What it missed meanwhile is no silence of the target.
    CHECK(wait_until(
        [&] {
          try {
            const auto now = held->look(watching.limit);
            CHECK((!now.stalled && !now.closed && now.unanswered < 1s));
            return now.since_ping && *now.since_ping < 1s;
          } catch (const Error&) {
            return false;
          }
        },
        Deadline(real_clock(), 10s), 20ms));
  }
}

TEST_CASE("witness: after kill -9, the next one leaves nothing of it behind", "[lab]") {
  Watching watching;
  {
    const auto held = watching.open();
    signal_program("KILL");
    wait_on_node("c2", kUnits, "0\n");
  }
  CHECK(on_node("c2", kLeft) != "0\n");
  watching.open();
  require_nothing_left();
}

TEST_CASE("witness: what nobody looks at is given up after 20 s, and the process ends", "[lab]") {
  Watching watching;
  const auto held = watching.open();
  const Time opened = real_clock().now();
  wait_on_node("c2", kUnits, "0\n", 30s);
  CHECK(real_clock().now() - opened >= 19s);
  CHECK_THAT(error_of([&] { held->look(watching.limit); }).what(), Contains("the watch has ended"));
  require_nothing_left();
}
