// resource.clock, and the undo that sets the clock right.
#include <catch2/catch.hpp>

#include "base/process.h"
#include "faults/looking.h"
#include "faults/node_clock.h"
#include "faults/resource.h"
#include "tests/support/fake_node.h"
#include "tests/support/text_folder.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kBoot = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
constexpr const char* kOtherBoot = "ffffffff-4b5a-6978-8796-a5b4c3d2e1f0";

// A machine whose wall clock is `offset_ms` ahead of the runner's.
struct ClockNode : FakeNode {
  std::int64_t offset_ms = 40, uptime_ms = 5'000'000;
  std::string boot = kBoot, services;  // active ones
  bool obeys = true, armed = true, container = false;

  ClockNode() {
    remote.on("systemd-detect-virt", [this](const auto&, const auto&) {
      return container ? answered("lxc-libvirt\n") : CommandResult{1, "", "none\n", "", false};
    });
    remote.on("is-active $u", [this](const auto&, const auto&) {
      return answered(services.empty() ? "End=1\n" : "Unit=" + services + "\nEnd=1\n");
    });
    remote.on("printf 'Boot=", [this](const auto&, const auto&) {
      return answered(
          fmt::format("Boot={}\nWall={}\nUptime={:.2f}\nEnd=1\n", boot, wall_ms(), static_cast<double>(uptime()) / 1000));
    });
    remote.on("/bin/sh -c \"`echo", [this](const auto&, const auto&) { return set_right(); });
    remote.on("|| { rm -f", [this](const auto&, const auto& asked) {
      if (!armed) return refused(1, "its dead-man is not armed");
      order = asked;
      services.clear();
      if (obeys) offset_ms += 60'000;
      return answered("");
    });
    remote.on("systemctl show 'chrony.service'", [this](const auto&, const auto&) {
      return answered(
          fmt::format("MainPID=0\nNRestarts=0\nExecMainStartTimestampMonotonic=1\nId=chrony.service\nLoadState=loaded\n"
                      "ActiveState={}\nSubState=x\nStat=\nEnd=1\n",
                      services.empty() ? "inactive" : "active"));
    });
  }
  std::int64_t wall_ms() const { return clock.wall() / 1'000'000 + offset_ms; }
  std::int64_t uptime() const { return uptime_ms + std::chrono::duration_cast<std::chrono::milliseconds>(clock.now()).count(); }
  std::string order;

 private:
  CommandResult set_right() {
    if (obeys && boot == kBoot) offset_ms = 40;
    services = "chrony.service";
    return answered("");
  }
};

}  // namespace

TEST_CASE("clock: moved against the time since boot and against the runner's clock, and set right again") {
  ClockNode node;
  const auto fault = node.staged("resource.clock", "by: 60s");
  const UndoRecord record = fault->undo_record();
  fault->fire(node.in(5s));
  const auto evidence = fault->confirm(node.in(5s));
  REQUIRE(evidence.size() == 2);
  CHECK(all_confirmed(evidence));
  CHECK((evidence[0].observer == "c1" && evidence[1].observer == "runner"));
  CHECK_THAT(evidence[0].observed, Contains("it moved by +600") || Contains("it moved by +599"));
  REQUIRE(fault->looks_again());
  CHECK(all_confirmed(fault->look_again(node.in(5s))));
  CHECK(all_confirmed(node.undo(record)));
  for (const Evidence& again : fault->look_again(node.in(1s))) CHECK_FALSE(again.confirmed);
  CHECK(node.offset_ms == 40);
  CHECK(all_confirmed(node.undo(record)));
}

TEST_CASE("clock: one that does not move, or the other way, is not confirmed") {
  ClockNode node;
  SECTION("not at all") { node.obeys = false; }
  SECTION("the other way") {
    const auto evidence = node.inject("resource.clock", "{by: 60s, direction: behind}", 3s);
    CHECK_FALSE(evidence[0].confirmed);
  }
  CHECK((node.obeys || !node.inject("resource.clock", "by: 60s", 3s)[0].confirmed));
}

TEST_CASE("clock: a container, a time service, and what can't be told are refused") {
  ClockNode node;
  SECTION("a container") {
    node.container = true;
    CHECK_THAT(node.preflight_error("resource.clock", "by: 60s").what(),
               Contains("lxc-libvirt") && Contains("its clock is its host's"));
  }
  SECTION("nobody knows what it is") {
    node.remote.on("systemd-detect-virt", refused(127, "not found"));
    CHECK_THAT(node.preflight_error("resource.clock", "by: 60s").what(), Contains("does not say what it is"));
  }
  SECTION("a time service") {
    node.services = "chrony.service";
    const Error error = node.preflight_error("resource.clock", "by: 60s");
    CHECK_THAT(error.what(), Contains("chrony.service keeps it right"));
    CHECK_THAT(error.hint(), Contains("stop-time-service: true"));
  }
  SECTION("systemd does not answer") {
    node.remote.on("is-active $u", refused(1, ""));
    CHECK(node.preflight_error("resource.clock", "by: 60s").kind() == ErrorKind::unmet);
  }
  CHECK(node.order.empty());
}

TEST_CASE("clock: a time service is stopped for it and active again after the undo") {
  ClockNode node;
  node.services = "chrony.service";
  const auto fault = node.staged("resource.clock", "{by: 60s, stop-time-service: true}");
  const UndoRecord record = fault->undo_record();
  CHECK(record.facts.at("time-services") == "chrony.service");
  fault->fire(node.in(5s));
  const auto evidence = node.undo(record);
  REQUIRE(evidence.size() == 2);
  CHECK(all_confirmed(evidence));
  CHECK(node.services == "chrony.service");
}

TEST_CASE("clock: somebody else's hand since preflight, a node that is gone, a dead-man that is not armed") {
  ClockNode node;
  const auto fault = node.make("resource.clock", "by: 60s");
  fault->preflight(node.in(5s));
  SECTION("set") {
    node.offset_ms += 1000;
    CHECK_THAT(error_of([&] { fault->stage(node.in(5s)); }).what(), Contains("somebody set it"));
  }
  SECTION("restarted") {
    node.boot = kOtherBoot;
    CHECK_THAT(error_of([&] { fault->stage(node.in(5s)); }).what(), Contains("the node restarted"));
  }
  SECTION("not armed") {
    node.armed = false;
    CHECK_THAT(error_of([&] { fault->fire(node.in(5s)); }).what(), Contains("its dead-man is not armed"));
  }
  SECTION("gone") {
    node.remote.cut_off("c1");
    CHECK(error_of([&] { fault->stage(node.in(5s)); }).kind() == ErrorKind::unreachable);
    CHECK(error_of([&] { fault->fire(node.in(5s)); }).kind() == ErrorKind::unreachable);
    CHECK_FALSE(all_confirmed(fault->confirm(node.in(2s))));
    CHECK_FALSE(all_confirmed(node.undo(fault->undo_record(), 2s)));
  }
}

TEST_CASE("undo of a clock: after a restart the runner's clock is what counts") {
  ClockNode node;
  const UndoRecord record = node.staged("resource.clock", "by: 60s")->undo_record();
  node.boot = kOtherBoot;
  node.uptime_ms = -900'000;
  node.offset_ms = 60'040;
  std::string command;
  node.remote.on("/bin/sh -c \"`echo", [&](const auto&, const auto& asked) {
    command = asked;
    node.offset_ms = 40;
    return answered("");
  });
  CHECK(all_confirmed(node.undo(record)));
  CHECK(command != clock_right_command(record));
  CHECK(run_process({"/bin/sh", "-n", "-c", command}, 5s).ok());
}

TEST_CASE("undo of a clock: what stays off is not confirmed") {
  ClockNode node;
  const UndoRecord record = node.staged("resource.clock", "by: 60s")->undo_record();
  node.offset_ms += 700;
  node.obeys = false;
  const auto evidence = node.undo(record, 5s);
  CHECK_FALSE(evidence[0].confirmed);
  CHECK_THAT(evidence[0].observed, Contains("it is off by"));
}

TEST_CASE("undo of a clock: facts that make no sense are said, and nothing is run") {
  ClockNode node;
  UndoRecord record{"clock.right",
                    "c1",
                    {{"boot", kBoot}, {"since-boot-ms", "5"}, {"to-runner-ms", "-7"}, {"time-services", "chrony.service"}}};
  const auto [name, value] = GENERATE(table<std::string, std::string>(
      {{"boot", "x; reboot"}, {"since-boot-ms", "1; reboot"}, {"to-runner-ms", ""}, {"time-services", "a.service x;reboot"}}));
  record.facts[name] = value;
  const auto evidence = node.undo(record);
  CHECK_FALSE(evidence[0].confirmed);
  CHECK_THAT(evidence[0].observed, Contains("undoing clock.right on c1") && Contains(name));
  CHECK(node.remote.calls().empty());
}

TEST_CASE("the shell: the clock is moved by, and set to, what was asked; another boot is left alone") {
  const TextFolder folder;
  // `date -s` and the boot id are taken by functions, so that nothing happens to this machine's clock.
  const std::string fake =
      "date() { case $1 in -s) echo \"$2\" >&3;; *) echo 1800000000123;; esac; }\n"
      "cat() { echo " +
      std::string(kBoot) + "; }\nexec 3>&1\n";
  const std::string uptime = folder.write("uptime", "5000.07 9000.00\n").string();
  const auto asked = [&](std::string script) {
    if (const std::size_t at = script.find("/proc/uptime"); at != std::string::npos) script.replace(at, 12, uptime);
    return run_process({"/bin/sh", "-c", fake + script}, 5s).out;
  };
  CHECK(asked(move_clock_script(60'000)) == "@1800000060.123\n");
  CHECK(asked(move_clock_script(-3'600'119)) == "@1799996400.004\n");
  CHECK(asked(set_clock_script(kBoot, 1'799'995'000'000)) == "");  // off by 53 ms
  CHECK(asked(set_clock_script(kBoot, 1'799'995'060'000)) == "@1800000060.070\n");
  CHECK(asked(set_clock_script(kOtherBoot, 1'799'995'060'000)) == "");
}

TEST_CASE("clock: parameters come back, and what is wrong is said") {
  CHECK(FakeNode::settings("resource.clock", "{by: 5min, direction: behind}")->summary() == "wall clock 5min behind");
  CHECK(FakeNode::settings("resource.clock", "by: 5min")->parameters()[2].second == "false");
  CHECK_THAT(FakeNode::problem("resource.clock", "by: 1s"), Contains("by"));
  CHECK_THAT(FakeNode::problem("resource.clock", "{by: 5min, direction: up}"), Contains("direction"));
}
