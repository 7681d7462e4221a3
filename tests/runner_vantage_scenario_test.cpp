// `from` in a scenario: a probe at each of its vantage points, and what is asked of which.
#include <catch2/catch.hpp>

#include "probes/ledger_settings.h"
#include "runner/scenario.h"
#include "runner/vantage_probe.h"
#include "tests/support/error_of.h"

namespace blackstart {
namespace {

struct Parts {
  std::string probe = "kind: ledger, from: [runner, c1, c3]";
  std::string objective = "rto: {probe: bank, at-most: 15s}";
  std::string step = "wait-recovered: {probe: bank, within: 60s}";
  std::string guard = "no-success: {probe: bank, longer-than: 45s}";
};

std::string text_of(const Parts& parts) {
  return "scenario: s\nclaim: c\nprobes:\n  bank: {" + parts.probe +
         "}\nsteps: [{inject: {id: cut, fault: service.kill, unit: a.service, on: {pick: all}}}, {" + parts.step +
         "}]\nobjectives: [{" + parts.objective + "}]\nguards: [{" + parts.guard + "}]\n";
}

Scenario read(const Parts& parts) {
  Scenario scenario;
  read_text(text_of(parts), "s.yaml", [&](Fields& f) { scenario.describe(f); });
  return scenario;
}

std::string trouble(const Parts& parts) {
  return error_of([&] { read(parts); }).what();
}

std::string names(const Scenario& scenario) {
  std::string all;
  for (const ProbeStep& probe : scenario.probes) all += probe.name + "/" + probe.vantage + " ";
  return all;
}

std::string asked(const Scenario& scenario) {
  std::string all;
  for (const ObjectiveSpec& spec : scenario.objectives) all += spec.probe + " ";
  return all;
}

TEST_CASE("a probe without `from` is the runner's, as ever", "[vantage-scenario]") {
  const Scenario s = read({.probe = "kind: ledger"});
  CHECK(names(s) == "bank/ ");
  CHECK(asked(s) == "bank ");
}

TEST_CASE("each vantage point is a probe of its own, with ground of its own and its own row of each objective",
          "[vantage-scenario]") {
  const Scenario s = read({});
  CHECK(names(s) == "bank/ bank@c1/c1 bank@c3/c3 ");
  CHECK(asked(s) == "bank bank@c1 bank@c3 ");
  CHECK(s.probes[0].settings->stands_on() == "ledger tables with prefix ''");
  CHECK(s.probes[2].settings->stands_on() == "ledger tables with prefix 'c3-'");
  CHECK(s.steps[1].name == "bank");
  CHECK(s.guards[0].probe == "bank");
}

TEST_CASE("objectives, waits and guards may ask about some of them", "[vantage-scenario]") {
  const Scenario s = read({.objective = "rto: {probe: bank, from: [c3, runner], at-most: 15s}",
                           .step = "wait-recovered: {probe: bank, from: c1, within: 60s}",
                           .guard = "no-success: {probe: bank, from: c3, longer-than: 45s}"});
  CHECK(asked(s) == "bank@c3 bank ");
  CHECK(s.steps[1].name == "bank@c1");
  CHECK(s.guards[0].probe == "bank@c3");
}

TEST_CASE("`at: here` is the replica beside whoever sends", "[vantage-scenario]") {
  const Scenario s = read({.probe = "kind: ledger, from: [runner, c1], at: here, prefix: x-"});
  const auto& there = dynamic_cast<const LedgerSettings&>(*s.probes[1].settings);
  CHECK((there.at == "c1" && there.prefix == "x-c1-"));
}

TEST_CASE("split-brain: every vantage point is a side unless sides are named", "[vantage-scenario]") {
  using Sides = std::vector<std::vector<std::string>>;
  const Scenario plain = read({.objective = "split-brain: {probe: bank, injection: cut, at-most: 0}"});
  REQUIRE(plain.objectives.size() == 1);
  CHECK(plain.objectives[0].kind == ObjectiveSpec::Kind::split_brain);
  CHECK(plain.objectives[0].sides == Sides{{"bank"}, {"bank@c1"}, {"bank@c3"}});
  const Scenario named =
      read({.objective = "split-brain: {probe: bank, injection: cut, at-most: 0, sides: [[c1, runner], [c3]]}"});
  CHECK(named.objectives[0].sides == Sides{{"bank@c1", "bank"}, {"bank@c3"}});
}

TEST_CASE("what can't be meant is told where it stands", "[vantage-scenario]") {
  CHECK_THAT(trouble({.probe = "kind: ledger, from: [c1, c1]"}), Catch::Contains("'c1' stands twice"));
  CHECK_THAT(trouble({.probe = "kind: ledger, from: []"}), Catch::Contains("names no vantage point"));
  CHECK_THAT(trouble({.probe = "kind: vip, from: [c1]"}), Catch::Contains("can only be sent from the runner"));
  CHECK_THAT(trouble({.probe = "kind: http, url: 'https://a/', cacert: x.pem, from: [c1]"}),
             Catch::Contains("can only be sent from the runner"));
  CHECK_THAT(trouble({.objective = "rto: {probe: bank, from: c2, at-most: 15s}"}),
             Catch::Contains("'bank' is not sent from 'c2'"));
  CHECK_THAT(trouble({.probe = "kind: ledger, from: [c1]"}), Catch::Contains("'bank' is not sent from 'runner'"));
  CHECK_THAT(trouble({.step = "wait-recovered: {probe: bank, from: c9, within: 60s}"}), Catch::Contains("not sent from 'c9'"));
  const std::string cut = "split-brain: {probe: bank, injection: cut, at-most: 0";
  CHECK_THAT(trouble({.probe = "kind: ledger", .objective = cut + "}"}), Catch::Contains("not two sides"));
  CHECK_THAT(trouble({.objective = cut + ", sides: [[c1]]}"}), Catch::Contains("not two sides"));
  CHECK_THAT(trouble({.objective = cut + ", sides: [[c1], [c1, c3]]}"}), Catch::Contains("'c1' is on two sides"));
  CHECK_THAT(trouble({.objective = cut + ", sides: [[c1], [c2]]}"}), Catch::Contains("not sent from 'c2'"));
}

TEST_CASE("two ledgers whose vantage points would share tables are refused", "[vantage-scenario]") {
  CHECK_THAT(trouble({.probe = "kind: ledger, from: [runner, c1]}\n  other: {kind: ledger, prefix: c1-"}),
             Catch::Contains("'bank@c1' and 'other' would both work on"));
}

TEST_CASE("a vantage point lives longer than all that a rehearsal may take", "[vantage-scenario]") {
  const Scenario s = read({});
  Duration held = s.steady.within + s.settle;
  for (const ScenarioStep& step : s.steps) held += step.length;
  CHECK(longest_run(s) > held + 10min);
}

}  // namespace
}  // namespace blackstart
