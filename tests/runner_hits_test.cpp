#include "runner/hits.h"

#include <catch2/catch.hpp>

#include "runner/preflight.h"
#include "runner/selection.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_remote.h"
#include "tests/support/small_cloud.h"

namespace blackstart {
namespace {

using Names = std::vector<std::string>;
using Floor = std::map<std::string, std::int64_t>;

Cloud with_roles() {
  Cloud cloud = small_cloud({"c1", "c2", "c3", "s1"});
  for (Node& node : cloud.nodes) {
    node.roles = node.name == "s1" ? Names{"storage"} : Names{"controller", "database"};
    node.rack = node.name == "c1" || node.name == "s1" ? "r1" : "r2";
  }
  return cloud;
}

// A fault that says by itself whom it hits.
class Isolation final : public FaultSettings {
 public:
  explicit Isolation(Names names) : names_(std::move(names)) {}
  void describe(Fields&) override {}
  std::string summary() const override { return "isolation of dc1"; }
  std::vector<std::pair<std::string, std::string>> parameters() const override { return {}; }
  std::unique_ptr<TargetFault> make(const Node&, FaultContext) const override { return nullptr; }
  bool names_targets() const override { return true; }
  Names targets(const Cloud&) const override { return names_; }

 private:
  const Names names_;
};

TEST_CASE("a node is hit by the first injection that is open on it") {
  Hits hits;
  CHECK(hits.on("c1").empty());
  hits.add("a", {"c1", "c2"});
  hits.add("b", {"c2"});
  CHECK((hits.on("c1") == "a" && hits.on("c2") == "a" && hits.on("c3").empty()));
  hits.remove("a");
  CHECK((hits.on("c1").empty() && hits.on("c2") == "b"));
  hits.remove("nothing-of-this-name");
  CHECK(hits.on("c2") == "b");
}

TEST_CASE("two injections meet on a node only when the later one says so") {
  Hits hits;
  hits.add("a", {"c1"});
  InjectStep step;
  step.id = "b";
  CHECK_NOTHROW(check_not_shared(step, {"c2", "c3"}, hits));
  const Error error = error_of([&] { check_not_shared(step, {"c2", "c1"}, hits); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Catch::Contains("c1 is hit by 'a' already") && Catch::Contains("share: true"));
  step.share = true;
  CHECK_NOTHROW(check_not_shared(step, {"c1"}, hits));
}

TEST_CASE("the floor: one of each role that has several nodes, or what the scenario says") {
  const Cloud cloud = with_roles();
  CHECK(floor_of({}, cloud) == Floor{{"controller", 1}, {"database", 1}, {"storage", 0}});
  CHECK(floor_of({{"database", 2}, {"storage", 1}}, cloud) == Floor{{"controller", 1}, {"database", 2}, {"storage", 1}});
  const Error unknown = error_of([&] { floor_of({{"databse", 0}}, cloud); });
  CHECK(unknown.kind() == ErrorKind::unmet);
  CHECK_THAT(unknown.what(), Catch::Contains("no node of role 'databse'") && Catch::Contains("did you mean 'database'?"));
}

TEST_CASE("too few left: every role is told, and how to say that it is meant") {
  const Cloud cloud = with_roles();
  Hits hits;
  hits.add("a", {"c1", "s1"});
  CHECK_NOTHROW(check_floor("step", floor_of({}, cloud), cloud, hits));
  hits.add("b", {"c1", "c2"});  // c1 counts once
  CHECK_NOTHROW(check_floor("step", floor_of({}, cloud), cloud, hits));
  const Error two = error_of([&] { check_floor("step", floor_of({{"database", 2}}, cloud), cloud, hits); });
  CHECK_THAT(two.what(), Catch::Contains("step: 1 of role database would be left unhit, at least 2 must be"));
  hits.add("c", {"c3"});
  const Error none = error_of([&] { check_floor("step", floor_of({}, cloud), cloud, hits); });
  CHECK(none.kind() == ErrorKind::unmet);
  CHECK_THAT(none.what(), Catch::Contains("0 of role controller") && Catch::Contains("0 of role database") &&
                              Catch::Contains("'leave: {controller: 0, database: 0}'"));
  CHECK_NOTHROW(check_floor("step", floor_of({{"controller", 0}, {"database", 0}}, cloud), cloud, hits));
}

struct Resolving {
  Cloud cloud = with_roles();
  FakeRemote remote;
  FakeClock clock;
  Hits hits;
  InjectStep step;

  Resolving() { step.id = "k"; }
  Names operator()(std::uint64_t seed = 1) { return resolve(step, cloud, seed, remote, Deadline(clock, 10s), hits); }
};

TEST_CASE("any chooses among the nodes that nothing hits, unless it may share") {
  Resolving resolving;
  resolving.step.on.pick = "any";
  resolving.hits.add("a", {"c1", "s1"});
  std::map<std::string, int> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) ++seen[resolving(seed).at(0)];
  CHECK((seen.size() == 2 && seen["c2"] > 20 && seen["c3"] > 20));
  resolving.step.share = true;
  for (std::uint64_t seed = 0; seed < 100; ++seed) ++seen[resolving(seed).at(0)];
  CHECK(seen.size() == 4);
  resolving.step.share = false;
  resolving.hits.add("b", {"c2", "c3"});
  const Error error = error_of([&] { resolving(); });
  CHECK_THAT(error.what(), Catch::Contains("each node that 'any node' may mean is hit already"));
}

TEST_CASE("any and all can be narrowed down by rack") {
  Resolving resolving;
  resolving.step.on = {{}, "all", "", "", "r2"};
  CHECK(resolving() == Names{"c2", "c3"});
  CHECK(resolving.step.on.text() == "every node of rack r2");
  resolving.step.on = {{}, "any", "database", "dc1", "r1"};
  CHECK(resolving() == Names{"c1"});
  CHECK(resolving.step.on.text() == "any database of rack r1 in dc1");
  resolving.step.on.rack = "r3";
  CHECK_THAT(error_of([&] { resolving(); }).what(), Catch::Contains("no node for 'any database of rack r3 in dc1'"));
}

TEST_CASE("a fault that names its targets is asked for them") {
  Resolving resolving;
  resolving.step.settings = std::make_shared<Isolation>(Names{"c1", "s1"});
  CHECK(resolving() == Names{"c1", "s1"});
  CHECK(resolving.step.text() == "inject k: isolation of dc1");
  resolving.step.settings = std::make_shared<Isolation>(Names{});
  CHECK(error_of([&] { resolving(); }).kind() == ErrorKind::unmet);
  resolving.step.settings = std::make_shared<Isolation>(Names{"c9"});
  CHECK(error_of([&] { resolving(); }).kind() == ErrorKind::internal);
}

// --- the plan ---

struct Planning {
  Cloud cloud = with_roles();
  FakeRemote remote;
  FakeClock clock;
  Scenario scenario;

  Planning() {
    remote.on("ip -o addr show", [](const std::string& node, const std::string&) {
      return answered(node == "c2" ? "2: eth1    inet 198.18.0.5/32 scope global eth1\n" : "1: lo    inet 127.0.0.1/8\n");
    });
    remote.on("systemctl show", answered("MainPID=0\nNRestarts=0\nExecMainStartTimestampMonotonic=0\nId=a.service\n"
                                         "LoadState=not-found\nActiveState=inactive\nSubState=dead\nStat=\nEnd=1\n"));
    cloud.vip = "198.18.0.5";
  }
  // The plan's refusal; of a good plan, that of the first fault, which finds no such unit anywhere.
  std::string refusal(const std::string& steps, const std::string& more = "") {
    scenario = {};
    read_text(
        "scenario: s\nclaim: c\nprobes: {bank: {kind: ledger}}\nobjectives: [{rpo: {probe: bank, at-most: 0}}]\nsteps:\n" +
            steps + more,
        "s", [&](Fields& f) { scenario.describe(f); });
    return error_of([&] { plan_injections(scenario, cloud, 1, {remote, clock, cloud}); }).what();
  }
};

std::string stop(const std::string& id, const std::string& rest) {
  return "{id: " + id + ", fault: service.stop, unit: a.service, " + rest + "}";
}
std::string inject(const std::string& id, const std::string& rest) { return "  - inject: " + stop(id, rest) + "\n"; }

const char* const kGoesOn = "there is no such unit";

TEST_CASE("plan: what is open together never meets on a node, and leaves the floor") {
  Planning planning;
  const std::string all = inject("a", "on: {pick: all, rack: r1}");
  CHECK_THAT(planning.refusal(all + inject("b", "on: {nodes: c2}")), Catch::Contains(kGoesOn));
  CHECK_THAT(planning.refusal(all + inject("b", "on: {nodes: c1}")), Catch::Contains("c1 is hit by 'a' already"));
  CHECK_THAT(planning.refusal(all + inject("b", "on: {nodes: c1}, share: true")), Catch::Contains(kGoesOn));
  CHECK_THAT(planning.refusal(all + "  - undo: a\n" + inject("b", "on: {nodes: c1}")), Catch::Contains(kGoesOn));
  CHECK_THAT(planning.refusal("  - parallel: [" + stop("a", "on: {pick: all, rack: r2}") + ", " +
                              stop("b", "on: {pick: all, role: database}") + "]\n"),
             Catch::Contains("c2 is hit by 'a' already"));
  const std::string more = inject("b", "on: {pick: all, rack: r2}");
  const std::string lost = planning.refusal(all + more);
  CHECK_THAT(lost, Catch::Contains("inject b: stop of a.service on every node of rack r2") &&
                       Catch::Contains("'leave: {controller: 0, database: 0}'"));
  CHECK_THAT(planning.refusal(all + more, "leave: {controller: 0, database: 0}\n"), Catch::Contains(kGoesOn));
  CHECK_THAT(planning.refusal(all + "  - undo: a\n" + more), Catch::Contains(kGoesOn));
}

TEST_CASE("plan: the holder of the virtual IP will be another one once it is hit, and counts as such") {
  Planning planning;
  const std::string twice = inject("a", "on: {pick: vip-holder}") + inject("b", "on: {pick: vip-holder}");
  CHECK_THAT(planning.refusal(twice), Catch::Contains(kGoesOn));
  CHECK_THAT(planning.refusal(twice, "leave: {database: 2}\n"), Catch::Contains("1 of role database would be left"));
  CHECK_THAT(planning.refusal("  - parallel: [" + stop("a", "on: {pick: vip-holder}") + ", " +
                              stop("b", "on: {pick: vip-holder}") + "]\n"),
             Catch::Contains("c2 is hit by 'a' already"));
}

}  // namespace
}  // namespace blackstart
