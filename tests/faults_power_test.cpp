// The families `power` and `node`: effect, no effect, foreign states, and BMCs that lie or stop answering.
#include <catch2/catch.hpp>

#include "faults/node_state.h"
#include "faults/power.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_machine.h"

using namespace blackstart;

namespace {

std::unique_ptr<TargetFault> fault(FakeMachine& machine, const std::string& name, const std::string& parameters = "{}") {
  for (const FaultKind& kind : fault_kinds()) {
    if (name != kind.name) continue;
    const auto settings = kind.settings();
    read_text(parameters, "test", [&](Fields& f) { settings->describe(f); });
    return settings->make(machine.cloud.nodes[0], machine.context());
  }
  throw std::logic_error("no fault " + name);
}

Deadline within(FakeMachine& machine, Duration limit) { return Deadline(machine.clock, limit); }

std::vector<Evidence> inject(FakeMachine& machine, TargetFault& fault) {
  fault.preflight(within(machine, 20s));
  fault.stage(within(machine, 15s));
  fault.fire(within(machine, fault.fire_limit()));
  return fault.confirm(within(machine, fault.confirm_limit()));
}

bool all(const std::vector<Evidence>& evidence) {
  return !evidence.empty() &&
         std::all_of(evidence.begin(), evidence.end(), [](const Evidence& e) { return e.confirmed && e.at >= Time{0}; });
}

std::string refusal(FakeMachine& machine, const std::string& name, const std::string& parameters = "{}") {
  const auto made = fault(machine, name, parameters);
  try {
    made->preflight(within(machine, 20s));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::vector<Evidence> undo(FakeMachine& machine, const UndoRecord& record, Duration limit = 10min) {
  return undo_kind(record.kind).undo(record, machine.context(), within(machine, limit));
}

const UndoRecord kOn{"power.on", "c1", {{"boot", "b/1"}, {"services", "ssh.service mariadb.service"}, {"boots-within", "60"}}};

}  // namespace

TEST_CASE("power.off is seen by the BMC, by the runner and by another node") {
  FakeMachine machine;
  const auto off = fault(machine, "power.off");
  const auto evidence = inject(machine, *off);
  REQUIRE(evidence.size() == 3);
  CHECK(all(evidence));
  CHECK(evidence[0].observer == "the BMC of c1 (10.0.0.11:623)");
  CHECK(evidence[1].observer == "runner");
  CHECK(evidence[2].observer == "c2");
  CHECK(machine.power == PowerState::off);
  CHECK(off->undo_record() ==
        UndoRecord{"power.on", "c1", {{"boot", "b/1"}, {"services", "ssh.service mariadb.service"}, {"boots-within", "180"}}});
}

TEST_CASE("the moment of a power cut is known to half a second, though a look at silence takes longer") {
  FakeMachine machine;
  machine.report_delay = 1200ms;
  const auto off = fault(machine, "power.off");
  off->preflight(within(machine, 20s));
  off->stage(within(machine, 15s));
  off->fire(within(machine, 15s));
  const Time ordered = machine.clock.now();
  const auto evidence = off->confirm(within(machine, 30s));
  CHECK(all(evidence));
  CHECK(evidence[0].at >= ordered + 1100ms);
  CHECK(evidence[0].at <= ordered + 1800ms);
}

TEST_CASE("a BMC that lies, and one that accepts and does nothing, leave it unproven") {
  FakeMachine machine;
  machine.obeys = false;
  machine.lies = GENERATE(true, false);
  const auto evidence = inject(machine, *fault(machine, "power.off"));
  REQUIRE(evidence.size() == 3);
  CHECK(evidence[0].confirmed == machine.lies);
  CHECK_FALSE(evidence[1].confirmed);
  CHECK_FALSE(evidence[2].confirmed);
  CHECK_THAT(evidence[1].observed, Catch::Contains("answers"));
}

TEST_CASE("where everything loses its power the witness does too, and the runner's view stands") {
  FakeMachine machine;
  const auto off = fault(machine, "power.off");
  off->preflight(within(machine, 20s));
  off->stage(within(machine, 15s));
  machine.remote.cut_off("c2");
  off->fire(within(machine, 15s));
  const auto evidence = off->confirm(within(machine, 30s));
  CHECK(evidence.size() == 2);
  CHECK(all(evidence));
}

TEST_CASE("reset, cycle, reboot and crash are seen by another start; without one they are unproven") {
  const auto [name, parameters] = GENERATE(table<std::string, std::string>({{"power.reset", "{}"},
                                                                            {"power.cycle", "off-for: 2s"},
                                                                            {"node.reboot", "{}"},
                                                                            {"node.crash", "how: sysrq-b"},
                                                                            {"node.crash", "how: reset"}}));
  INFO(name << " " << parameters);
  FakeMachine machine;
  SECTION("effect") {
    CHECK(all(inject(machine, *fault(machine, name, parameters))));
    CHECK(machine.boot == 2);
  }
  SECTION("no effect") {
    machine.obeys = false;
    const auto made = fault(machine, name, parameters);
    if (name == "power.cycle") {
      CHECK_THAT(error_of([&] { inject(machine, *made); }).what(), Catch::Contains("not seen to be off"));
      CHECK(machine.orders.back() == PowerOrder::on);  // the power comes back whatever happens
    } else {
      const auto evidence = inject(machine, *made);
      REQUIRE(evidence.size() == 2);
      CHECK_FALSE(evidence[0].confirmed);
      CHECK_FALSE(evidence[1].confirmed);
    }
  }
}

TEST_CASE("a container that is back within a second was away, and starts anew") {
  FakeMachine machine;
  machine.start_time = 500ms;
  CHECK(all(inject(machine, *fault(machine, "power.reset"))));
}

TEST_CASE("node.shutdown and node.freeze") {
  FakeMachine machine;
  SECTION("shutdown") {
    CHECK(all(inject(machine, *fault(machine, "node.shutdown"))));
    CHECK_THAT(machine.commands, Catch::Contains("-le 120") && Catch::Contains("systemctl --no-block poweroff"));
  }
  SECTION("freeze goes through libvirt and its undo too") {
    const auto freeze = fault(machine, "node.freeze");
    const auto evidence = inject(machine, *freeze);
    CHECK(all(evidence));
    CHECK(evidence[0].observer == "libvirt domain lab.c1 (qemu:///system)");
    CHECK(machine.orders == std::vector<PowerOrder>{PowerOrder::suspend});
    CHECK(all(undo(machine, freeze->undo_record(), 45s)));
    CHECK(machine.power == PowerState::on);
  }
  SECTION("no effect") {
    machine.obeys = false;
    const auto evidence = inject(machine, *fault(machine, "node.freeze"));
    CHECK_FALSE(evidence[0].confirmed);
    CHECK_FALSE(evidence[1].confirmed);
  }
}

TEST_CASE("a kernel that does not restart after its crash: silence with the power on, and the undo resets it") {
  FakeMachine machine;
  machine.panic = 0;
  const auto crash = fault(machine, "node.crash");
  CHECK(all(inject(machine, *crash)));
  CHECK(machine.boot == 1);
  CHECK(crash->undo_record().facts.at("hangs") == "yes");
  CHECK(all(undo(machine, crash->undo_record())));
  CHECK(machine.orders.back() == PowerOrder::reset);
  CHECK(machine.boot == 2);
}

TEST_CASE("power.on is for a node that is off") {
  FakeMachine machine;
  CHECK_THAT(refusal(machine, "power.on"), Catch::Contains("says that it is on"));
  machine.power = PowerState::off;
  const auto on = fault(machine, "power.on");
  CHECK(all(inject(machine, *on)));
  CHECK(machine.power == PowerState::on);
  CHECK(all(undo(machine, on->undo_record(), 45s)));
  CHECK(machine.power == PowerState::off);
}

TEST_CASE("preflight refuses what it finds, and touches nothing") {
  FakeMachine machine;
  SECTION("off already") {
    machine.power = PowerState::off;
    CHECK_THAT(refusal(machine, "power.off"), Catch::Contains("says that it is off"));
  }
  SECTION("the BMC does not answer") {
    machine.bmc_answers = false;
    CHECK_THAT(refusal(machine, "power.off"), Catch::Contains("does not answer"));
  }
  SECTION("still starting") {
    machine.system = "starting";
    CHECK_THAT(refusal(machine, "node.reboot"), Catch::Contains("systemd is starting (mariadb.service)"));
  }
  SECTION("the runner's own machine") {
    machine.machine = "bbbb";
    CHECK_THAT(refusal(machine, "power.off"), Catch::Contains("the machine that the runner runs on"));
  }
  SECTION("the host's kernel") {
    machine.container = "lxc-libvirt";
    CHECK_THAT(refusal(machine, "node.crash", "how: sysrq-b"), Catch::Contains("it is a container"));
    CHECK(refusal(machine, "node.crash", "how: reset").empty());
  }
  SECTION("nothing to suspend it by") {
    machine.cloud.nodes[0].libvirt = {};
    CHECK_THAT(refusal(machine, "node.freeze"), Catch::Contains("only a libvirt domain can be suspended"));
  }
  SECTION("said to be off, but answers") {
    machine.lies = true, machine.obeys = false;
    machine.order(machine.cloud.nodes[0], PowerOrder::off, within(machine, 1s));
    machine.orders.clear();
    CHECK_THAT(refusal(machine, "power.on"), Catch::Contains("says off, but the SSH server: answers"));
  }
  CHECK(machine.orders.empty());
  CHECK(machine.commands.empty());
}

TEST_CASE("a node that was started anew since preflight is not hit") {
  FakeMachine machine;
  const auto off = fault(machine, "power.off");
  off->preflight(within(machine, 20s));
  machine.boot = 7;
  CHECK_THAT(error_of([&] { off->stage(within(machine, 15s)); }).what(), Catch::Contains("started anew since preflight"));
}

TEST_CASE("undo power.on from any state") {
  FakeMachine machine;
  SECTION("off") { machine.power = PowerState::off; }
  SECTION("on, as it was") {}
  SECTION("starts at this moment") { machine.boot = 2, machine.up_since = machine.clock.now() + 30s; }
  SECTION("has power and stays silent: it is reset") { machine.hangs = true; }
  SECTION("an order to be off is still on its way") {
    machine.order_delay = 2s;
    machine.order(machine.cloud.nodes[0], PowerOrder::off, within(machine, 1s));
  }
  CHECK(all(undo(machine, kOn)));
  CHECK(machine.reachable());
}

TEST_CASE("undo power.on: what is not so is never confirmed") {
  FakeMachine machine;
  machine.power = PowerState::off;
  std::string why;
  SECTION("the BMC does not answer") {
    machine.bmc_answers = false;
    why = "it does not answer";
  }
  SECTION("the BMC does nothing") {
    machine.obeys = false;
    why = "off";
  }
  SECTION("the BMC lies") {
    machine.obeys = false, machine.lies = true;
    why = "on";
  }
  SECTION("it does not come up") {
    machine.comes_up = false;
    why = "on";
  }
  const auto evidence = undo(machine, kOn, 3min);
  REQUIRE(evidence.size() == 2);
  CHECK_THAT(evidence[0].observed, Catch::Contains(why));
  CHECK_FALSE(evidence[1].confirmed);
}

TEST_CASE("undo power.on: the start that was to end counts only when no order can come late any more") {
  FakeMachine machine;
  const bool unchanged = GENERATE(true, false);
  if (!unchanged) machine.boot = 2;
  const Time began = machine.clock.now();
  CHECK(all(undo(machine, kOn)));
  CHECK((machine.clock.now() - began >= 22s) == unchanged);
}

TEST_CASE("undo power.on: a login that fails where the SSH server answers is no reason to reset the node") {
  FakeMachine machine;
  UndoRecord record = kOn;
  record.facts["hangs"] = GENERATE("yes", "no");
  bool known = false;
  machine.remote.on("Boot=", [&](const auto&, const auto&) -> CommandResult {
    if (!known) throw Error(ErrorKind::unreachable, "opening an SSH session to c1", "its host key is not known");
    return answered("Boot=b/1\nMachine=a\nSystem=running\nVirt=none\nPanic=10\nDump=0\nUptime=9\nEnd=1\n");
  });
  const auto evidence = undo(machine, record);
  CHECK_FALSE(evidence.back().confirmed);
  CHECK_THAT(evidence.back().observed, Catch::Contains("its SSH server answers, but: ") && Catch::Contains("host key"));
  CHECK(std::count(machine.orders.begin(), machine.orders.end(), PowerOrder::reset) == 0);
  known = true;
  CHECK(all(undo(machine, record)));
}

TEST_CASE("undo power.on names what does not run again, and waits for the rest of the cloud no longer than a while") {
  FakeMachine machine;
  machine.power = PowerState::off;
  machine.services = {"ssh.service"};
  SECTION("started without it") {}
  SECTION("systemd waits for it") { machine.system = "starting"; }
  const auto evidence = undo(machine, kOn);
  REQUIRE(all(evidence));
  CHECK_THAT(evidence[1].observed, Catch::Contains("does not run: mariadb.service"));
  if (machine.system == "starting") CHECK_THAT(evidence[1].observed, Catch::Contains("up to the rest of the cloud"));
}

TEST_CASE("undo records that make no sense undo nothing") {
  FakeMachine machine;
  UndoRecord record = kOn;
  SECTION("no start") { record.facts.erase("boot"); }
  SECTION("no number") { record.facts["boots-within"] = "soon"; }
  SECTION("too long") { record.facts["boots-within"] = "999999"; }
  SECTION("no such node") { record.node = "c9"; }
  const auto evidence = undo(machine, record);
  REQUIRE(evidence.size() == 1);
  CHECK_FALSE(evidence[0].confirmed);
  CHECK(machine.orders.empty());
}

TEST_CASE("what a node says of itself must be whole") {
  FakeRemote remote;
  FakeClock clock;
  const std::string whole =
      "Boot=abc/2497953\nMachine=aaaa\nSystem=running\nVirt=lxc-libvirt\nPanic=0\nDump=\nUptime=7\nService=ssh.service\n"
      "Service=getty@tty1.service\nEnd=1\n";
  remote.on("Boot=", [&](const auto&, const auto&) { return answered(whole); });
  const NodeState state = read_node(remote, "c1", Deadline(clock, 3s));
  CHECK(state.services == std::vector<std::string>{"ssh.service"});
  CHECK(state.container);
  CHECK(state.hangs_on_panic);
  for (const std::string& broken : {std::string("Boot=/2\n") + whole.substr(whole.find('\n') + 1), whole.substr(0, 60)}) {
    remote.on("Boot=", answered(broken));
    CHECK_THROWS_AS(read_node(remote, "c1", Deadline(clock, 3s)), Error);
  }
}
