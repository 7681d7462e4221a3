// What a step of a scenario may say.
#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "runner/scenario_fields.h"

namespace blackstart::scenario_fields {
namespace {

void check_selection(Fields& f, const Selection& on) {
  if (!f.has("nodes") && !f.has("pick")) f.problem("on", "no target is named: say 'nodes' or 'pick'");
  if (f.has("nodes") && f.has("pick")) f.problem("on", "say either 'nodes' or 'pick', not both");
  if (f.has("nodes") && !f.has("pick") && on.nodes.empty()) f.problem("nodes", "it names no node");
  for (auto name = on.nodes.begin(); name != on.nodes.end(); ++name)
    if (std::find(on.nodes.begin(), name, *name) != name) f.problem("nodes", fmt::format("'{}' stands twice", *name));
}

void describe_selection(Fields& f, Selection& on) {
  f.texts({"nodes", "these nodes, by name"}, on.nodes);
  f.choice({"pick",
            "writer: the database node that clients write to; vip-holder: the node with the virtual IP; any: one by the "
            "seed; all: every one"},
           on.pick, {"writer", "vip-holder", "any", "all"});
  if (f.reading()) check_selection(f, on);
  f.name({"role", "any, all: only nodes of this role"}, on.role);
  f.name({"site", "any, all: only nodes of this site"}, on.site);
  f.name({"rack", "any, all: only nodes of this rack"}, on.rack);
  if (on.pick == "any" || on.pick == "all") return;
  for (const auto& [field, value] : {std::pair{"role", on.role}, std::pair{"site", on.site}, std::pair{"rack", on.rack}})
    if (!value.empty()) f.problem(field, fmt::format("'{}' goes with 'pick: any' and 'pick: all' only", field));
}

// A fault that names its targets by its own parameters has no `on`.
void describe_on(Fields& f, Selection& on, const FaultSettings& settings) {
  if (!settings.names_targets())
    f.object({"on", "whom it hits", Field::required}, [&](Fields& inner) { describe_selection(inner, on); });
  else if (f.has("on"))
    f.problem("on", "this fault's own parameters say whom it hits", "leave 'on' out");
}

// What is known before any cloud is: nodes that are named twice. The rest is checked by the plan.
void check_shared(Fields& f, const InjectStep& step, const std::vector<InjectStep>& open) {
  if (step.share) return;
  for (const InjectStep& other : open)
    for (const std::string& node : step.on.nodes)
      if (std::find(other.on.nodes.begin(), other.on.nodes.end(), node) != other.on.nodes.end())
        f.problem("on", fmt::format("'{}' is hit by '{}' already, which is not undone before", node, other.id),
                  "undo that first, or say 'share: true' if both are meant to hit it");
}

InjectStep describe_inject(Fields& f, const Names& ids, const std::vector<InjectStep>& open) {
  InjectStep step;
  f.name({"id", "what later steps and the report call it", Field::required}, step.id);
  if (!step.id.empty() && std::find(ids.begin(), ids.end(), step.id) != ids.end())
    f.problem("id", fmt::format("'{}' is the id of another injection", step.id));
  f.flag({"share", "it may hit a node that another injection hits at the same time"}, step.share);
  f.duration(
      {"jitter", "wait a random part of this (by the seed) before the fault, so that it meets every phase of heartbeats"},
      step.jitter, {0s, 1h});
  Duration dead_man{};
  if (f.duration({"dead-man", "the target undoes it by itself after this; without it, a minute after the rehearsal would have"},
                 dead_man, {5s, 168h}))
    step.dead_man = dead_man;
  f.variant({"fault", "what is done", Field::required}, step.fault,
            alternatives_of(fault_kinds(), step.settings,
                            [&](Fields& inner, const FaultSettings& settings) { describe_on(inner, step.on, settings); }));
  check_shared(f, step, open);
  return step;
}

// The injections that nothing has undone yet after these steps.
std::vector<InjectStep> open_after(const std::vector<ScenarioStep>& steps) {
  std::vector<InjectStep> open;
  for (const ScenarioStep& step : steps) {
    open.insert(open.end(), step.injections.begin(), step.injections.end());
    if (step.kind == ScenarioStep::Kind::undo)
      open.erase(std::remove_if(open.begin(), open.end(), [&](const InjectStep& each) { return each.id == step.name; }),
                 open.end());
  }
  return open;
}

}  // namespace

void describe_step(Fields& f, Scenario& scenario) {
  ScenarioStep step;
  Names ids = injection_ids(scenario.steps);
  std::vector<InjectStep> open = open_after(scenario.steps);
  auto add = [&](Fields& inner) {
    step.kind = ScenarioStep::Kind::inject;
    step.injections.push_back(describe_inject(inner, ids, open));
    ids.push_back(step.injections.back().id);
    open.push_back(step.injections.back());
  };
  f.object({"inject", "cause a fault"}, add);
  f.list({"parallel", "cause several faults at the same moment"}, add);
  if (f.duration({"hold", "go on for this long"}, step.length)) step.kind = ScenarioStep::Kind::hold;
  f.object({"wait-recovered", "go on as soon as a probe has recovered; not in time stops the rehearsal as failed"},
           [&](Fields& wait) {
             step.kind = ScenarioStep::Kind::wait_recovered;
             wait.name({"probe", "which", Field::required}, step.name);
             wait.duration({"within", "at most this long", Field::required}, step.length, {1s, 168h});
             must_be_known(wait, "probe", "probe", step.name, probe_names(scenario));
             step.name = describe_one_vantage(wait, scenario, step.name);
           });
  if (f.name({"undo", "the id of an injection whose effect is taken away now"}, step.name)) {
    step.kind = ScenarioStep::Kind::undo;
    must_be_known(f, "undo", "injection before this step called", step.name, injection_ids(scenario.steps));
  }
  f.exactly_one();
  scenario.steps.push_back(std::move(step));
}

}  // namespace blackstart::scenario_fields
