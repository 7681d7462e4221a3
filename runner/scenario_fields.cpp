// What a scenario file may say: one declaration for reading, schema and help.
#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "runner/scenario.h"

namespace blackstart {
namespace {

using Names = std::vector<std::string>;

// `before` says what stands in front of the kind's own fields.
template <class Settings, class Kind, class Before>
std::vector<Fields::Alternative> alternatives_of(const std::vector<Kind>& kinds, std::shared_ptr<Settings>& chosen,
                                                 Before before) {
  std::vector<Fields::Alternative> alternatives;
  for (const Kind& kind : kinds)
    alternatives.push_back({kind.name, kind.doc, [&chosen, before, make = kind.settings](Fields& f) {
                              chosen = make();
                              before(f, *chosen);
                              chosen->describe(f);
                            }});
  return alternatives;
}

Names injection_ids(const std::vector<ScenarioStep>& steps) {
  Names ids;
  for (const auto& step : steps)
    for (const auto& injection : step.injections) ids.push_back(injection.id);
  return ids;
}

// As the scenario calls them: each once, wherever it is sent from.
Names probe_names(const Scenario& scenario) {
  Names names;
  for (const auto& probe : scenario.probes)
    if (std::find(names.begin(), names.end(), probe.key) == names.end()) names.push_back(probe.key);
  return names;
}

constexpr const char* kRunner = "runner";

// Where the probe is sent from, in the scenario's words.
Names vantages_of(const Scenario& scenario, const std::string& key) {
  Names names;
  for (const auto& probe : scenario.probes)
    if (probe.key == key) names.push_back(probe.vantage.empty() ? kRunner : probe.vantage);
  return names;
}

// What the record calls the probe there.
std::string name_at(const std::string& key, const std::string& vantage) {
  return vantage == kRunner ? key : key + "@" + vantage;
}

void must_be_vantage(Fields& f, const char* field, const Scenario& scenario, const std::string& key,
                     const std::string& vantage) {
  const Names known = vantages_of(scenario, key);
  if (known.empty() || std::find(known.begin(), known.end(), vantage) != known.end()) return;
  f.problem(field, fmt::format("'{}' is not sent from '{}'", key, vantage), suggestion(vantage, known));
}

void must_be_known(Fields& f, const char* field, const std::string& what, const std::string& value, const Names& known) {
  if (value.empty() || std::find(known.begin(), known.end(), value) != known.end()) return;
  f.problem(field, fmt::format("there is no {} '{}'", what, value), suggestion(value, known));
}

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

// For what can look at one of them only; the probe's name in the record.
std::string describe_one_vantage(Fields& f, const Scenario& scenario, const std::string& key) {
  std::string from = kRunner;
  f.name({"from", "at which of the probe's vantage points"}, from);
  must_be_vantage(f, f.has("from") ? "from" : "probe", scenario, key, from);
  return name_at(key, from);
}

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

// What an objective whose bound is a count counts; null for all others.
const char* counted_by(ObjectiveSpec::Kind kind) {
  switch (kind) {
    case ObjectiveSpec::Kind::rpo: return "acknowledged transfers that may be missing";
    case ObjectiveSpec::Kind::refuses: return "writes that may be acknowledged";
    case ObjectiveSpec::Kind::stale_reads: return "reads that may be behind";
    case ObjectiveSpec::Kind::split_brain: return "writes that a second side may acknowledge";
    default: return nullptr;
  }
}

void describe_expected(Fields& f, ObjectiveSpec& spec) {
  ObjectiveSpec::Expected expected;
  f.duration({"from", "the shortest", Field::required}, expected.from);
  f.duration({"to", "the longest", Field::required}, expected.to);
  f.text({"stage", "what takes this time: the likely culprit of a value outside", Field::required}, expected.stage);
  if (f.reading() && expected.to < expected.from) f.problem("to", "it is shorter than 'from'");
  spec.expected = expected;
}

void describe_bound(Fields& f, ObjectiveSpec& spec, const Scenario& scenario) {
  using Kind = ObjectiveSpec::Kind;
  f.name({"probe", "of which probe", Field::required}, spec.probe);
  must_be_known(f, "probe", "probe", spec.probe, probe_names(scenario));
  const bool redundancy = spec.kind == Kind::redundancy;
  if (redundancy)
    f.name({"component", "of which of its components; without it, of the worst"}, spec.series);
  else if (spec.kind != Kind::rpo && spec.kind != Kind::stale_reads)
    f.name({"series", "of which of its series; without it, of the worst"}, spec.series);
  if (spec.kind == Kind::rto || spec.kind == Kind::first_success || redundancy) {
    f.name({"injection", "counted from this injection; without it, from each"}, spec.injection);
    must_be_known(f, "injection", "injection", spec.injection, injection_ids(scenario.steps));
    // What was switched off can hardly be whole before it is on again.
    std::string recovery = redundancy ? "any" : "itself";
    f.choice({"recovery", "itself: what comes only after our undo has missed it; any: our undo counts as the repair"}, recovery,
             {"itself", "any"});
    spec.recovery = recovery == "any" ? ObjectiveSpec::Recovery::any : ObjectiveSpec::Recovery::itself;
    f.object({"expected", "what the cloud's own settings let expect; a value outside misses nothing, but the report says so"},
             [&](Fields& inner) { describe_expected(inner, spec); });
  }
  if (spec.kind == Kind::rto || redundancy) {
    std::string impact = "any";
    f.choice({"impact", "required: where the fault met nothing of it, this is not measured; any: that meets it"}, impact,
             {"any", "required"});
    spec.impact_required = impact == "required";
  }
  if (spec.kind == Kind::refuses || spec.kind == Kind::split_brain) {
    f.name({"injection", "while this injection is in force", Field::required}, spec.injection);
    must_be_known(f, "injection", "injection", spec.injection, injection_ids(scenario.steps));
  }
  if (const char* counted = counted_by(spec.kind)) {
    std::int64_t count = 0;
    f.integer({"at-most", counted, Field::required}, count);
    spec.limit = static_cast<double>(count);
  } else if (spec.kind == Kind::error_budget) {
    f.ratio({"at-most", "share of the budget", Field::required}, spec.limit);
  } else {
    Duration limit{};
    f.duration({"at-most", "the bound", Field::required}, limit);
    spec.limit = std::chrono::duration<double>(limit).count();
    if (f.reading() && spec.expected.known() && spec.expected.to > limit)
      f.problem(
          "expected",
          fmt::format("up to {} is expected, and {} are allowed", format_duration(spec.expected.to), format_duration(limit)),
          "raise 'at-most', or have the cloud's settings changed");
  }
}

// Without sides each vantage point is one of its own.
void describe_sides(Fields& f, ObjectiveSpec& spec, const Scenario& scenario) {
  std::vector<Names> sides;
  f.text_lists({"sides", "the probe's vantage points on each side of the cut; without it, each is a side of its own"}, sides);
  if (!f.has("sides"))
    for (const std::string& vantage : vantages_of(scenario, spec.probe)) sides.push_back({vantage});
  Names all;
  for (Names& side : sides)
    for (std::string& vantage : side) {
      must_be_vantage(f, f.has("sides") ? "sides" : "probe", scenario, spec.probe, vantage);
      if (std::find(all.begin(), all.end(), vantage) != all.end())
        f.problem("sides", fmt::format("'{}' is on two sides", vantage));
      all.push_back(vantage);
      vantage = name_at(spec.probe, vantage);
    }
  if (sides.size() < 2)
    f.problem(f.has("sides") ? "sides" : "probe", "there are not two sides to compare",
              "give the probe a vantage point on each side: from: [c1, c3]");
  for (const Names& side : sides)
    if (side.empty()) f.problem("sides", "a side has no vantage point");
  spec.sides = std::move(sides);
  if (!all.empty()) spec.probe = name_at(spec.probe, all.front());
}

// One objective for each of the probe's vantage points that it asks about: each is judged by itself.
std::vector<ObjectiveSpec> describe_vantages(Fields& f, const ObjectiveSpec& spec, const Scenario& scenario) {
  Names from = vantages_of(scenario, spec.probe);
  f.texts({"from", "at which of the probe's vantage points; without it, at each, and each by itself"}, from);
  if (f.has("from") && from.empty()) f.problem("from", "it names no vantage point");
  std::vector<ObjectiveSpec> all;
  for (const std::string& vantage : from) {
    if (f.has("from")) must_be_vantage(f, "from", scenario, spec.probe, vantage);
    all.push_back(spec);
    all.back().probe = name_at(spec.probe, vantage);
  }
  return all;
}

void describe_objective(Fields& f, Scenario& scenario) {
  using Kind = ObjectiveSpec::Kind;
  struct Row {
    Kind kind;
    Field field;
  };
  const Row rows[] = {
      {Kind::rto, {"rto", "time from the fault to stable recovery"}},
      {Kind::first_success, {"first-success", "time from the fault to the first good operation after it"}},
      {Kind::downtime, {"downtime", "sum of the time without good service, brown-outs weighted"}},
      {Kind::error_budget, {"error-budget", "share of the probe's SLO error budget that this rehearsal may spend"}},
      {Kind::rpo, {"rpo", "acknowledged transfers lost, by audit of every replica"}},
      {Kind::redundancy, {"redundancy", "time from the fault until everything that a probe watches is whole again"}},
      {Kind::refuses, {"refuses", "writes that the service acknowledged while an injection was in force and it should refuse"}},
      {Kind::stale_reads,
       {"stale-reads", "reads that did not show what had been acknowledged before, of a ledger's read-backs"}},
      {Kind::split_brain,
       {"split-brain", "writes acknowledged at a second side while an injection cut the cloud into several"}},
  };
  for (const Row& row : rows)
    f.object(row.field, [&](Fields& inner) {
      ObjectiveSpec spec;
      spec.kind = row.kind;
      describe_bound(inner, spec, scenario);
      if (row.kind == Kind::split_brain) {
        describe_sides(inner, spec, scenario);
        scenario.objectives.push_back(std::move(spec));
        return;
      }
      for (ObjectiveSpec& one : describe_vantages(inner, spec, scenario)) scenario.objectives.push_back(std::move(one));
    });
  f.exactly_one();
}

void describe_guard(Fields& f, Scenario& scenario) {
  GuardSpec guard;
  f.object({"no-success", "a probe has had no good operation for too long"}, [&](Fields& inner) {
    guard.kind = GuardSpec::Kind::no_success;
    inner.name({"probe", "which", Field::required}, guard.probe);
    must_be_known(inner, "probe", "probe", guard.probe, probe_names(scenario));
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

bool overlap(const std::string& ground, const std::string& other) {
  return !ground.empty() && !other.empty() && (ground.starts_with(other) || other.starts_with(ground));
}

void check_ground(const ProbeStep& probe, Fields& f, const Scenario& scenario) {
  const std::string ground = probe.settings->stands_on();
  for (const ProbeStep& other : scenario.probes)
    if (const std::string theirs = other.settings ? other.settings->stands_on() : ""; overlap(ground, theirs))
      f.problem("kind", fmt::format("'{}' and '{}' would both work on {}", other.name, probe.name, std::max(ground, theirs)),
                "give one of them a 'prefix' of its own");
}

// The probe at one of its vantage points.
ProbeStep sent_from(const ProbeStep& probe, const std::string& vantage, Fields& f) {
  ProbeStep there = probe;
  there.name = name_at(probe.key, vantage);
  if (vantage == kRunner) return there;
  there.vantage = vantage;
  there.settings = probe.settings->sent_from(vantage);
  if (!there.settings)
    f.problem("from", fmt::format("a probe of the kind '{}' with these settings can only be sent from the runner", probe.kind));
  return there;
}

void describe_probe(const std::string& key, Fields& f, Scenario& scenario) {
  ProbeStep probe;
  probe.name = probe.key = key;
  Names from{kRunner};
  f.texts({"from", "where it is sent from: 'runner' and nodes by name; each is measured by itself"}, from);
  f.variant({"kind", "the workload", Field::required}, probe.kind,
            alternatives_of(probe_kinds(), probe.settings, [](Fields&, const ProbeSettings&) {}));
  if (from.empty()) f.problem("from", "it names no vantage point");
  for (auto vantage = from.begin(); vantage != from.end(); ++vantage) {
    if (std::find(from.begin(), vantage, *vantage) != vantage) f.problem("from", fmt::format("'{}' stands twice", *vantage));
    ProbeStep step = probe.settings ? sent_from(probe, *vantage, f) : probe;
    if (step.settings) check_ground(step, f, scenario);
    scenario.probes.push_back(std::move(step));
  }
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
