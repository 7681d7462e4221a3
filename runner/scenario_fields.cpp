// What a scenario file may say: one declaration for reading, schema and help. Its larger parts stand in scenario_probes.cpp,
// scenario_steps.cpp and scenario_objectives.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "probes/redundancy.h"
#include "runner/scenario_fields.h"

namespace blackstart::scenario_fields {

Names injection_ids(const std::vector<ScenarioStep>& steps) {
  Names ids;
  for (const auto& step : steps)
    for (const auto& injection : step.injections) ids.push_back(injection.id);
  return ids;
}

Names probe_names(const Scenario& scenario) {
  Names names;
  for (const auto& probe : scenario.probes)
    if (std::find(names.begin(), names.end(), probe.key) == names.end()) names.push_back(probe.key);
  return names;
}

void must_be_known(Fields& f, const char* field, const std::string& what, const std::string& value, const Names& known) {
  if (value.empty() || std::find(known.begin(), known.end(), value) != known.end()) return;
  f.problem(field, fmt::format("there is no {} '{}'", what, value), suggestion(value, known));
}

}  // namespace blackstart::scenario_fields

namespace blackstart {
namespace {

using namespace scenario_fields;

// One that watches redundancy. Of the other kinds the preflight knows whether they have operations.
void must_have_operations(Fields& f, const Scenario& scenario, const std::string& key) {
  for (const ProbeStep& probe : scenario.probes)
    if (probe.key == key && dynamic_cast<const RedundancySettings*>(probe.settings.get()))
      return f.problem("probe",
                       fmt::format("'{}' has no operations that could succeed, so that the guard would never trip", key),
                       "name a probe that sends something; 'total' bounds the whole rehearsal");
}

void describe_guard(Fields& f, Scenario& scenario) {
  GuardSpec guard;
  f.object({"no-success", "a probe has had no good operation for too long"}, [&](Fields& inner) {
    guard.kind = GuardSpec::Kind::no_success;
    inner.name({"probe", "which", Field::required}, guard.probe);
    must_be_known(inner, "probe", "probe", guard.probe, probe_names(scenario));
    must_have_operations(inner, scenario, guard.probe);
    guard.probe = describe_one_vantage(inner, scenario, guard.probe);
    inner.duration({"longer-than", "the bound", Field::required}, guard.limit, {1s, 168h});
  });
  f.object({"total", "the steps take too long"}, [&](Fields& inner) {
    guard.kind = GuardSpec::Kind::total;
    inner.duration({"longer-than", "the bound", Field::required}, guard.limit, {1s, 168h});
  });
  f.exactly_one();
  scenario.guards.push_back(guard);
}

void describe_steady(Fields& f, Steady& steady) {
  f.duration({"for", "every probe must have been good for this long before anything is injected"}, steady.length, {1s, 1h});
  f.ratio({"success", "share of good operations that counts as good"}, steady.success);
  f.duration({"within", "give up (inconclusive) when it isn't steady by then"}, steady.within, {1s, 24h});
  if (f.reading() && steady.within < steady.length) f.problem("within", "'within' is shorter than 'for'");
}

// A dead-man that fires while the scenario still holds the fault would end it early: the rehearsal would measure something
// else.
void check_dead_men(Fields& f, const Scenario& scenario) {
  for (std::size_t i = 0; i < scenario.steps.size(); ++i)
    for (const auto& injection : scenario.steps[i].injections) {
      Duration held{0};
      for (std::size_t k = i + 1; k < scenario.steps.size(); ++k) {
        if (scenario.steps[k].kind == ScenarioStep::Kind::undo && scenario.steps[k].name == injection.id) break;
        if (scenario.steps[k].kind == ScenarioStep::Kind::hold) held += scenario.steps[k].length;
      }
      if (injection.dead_man && *injection.dead_man <= held)
        f.problem("steps", fmt::format("the dead-man of '{}' ({}) fires while the steps still hold it ({})", injection.id,
                                       format_duration(*injection.dead_man), format_duration(held)));
    }
}

}  // namespace

void Scenario::describe(Fields& f) {
  f.name({"scenario", "the scenario's name; run folders are named after it", Field::required}, name);
  f.text({"claim", "the sentence that is put to the test", Field::required}, claim);
  f.text({"source", "where the claim stands"}, source);
  std::int64_t number = 0;
  if (f.integer({"seed", "fixes every random choice; without it, each run makes one and records it"}, number)) seed = number;
  f.integer({"repeat", "how many times in a row; the report then has median, maximum and every run"}, repeat, {1, 1000});
  f.map({"probes", "the workloads that run all the time, by name", Field::required},
        [&](const std::string& key, Fields& probe) { describe_probe(key, probe, *this); });
  f.object({"steady", "the green baseline that is wanted first"}, [&](Fields& inner) { describe_steady(inner, steady); });
  f.list({"steps", "what is done, in this order; what is still there at the end is undone", Field::required},
         [&](Fields& step) { describe_step(step, *this); });
  f.counts(
      {"leave", "by role: how many of its nodes must stay unhit at any time; without it, one of each role that has several"},
      leave);
  f.duration({"settle", "after the last undo: how long recovery and full redundancy may take"}, settle, {1s, 24h});
  f.list({"objectives", "bounds on measured values: what makes it passed or failed", Field::required},
         [&](Fields& objective) { describe_objective(objective, *this); });
  f.list({"guards", "bounds that stop the rehearsal and undo everything"},
         [&](Fields& guard) { describe_guard(guard, *this); });
  if (!f.reading()) return;
  if (probes.empty()) f.problem("probes", "there is no probe: nothing would be measured");
  if (injection_ids(steps).empty()) f.problem("steps", "no step injects anything: nothing would be rehearsed");
  if (objectives.empty()) f.problem("objectives", "there is no objective: nothing would be judged");
  check_dead_men(f, *this);
}

}  // namespace blackstart
