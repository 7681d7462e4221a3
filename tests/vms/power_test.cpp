// Whole virtual machines, by their BMCs and by their own kernels: switched off and on, restarted, crashed. Two at a time; w1, a
// container, looks on.
#include <catch2/catch.hpp>

#include "runner/injector.h"
#include "tests/rehearsal/injected.h"
#include "tests/rehearsal/outside.h"
#include "tests/vms/bystander.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

// Which start of the machine it is. Leaves a unit there that leaves a word when the machine ends in good order. An earlier word
// is removed for certain (sync): a machine that loses its power within seconds would find it again.
std::string boot_before(const std::string& node) {
  return on_node(node,
                 "systemctl stop says-goodbye 2>/dev/null; rm -f /root/goodbye; sync; systemd-run --quiet --unit=says-goodbye "
                 "-p ExecStop='/bin/sh -c \"echo bye >/root/goodbye; sync\"' -p RemainAfterExit=yes /bin/true && "
                 "cat /proc/sys/kernel/random/boot_id");
}
// The same afterwards, and before it the word if there is one.
std::string goodbye_and_boot(const std::string& node) {
  return on_node(node, "cat /root/goodbye 2>/dev/null; rm -f /root/goodbye; cat /proc/sys/kernel/random/boot_id");
}

// Tells how long it took.
struct Lap {
  explicit Lap(std::string name) : what(std::move(name)) {}
  ~Lap() { std::printf("%s: %.1f s\n", what.c_str(), std::chrono::duration<double>(real_clock().now() - began).count()); }
  const std::string what;
  const Time began = real_clock().now();
};

// What was seen of one fault on one node, by the fault and by others.
struct Seen {
  std::vector<Evidence> effect, undo;
  Bystander::Seen from_w1;
  std::string boot, goodbye_and_boot, domain;
  bool pinged_during = false, pinged_after = false;
};

Seen disturb(const std::string& fault, const std::string& parameters, const std::string& node, const std::string& other) {
  const Lap lap(fault);
  Seen seen;
  seen.boot = boot_before(node);
  Bystander bystander("w1", node);
  Injected injected(fault, parameters, {node}, {other});
  seen.effect = injected.inject();
  seen.from_w1 = bystander.end();
  seen.domain = domain_state(node);
  seen.pinged_during = pings("w1", node);
  seen.undo = injected.undo();
  seen.pinged_after = pings("w1", node);
  seen.goodbye_and_boot = goodbye_and_boot(node);
  return seen;
}

void check(const Seen& seen, std::size_t pieces, bool goodbye) {
  require_all(seen.effect, pieces);
  require_all(seen.undo, 2);
  CHECK(seen.from_w1.silent_for > 1s);
  CHECK(seen.from_w1.connection == "dead");
  CHECK_THAT(seen.goodbye_and_boot, !Catch::Contains(seen.boot));
  CHECK(Catch::startsWith(seen.goodbye_and_boot, "bye\n") == goodbye);
  CHECK(seen.pinged_after);
}

// power.on is for a node that is off.
struct SeenOn {
  Seen off;
  std::vector<Evidence> effect, undo;
  bool pinged_during = false, pinged_after = true;
};

SeenOn off_and_on(const std::string& node, const std::string& other) {
  const Lap lap("power.off and power.on");
  SeenOn seen;
  seen.off.boot = boot_before(node);
  Bystander bystander("w1", node);
  Injected off("power.off", "", {node}, {other});
  seen.off.effect = off.inject();
  seen.off.from_w1 = bystander.end();
  seen.off.domain = domain_state(node);
  Injected on("power.on", "", {node}, {other});
  seen.effect = on.inject();
  seen.pinged_during = pings("w1", node);
  seen.undo = on.undo();
  seen.pinged_after = pings("w1", node);
  seen.off.undo = off.undo();
  seen.off.pinged_after = pings("w1", node);
  seen.off.goodbye_and_boot = goodbye_and_boot(node);
  return seen;
}

}  // namespace

TEST_CASE("without a fault the bystander sees an answer to each ping, and its connection lives") {
  const Bystander::Seen seen = Bystander("w1", "c1").end();
  CHECK(seen.silent_for < 1s);
  CHECK(seen.connection == "alive");
}

TEST_CASE("a virtual machine is switched off and on, restarted and crashed, by its BMC and by its kernel") {
  SeenOn on;
  Seen cycle, reset, shutdown, crash, reboot;
  const auto problems = at_the_same_time(2, [&](std::size_t i) {
    if (i == 0) {
      on = off_and_on("c1", "c2");
      cycle = disturb("power.cycle", "off-for: 2s", "c1", "c2");
      reset = disturb("power.reset", "", "c1", "c2");
    } else {
      shutdown = disturb("node.shutdown", "", "c2", "c1");
      crash = disturb("node.crash", "how: sysrq-c", "c2", "c1");
      reboot = disturb("node.reboot", "", "c2", "c1");
    }
  });
  REQUIRE(problems == std::vector<std::string>(2));
  check(on.off, 3, false);
  CHECK_THAT(on.off.domain, Catch::StartsWith("shut off"));
  require_all(on.effect, 2);
  CHECK(on.pinged_during);
  require_all(on.undo, 2);
  CHECK_FALSE(on.pinged_after);
  check(cycle, 3, false);
  check(reset, 2, false);
  check(shutdown, 3, true);
  CHECK_THAT(shutdown.domain, Catch::StartsWith("shut off"));
  CHECK_FALSE(shutdown.pinged_during);
  check(crash, 2, false);
  check(reboot, 2, true);
}
