#include "runner/preflight.h"

#include <catch2/catch.hpp>
#include <limits>

#include "probes/room.h"
#include "runner/state.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_remote.h"
#include "tests/support/fake_service.h"
#include "tests/support/small_cloud.h"
#include "tests/support/state_folder.h"

namespace blackstart {
namespace {

Cloud two_nodes() { return small_cloud({"c1", "c2"}); }

TEST_CASE("a cloud is free without a halt and without an open journal") {
  StateFolder state;
  CHECK_NOTHROW(check_free(two_nodes()));
  halt_cloud("another", "x");
  CHECK_NOTHROW(check_free(two_nodes()));
  halt_cloud("lab", "a fire");
  const Error halted = error_of([] { check_free(two_nodes()); });
  CHECK(halted.kind() == ErrorKind::unmet);
  CHECK_THAT(halted.what(), Catch::Contains("it is halted: a fire") && Catch::Contains("blackstart resume"));
  lift_halt("lab");
  Journal journal("r1", two_nodes(), state.path / "runs");
  const Error open = error_of([] { check_free(two_nodes()); });
  CHECK_THAT(open.what(), Catch::Contains("run r1 may have left something broken") && Catch::Contains("blackstart recover"));
}

// A probe that only says what it may take.
struct Hungry final : ProbeSettings {
  struct It final : Probe {
    It(std::string name_, bool& asked_) : name(std::move(name_)), asked(asked_) {}
    ProbeInfo info() const override {
      ProbeInfo info;
      info.name = name;
      return info;
    }
    Room room() const override { return {std::numeric_limits<std::int64_t>::max() / 4, {}}; }
    void preflight(const Deadline&) override { asked = true; }
    void prepare(const Deadline&) override {}
    Time start(Clock&, Time, OperationSink&) override { return 0s; }
    Stopped stop() override { return {}; }
    std::vector<Redundancy> await_redundancy(Time, const Deadline&, const std::stop_token&) override { return {}; }
    std::vector<ReplicaSnapshot> snapshots(const Deadline&) override { return {}; }
    void clean_up(const Deadline&) override {}
    std::string name;
    bool& asked;
  };
  explicit Hungry(bool& asked_) : asked(asked_) {}
  void describe(Fields&) override {}
  std::unique_ptr<Probe> make(const std::string& name, const Cloud&) const override {
    return std::make_unique<It>(name, asked);
  }
  bool& asked;
};

TEST_CASE("probes: their room is added up before any of them is asked") {
  StateFolder state;
  FakeRemote remote;
  FakeClock clock;
  remote.on("systemctl list-units", answered("\n"));
  const Cloud cloud = two_nodes();
  bool asked = false;
  Scenario scenario;
  for (const char* name : {"web", "api"}) scenario.probes.push_back({name, "http", std::make_shared<Hungry>(asked)});
  const Error error = error_of([&] { preflight(scenario, cloud, 1, {remote, clock, cloud}); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Catch::Contains("for the probes web, api") && Catch::Contains("are missing"));
  CHECK_FALSE(asked);
}

TEST_CASE("nodes: every trouble of every node is told at once") {
  FakeRemote remote;
  FakeClock clock;
  remote.on("systemctl list-units", answered("\n"));
  CHECK_NOTHROW(check_nodes(two_nodes(), remote, Deadline(clock, 10s)));
  remote.on("systemctl list-units", answered("blackstart-r0-kill-c1.timer\n"));
  remote.cut_off("c2");
  const Error error = error_of([&] { check_nodes(two_nodes(), remote, Deadline(clock, 10s)); });
  CHECK_THAT(error.what(), Catch::Contains("another rehearsal has left blackstart-r0-kill-c1.timer there") &&
                               Catch::Contains("opening an SSH session to c2"));
}

ProbeInfo bank(double rate) {
  ProbeInfo info;
  info.name = "bank";
  info.audited = true;
  info.series = {{"transfer", rate, 2s, 500ms, true}};
  return info;
}

Scenario with_objective(ObjectiveSpec::Kind kind, double limit, const std::string& series = "") {
  Scenario scenario;
  scenario.objectives.push_back({kind, "bank", series, "", limit});
  return scenario;
}

TEST_CASE("objectives: the schedule must be fine enough for the bound") {
  using Kind = ObjectiveSpec::Kind;
  CHECK_NOTHROW(check_objectives(with_objective(Kind::rto, 2), {bank(10)}));
  const Error error = error_of([] { check_objectives(with_objective(Kind::rto, 2), {bank(9.9)}); });
  CHECK_THAT(error.what(),
             Catch::Contains("transfer at 9.9/s is too coarse for a bound of 2 s") && Catch::Contains("at least 10/s"));
  CHECK_THROWS_AS(check_objectives(with_objective(Kind::first_success, 0.5), {bank(10)}), Error);
  CHECK_NOTHROW(check_objectives(with_objective(Kind::downtime, 0.5), {bank(10)}));
}

TEST_CASE("objectives: a series that is not there and an RPO without an audit are refused") {
  using Kind = ObjectiveSpec::Kind;
  const Error series = error_of([] { check_objectives(with_objective(Kind::rto, 15, "transfr"), {bank(10)}); });
  CHECK_THAT(series.what(), Catch::Contains("it has no series 'transfr'") && Catch::Contains("did you mean 'transfer'?"));
  ProbeInfo blind = bank(10);
  blind.audited = false;
  CHECK_THROWS_AS(check_objectives(with_objective(Kind::rpo, 0), {blind}), Error);
  CHECK_NOTHROW(check_objectives(with_objective(Kind::rpo, 0), {bank(10)}));
}

TEST_CASE("objectives: the rate of a series that no bound is for does not matter") {
  using Kind = ObjectiveSpec::Kind;
  ProbeInfo info = bank(10);
  info.series.push_back({"boot", 0.1, 60s, 60s, false});
  CHECK_NOTHROW(check_objectives(with_objective(Kind::rto, 2, "transfer"), {info}));
  const Error all = error_of([&] { check_objectives(with_objective(Kind::rto, 2), {info}); });
  CHECK_THAT(all.what(), Catch::Contains("boot at 0.1/s is too coarse for a bound of 2 s"));
  CHECK_THAT(all.hint(), Catch::Contains("at least 10/s, or name the 'series' that is meant"));
  const Error one = error_of([&] { check_objectives(with_objective(Kind::rto, 199, "boot"), {info}); });
  CHECK_THAT(one.what(), Catch::Contains("boot at 0.1/s is too coarse"));
  CHECK_THAT(one.hint(), !Catch::Contains("name the 'series'"));
  CHECK_NOTHROW(check_objectives(with_objective(Kind::rto, 200, "boot"), {info}));
}

TEST_CASE("a wait that is over before a recovery could be seen is refused, in the words of what makes it too short") {
  const auto waiting = [](Duration length, const std::string& name) {
    Scenario scenario;
    scenario.steps.push_back({ScenarioStep::Kind::wait_recovered, {}, length, name});
    return scenario;
  };
  ProbeInfo info = bank(10);
  info.hold = 10s;
  CHECK_NOTHROW(check_objectives(waiting(10s, "bank"), {info}));
  CHECK_THAT(error_of([&] { check_objectives(waiting(9s, "bank"), {info}); }).what(),
             Catch::Contains("bank has recovered when it was good for its hold of 10s"));
  info.series.push_back({"boot", 0.2, 60s, 60s, false});
  const Error slow = error_of([&] { check_objectives(waiting(60s, "bank"), {info}); });
  CHECK_THAT(slow.what(), Catch::Contains("boot of bank at 0.2/s has recovered when 20 operations in a row were good, and they "
                                          "take 100s"));
  CHECK_THAT(slow.hint(), Catch::Contains("or raise the rate"));
  CHECK_NOTHROW(check_objectives(waiting(100s, "bank"), {info}));
  CHECK_NOTHROW(check_objectives(waiting(1s, "another"), {info}));
}

TEST_CASE("the plan's dead-men wait for the undo too, unless the scenario says when") {
  FakeService service;
  auto plan_of = [&](const std::string& dead_man) {
    Scenario scenario;
    read_text(
        "scenario: s\nclaim: c\nprobes: {bank: {kind: ledger}}\nobjectives: [{rpo: {probe: bank, at-most: 0}}]\nsteps:\n"
        "  - inject: {id: a, fault: service.stop, unit: mariadb.service, on: {pick: any}" +
            dead_man + "}\n  - hold: 5s\n",
        "s", [&](Fields& f) { scenario.describe(f); });
    const auto plan = plan_injections(scenario, service.cloud, 1, service.context());
    REQUIRE(plan.size() == 1);
    CHECK(plan[0].targets == std::vector<std::string>{"c1"});
    return plan[0].dead_man - dead_man_of(scenario, 0, scenario.steps[0].injections[0]);
  };
  CHECK(plan_of("") == undo_kind("service.running").limit);
  CHECK(plan_of(", dead-man: 10min") == 0s);
}

TEST_CASE("planned steps: one line each, numbered on through parallel, with the targets that were resolved") {
  Scenario scenario;
  read_text(
      "scenario: s\nclaim: c\nprobes: {bank: {kind: ledger}}\n"
      "steps:\n  - hold: 5s\n  - parallel:\n"
      "    - {id: a, fault: service.stop, unit: a.service, on: {pick: any}}\n"
      "    - {id: b, fault: service.stop, unit: b.service, on: {nodes: c2}}\n"
      "  - undo: a\nobjectives: [{rpo: {probe: bank, at-most: 0}}]\n",
      "s", [&](Fields& f) { scenario.describe(f); });
  const auto& injections = scenario.steps[1].injections;
  const auto steps = planned_steps(scenario, {{&injections[0], {"c1"}, 90s}, {&injections[1], {"c2"}, 90s}});
  REQUIRE(steps.size() == 4);
  CHECK(steps[0].text == "hold for 5s");
  CHECK(steps[1].text == "inject a: stop of a.service on c1 (any node)");
  CHECK(steps[2].text == "inject b: stop of b.service on c2");
  CHECK(steps[3].text == "undo a");
  for (std::size_t i = 0; i < 4; ++i) CHECK((steps[i].number == static_cast<int>(i) + 1 && steps[i].state == "planned"));
}

}  // namespace
}  // namespace blackstart
