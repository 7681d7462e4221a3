#include "runner/scenario.h"

#include <catch2/catch.hpp>

#include "tests/support/error_of.h"
#include "tests/support/schema_check.h"
#include "tests/support/text_folder.h"

namespace blackstart {
namespace {

const std::string kGood = R"(scenario: writer-kill
claim: The bank goes on.
source: a page
seed: 7
repeat: 2
probes:
  bank:
    kind: ledger
    transfers: 40/s
steady: {for: 10s, success: 99.9%, within: 60s}
steps:
  - inject:
      id: kill-writer
      fault: service.kill
      unit: mariadb.service
      on: {pick: writer}
      jitter: 2s
  - hold: 5s
  - parallel:
      - {id: freeze-a, fault: service.freeze, unit: haproxy.service, on: {pick: any, role: controller, site: dc1}}
      - {id: freeze-b, fault: service.freeze, unit: haproxy.service, on: {nodes: [c2, c3]}, dead-man: 10min}
  - wait-recovered: {probe: bank, within: 60s}
  - undo: kill-writer
settle: 90s
objectives:
  - rto: {probe: bank, at-most: 15s, injection: kill-writer, series: transfer}
  - first-success: {probe: bank, at-most: 10s, recovery: any, expected: {from: 2s, to: 4s, stage: the check}}
  - downtime: {probe: bank, at-most: 15s}
  - error-budget: {probe: bank, at-most: 1%}
  - rpo: {probe: bank, at-most: 0}
guards:
  - no-success: {probe: bank, longer-than: 45s}
  - total: {longer-than: 5min}
)";

std::vector<std::string> problems_of(const std::string& text) {
  Scenario scenario;
  std::vector<std::string> all;
  for (const auto& problem : check_text(text, "s.yaml", [&](Fields& f) { scenario.describe(f); }))
    all.push_back(yaml::format(problem));
  return all;
}

Scenario scenario_of(const std::string& text) {
  Scenario scenario;
  read_text(text, "s.yaml", [&](Fields& f) { scenario.describe(f); });
  return scenario;
}

std::string with(std::string text, const std::string& part, const std::string& other) {
  const std::size_t at = text.find(part);
  REQUIRE(at != std::string::npos);
  return text.replace(at, part.size(), other);
}

std::string schema() {
  return json_schema("scenario", [](Fields& f) { Scenario().describe(f); });
}

TEST_CASE("a good scenario is read whole") {
  const Scenario s = scenario_of(kGood);
  CHECK((s.name == "writer-kill" && s.claim == "The bank goes on." && s.source == "a page"));
  CHECK((s.seed == 7 && s.repeat == 2 && s.settle == 90s));
  REQUIRE(s.probes.size() == 1);
  CHECK((s.probes[0].name == "bank" && s.probes[0].kind == "ledger" && s.probes[0].settings));
  CHECK((s.steady.length == 10s && s.steady.within == 60s && s.steady.success == Approx(0.999)));
  REQUIRE(s.steps.size() == 5);
  CHECK(s.steps[0].text() == "inject kill-writer: SIGKILL to the main process of mariadb.service on the writer");
  CHECK(s.steps[0].injections[0].jitter == 2s);
  CHECK(s.steps[1].text() == "hold for 5s");
  CHECK(s.steps[2].injections.size() == 2);
  CHECK(s.steps[2].injections[0].on.text() == "any controller of dc1");
  CHECK(s.steps[2].injections[1].on.text() == "c2, c3");
  CHECK(s.steps[3].text() == "wait until bank has recovered, at most 1min");
  CHECK(s.steps[4].text() == "undo kill-writer");
  REQUIRE(s.objectives.size() == 5);
  CHECK((s.objectives[0].kind == ObjectiveSpec::Kind::rto && s.objectives[0].limit == 15 &&
         s.objectives[0].series == "transfer" && s.objectives[0].recovery == ObjectiveSpec::Recovery::itself));
  CHECK(
      (s.objectives[1].kind == ObjectiveSpec::Kind::first_success && s.objectives[1].recovery == ObjectiveSpec::Recovery::any));
  CHECK((s.objectives[1].expected.from == 2s && s.objectives[1].expected.to == 4s));
  CHECK(s.objectives[1].expected.stage == "the check");
  CHECK_FALSE(s.objectives[0].expected.known());
  CHECK((s.objectives[3].kind == ObjectiveSpec::Kind::error_budget && s.objectives[3].limit == Approx(0.01)));
  CHECK((s.objectives[4].kind == ObjectiveSpec::Kind::rpo && s.objectives[4].limit == 0));
  REQUIRE(s.guards.size() == 2);
  CHECK(s.guards[0].text() == "bank has no success for 45s");
  CHECK(s.guards[1].text() == "the steps take longer than 5min");
}

TEST_CASE("an objective of redundancy may demand that something is lost") {
  const std::string text =
      with(kGood, "rpo: {probe: bank, at-most: 0}", "redundancy: {probe: bank, at-most: 10s, impact: required}");
  CHECK(scenario_of(text).objectives[4].impact_required);
  CHECK_FALSE(scenario_of(with(text, "impact: required", "impact: any")).objectives[4].impact_required);
  CHECK(schema_complaint(schema(), text).empty());
}

TEST_CASE("a step that injects without jitter is warned of") {
  const Scenario good = scenario_of(kGood);
  REQUIRE(phase_warnings(good).size() == 1);
  CHECK_THAT(phase_warnings(good)[0],
             Catch::StartsWith("'freeze-a' with 'freeze-b' comes at the same moment of each repetition"));
  CHECK(phase_warnings(scenario_of(with(kGood, "dead-man: 10min", "jitter: 1s"))).empty());  // one of the two is enough
  CHECK(phase_warnings(scenario_of(with(kGood, "jitter: 2s", "jitter: 0s"))).size() == 2);
}

TEST_CASE("what may be left out has its default") {
  const Scenario s = scenario_of(
      "scenario: s\nclaim: c\nprobes: {bank: {kind: ledger}}\n"
      "steps: [{inject: {id: k, fault: service.kill, unit: a.service, on: {pick: all}}}]\n"
      "objectives: [{rpo: {probe: bank, at-most: 0}}]\n");
  CHECK((!s.seed && s.repeat == 1 && s.settle == 120s && s.guards.empty() && s.steady.length == 10s));
  CHECK((s.steps[0].injections[0].jitter == 0s && !s.steps[0].injections[0].dead_man));
  CHECK(s.steps[0].injections[0].on.text() == "every node");
}

TEST_CASE("every kind of mistake is told with its place and a hint") {
  struct Row {
    const char *part, *instead, *message;
  };
  const Row row = GENERATE(values<Row>({
      {"claim: The", "cliam: The", "s.yaml:2:1: unknown key 'cliam' (did you mean 'claim'?)"},
      {"writer-kill\n", "../etc\n",
       "s.yaml:1:11: 'scenario' must be a name of letters, digits, '-', '_' or '.', at most 64, found '../etc'"},
      {"seed: 7", "seed: 007", "s.yaml:4:7: 'seed' must be a whole number, found '007' (decimal digits, as in 10)"},
      {"repeat: 2", "repeat: 0", "s.yaml:5:9: 'repeat' must be from 1 to 1000, found 0"},
      {"kind: ledger", "kind: leger", "s.yaml:8:11: 'leger' is no kind (did you mean 'ledger'?)"},
      {"transfers: 40/s", "transfers: 40",
       "s.yaml:9:16: 'transfers' must be a rate with its unit, found '40' (as in 50/s or 30/min)"},
      {"within: 60s}\nsteps", "within: 5s}\nsteps", "s.yaml:10:44: 'within' is shorter than 'for'"},
      {"service.kill", "service.kil", "s.yaml:14:14: 'service.kil' is no fault (did you mean 'service.kill'?)"},
      {"{pick: writer}", "{pick: writr}", "s.yaml:16:18: 'writr' is no pick (did you mean 'writer'?)"},
      {"{pick: writer}", "{}", "s.yaml:16:11: no target is named: say 'nodes' or 'pick'"},
      {"{pick: writer}", "{role: controller}", "s.yaml:16:11: no target is named: say 'nodes' or 'pick'"},
      {"{pick: writer}", "{nodes: []}", "s.yaml:16:19: it names no node"},
      {"{pick: writer}", "{nodes: [c1, c2, c1]}", "s.yaml:16:19: 'c1' stands twice"},
      {"{pick: writer}", "{pick: any, nodes: [c1]}", "s.yaml:16:11: say either 'nodes' or 'pick', not both"},
      {"{pick: writer}", "{pick: writer, role: x}", "s.yaml:16:32: 'role' goes with 'pick: any' and 'pick: all' only"},
      {"{pick: writer}", "{nodes: c1, site: x}", "s.yaml:16:29: 'site' goes with 'pick: any' and 'pick: all' only"},
      {"jitter: 2s", "jitter: 2",
       "s.yaml:17:15: 'jitter' must be a duration with its unit, found '2' (as in 250ms, 5s, 2min, 1h)"},
      {"hold: 5s", "hold: 5s\n    undo: kill-writer",
       "s.yaml:18:5: exactly one is wanted of: inject, parallel, hold, wait-recovered, undo"},
      {"hold: 5s", "hodl: 5s", "s.yaml:18:5: unknown key 'hodl' (did you mean 'hold'?)"},
      {"id: freeze-a", "id: kill-writer", "s.yaml:20:14: 'kill-writer' is the id of another injection"},
      {"id: freeze-b", "id: freeze-a", "s.yaml:21:14: 'freeze-a' is the id of another injection"},
      {"dead-man: 10min", "dead-man: 1s", "s.yaml:21:103: 'dead-man' must be from 5s to 7d, found 1s"},
      {"{probe: bank, within: 60s}", "{probe: bnk, within: 60s}",
       "s.yaml:22:29: there is no probe 'bnk' (did you mean 'bank'?)"},
      {"{probe: bank, within: 60s}", "{probe: bank}", "s.yaml:22:21: 'within' is missing (at most this long)"},
      {"undo: kill-writer", "undo: kill-witer",
       "s.yaml:23:11: there is no injection before this step called 'kill-witer' (did you mean 'kill-writer'?)"},
      {"at-most: 15s, inj", "at-most: 15, inj",
       "s.yaml:26:33: 'at-most' must be a duration with its unit, found '15' (as in 250ms, 5s, 2min, 1h)"},
      {"injection: kill-writer", "injection: freeze-x",
       "s.yaml:26:49: there is no injection 'freeze-x' (did you mean 'freeze-a'?)"},
      {"- first-success", "- frist-success", "s.yaml:27:5: unknown key 'frist-success' (did you mean 'first-success'?)"},
      {"recovery: any", "recovery: nay", "s.yaml:27:58: 'nay' is no recovery (known: itself, any)"},
      {"to: 4s", "to: 1s", "s.yaml:27:88: it is shorter than 'from'"},
      {"to: 4s", "to: 11s",
       "s.yaml:27:73: up to 11s is expected, and 10s are allowed (raise 'at-most', or have the cloud's settings changed)"},
      {", stage: the check", "",
       "s.yaml:27:73: 'stage' is missing (what takes this time: the likely culprit of a value outside)"},
      {"downtime: {probe: bank, at-most: 15s}", "downtime: {probe: bank, at-most: 15s, recovery: any}",
       "s.yaml:28:43: unknown key 'recovery' (known: probe, series, at-most, from)"},
      {"at-most: 1%", "at-most: 0.01", "s.yaml:29:42: 'at-most' must be a share in percent, found '0.01' (as in 99.9%)"},
      {"rpo: {probe: bank, at-most: 0}", "rpo: {probe: bank, at-most: 0, series: x}",
       "s.yaml:30:36: unknown key 'series' (known: probe, at-most, from)"},
      {"no-success: {probe: bank", "no-success: {probe: b", "s.yaml:32:25: there is no probe 'b' (known: bank)"},
      {"total: {longer-than: 5min}", "total: {}", "s.yaml:33:12: 'longer-than' is missing (the bound)"},
  }));
  CAPTURE(row.part, row.instead);
  const auto problems = problems_of(with(kGood, row.part, row.instead));
  CHECK_THAT(problems, Catch::VectorContains(std::string(row.message)));
  CHECK(problems.size() <= 2);  // a slip in a required key is an unknown key and a missing one
}

TEST_CASE("guards: 'no-success' of a probe that only watches redundancy could never trip, and is refused") {
  const std::string watched = with(kGood, "steady: {for", "  whole: {kind: redundancy}\nsteady: {for");
  CHECK(problems_of(watched).empty());
  const auto problems = problems_of(with(watched, "no-success: {probe: bank", "no-success: {probe: whole"));
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0], Catch::StartsWith("s.yaml:33:25: 'whole' has no operations that could succeed"));
}

TEST_CASE("a scenario that could prove nothing is refused") {
  auto only = [](const std::string& probes, const std::string& steps, const std::string& objectives) {
    return problems_of("scenario: s\nclaim: c\nprobes: " + probes + "\nsteps: " + steps + "\nobjectives: " + objectives + "\n");
  };
  const std::string bank = "{bank: {kind: ledger}}",
                    kill = "[{inject: {id: k, fault: service.kill, unit: a.service, on: {pick: all}}}]",
                    rpo = "[{rpo: {probe: bank, at-most: 0}}]";
  CHECK(only(bank, kill, rpo).empty());
  CHECK(only("{}", kill, "[]").front() == "s.yaml:3:9: there is no probe: nothing would be measured");
  CHECK(only(bank, "[{hold: 1s}]", rpo) ==
        std::vector<std::string>{"s.yaml:4:8: no step injects anything: nothing would be rehearsed"});
  CHECK(only(bank, "[{parallel: []}]", rpo).front() == "s.yaml:4:8: no step injects anything: nothing would be rehearsed");
  CHECK(only(bank, kill, "[]") == std::vector<std::string>{"s.yaml:5:13: there is no objective: nothing would be judged"});
}

TEST_CASE("an undo may only name an injection that came before it") {
  const auto problems = problems_of(with(kGood, "steps:\n", "steps:\n  - undo: freeze-a\n"));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].starts_with("s.yaml:12:11: there is no injection before this step called 'freeze-a'"));
}

TEST_CASE("the dead-man waits for everything up to the undo, by the scenario's own limits") {
  const Scenario s = scenario_of(kGood);
  // inject, hold 5 s, parallel, wait 60 s, each with a minute for its own work, and one more.
  CHECK(dead_man_of(s, 0, s.steps[0].injections[0]) == 60s + (60s) + (5s + 60s) + (60s) + (60s + 60s));
  // No undo of its own: until the end of the steps.
  CHECK(dead_man_of(s, 2, s.steps[2].injections[0]) == 60s + (60s) + (60s + 60s) + (60s));
  CHECK(dead_man_of(s, 2, s.steps[2].injections[1]) == 10min);
}

TEST_CASE("a dead-man that would fire while its fault is still wanted is refused") {
  auto held = [](const char* dead_man) {
    return problems_of(with(with(kGood, "jitter: 2s", std::string("dead-man: ") + dead_man), "hold: 5s", "hold: 1min"));
  };
  CHECK(held("60s") == std::vector<std::string>{
                           "s.yaml:12:3: the dead-man of 'kill-writer' (1min) fires while the steps still hold it (1min)"});
  CHECK(held("61s").empty());
}

TEST_CASE("a node that is named by two injections which are open together is refused, unless the later one shares it") {
  const std::string again = "  - inject: {id: more, fault: service.stop, unit: b.service, on: {nodes: [c3]}}\n";
  auto with_more = [&](const std::string& text) { return problems_of(with(kGood, "  - undo: kill-writer\n", text)); };
  CHECK(with_more(again) ==
        std::vector<std::string>{"s.yaml:23:66: 'c3' is hit by 'freeze-b' already, which is not undone before (undo that "
                                 "first, or say 'share: true' if both are meant to hit it)"});
  CHECK(with_more(with(again, "id: more", "id: more, share: true")).empty());
  CHECK(with_more("  - undo: freeze-b\n" + again).empty());
  CHECK(with_more(with(again, "[c3]", "[c1]")).empty());
}

TEST_CASE("how many nodes of a role stay unhit is a whole number by role") {
  const auto leave = [](const std::string& text) { return with(kGood, "settle:", "leave: " + text + "\nsettle:"); };
  CHECK(scenario_of(kGood).leave.empty());
  CHECK(scenario_of(leave("{database: 2, web-1: 0}")).leave ==
        std::map<std::string, std::int64_t>{{"database", 2}, {"web-1", 0}});
  CHECK(problems_of(leave("{database: one}")) ==
        std::vector<std::string>{"s.yaml:24:19: 'database' must be a whole number (decimal digits, as in 10)"});
  CHECK(problems_of(leave("{database: -1}")).size() == 1);
  CHECK(problems_of(leave("{database: {at-least: 1}}")).size() == 1);
  CHECK(problems_of(leave("{a b: 1}")).front() ==
        "s.yaml:24:9: 'a b' is no name (letters, digits, '-', '_' or '.', at most 64)");
  CHECK(problems_of(leave("1")).front() == "s.yaml:24:8: 'leave' must be a block of keys, found a plain value");
  CHECK(schema_complaint(schema(), leave("{database: 2}")) == "");
  CHECK(schema_complaint(schema(), leave("{database: two}")) != "");
}

TEST_CASE("a scenario file keeps its text, and errors name the file") {
  TextFolder folder;
  CHECK(read_scenario(folder.write("good.yaml", kGood)).file_text == kGood);
  const auto file = folder.write("bad.yaml", with(kGood, "claim: The", "cliam: The"));
  const Error error = error_of([&] { read_scenario(file); });
  CHECK(error.kind() == ErrorKind::bad_file);
  CHECK_THAT(error.what(), Catch::StartsWith(file.string() + ":1:1: 'claim' is missing") ||
                               Catch::StartsWith(file.string() + ":2:1: unknown key 'cliam'"));
}

TEST_CASE("every scenario of the tree is read, and the schema for editors accepts it") {
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(BLACKSTART_SOURCE_DIR "/scenarios")) {
    if (entry.path().extension() != ".yaml") continue;
    CAPTURE(entry.path().string());
    CHECK_NOTHROW(read_scenario(entry.path()));
    CHECK(schema_complaint(schema(), TextFolder::read(entry.path())) == "");
    ++files;
  }
  CHECK(files > 0);
  CHECK(schema_complaint(schema(), kGood) == "");
}

TEST_CASE("the schema refuses what the reader refuses") {
  struct Row {
    const char *part, *instead;
  };
  const Row row = GENERATE(values<Row>({{"claim: The", "cliam: The"},
                                        {"kind: ledger", "kind: leger"},
                                        {"service.kill", "service.kil"},
                                        {"jitter: 2s", "jitter: 2"},
                                        {"jitter: 2s", "jiter: 2s"},
                                        {"hold: 5s", "hold: 5s\n    undo: kill-writer"},
                                        {"{pick: writer}", "{pick: writr}"},
                                        {"recovery: any", "recovery: nay"},
                                        {"at-most: 1%", "at-most: 0.01"}}));
  CAPTURE(row.part, row.instead);
  CHECK(schema_complaint(schema(), with(kGood, row.part, row.instead)) != "");
  CHECK_FALSE(problems_of(with(kGood, row.part, row.instead)).empty());
}

}  // namespace
}  // namespace blackstart
