#include "runner/preflight.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/units.h"
#include "lab/ssh.h"
#include "probes/room.h"
#include "reports/stream.h"
#include "runner/hits.h"
#include "runner/probe_bundle.h"
#include "runner/selection.h"
#include "runner/state.h"
#include "runner/vantage_probe.h"

namespace blackstart {
namespace {

// The first word of each line: systemctl's unit names.
std::vector<std::string> first_words(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream lines(text);
  for (std::string word, rest; lines >> word; std::getline(lines, rest)) words.push_back(word);
  return words;
}

void check_node(const Node& node, Remote& remote, const Deadline& deadline) {
  const auto left = first_words(remote.check("looking for dead-men", node.name,
                                             "systemctl list-units --all --plain --no-legend 'blackstart-*'", deadline));
  if (!left.empty())
    throw Error(ErrorKind::unmet, "checking node " + node.name,
                fmt::format("another rehearsal has left {} there", fmt::join(left, ", ")),
                "wait for that rehearsal, or run 'blackstart recover' where it ran; 'blackstart fetch' for a vantage point");
}

// What a probe with components measures, and what one with series.
void check_kind(const ObjectiveSpec& objective, const ProbeInfo& probe) {
  const std::string doing = "checking the objectives of probe " + probe.name;
  const bool redundancy = objective.kind == ObjectiveSpec::Kind::redundancy;
  if (redundancy && probe.components.empty())
    throw Error(ErrorKind::unmet, doing, "it watches no redundancy", "name a probe of the kind 'redundancy'");
  if (!redundancy && !probe.components.empty())
    throw Error(ErrorKind::unmet, doing, "it has no operations, only components", "the objective 'redundancy' is for them");
  const auto& known = probe.components;
  if (redundancy && !objective.series.empty() && std::find(known.begin(), known.end(), objective.series) == known.end())
    throw Error(ErrorKind::unmet, doing, fmt::format("it does not watch '{}'", objective.series),
                suggestion(objective.series, known));
}

void check_objective(const ObjectiveSpec& objective, const ProbeInfo& probe) {
  check_kind(objective, probe);
  if (objective.kind == ObjectiveSpec::Kind::redundancy) return;
  std::vector<std::string> names;
  for (const auto& series : probe.series) names.push_back(series.name);
  const std::string doing = "checking the objectives of probe " + probe.name;
  if (!objective.series.empty() && std::find(names.begin(), names.end(), objective.series) == names.end())
    throw Error(ErrorKind::unmet, doing, fmt::format("it has no series '{}'", objective.series),
                suggestion(objective.series, names));
  if (objective.kind == ObjectiveSpec::Kind::rpo && !probe.audited)
    throw Error(ErrorKind::unmet, doing, "it has no audit, so no RPO can be measured",
                "use a probe with an audit, such as ledger");
  const auto writes = [&](const SeriesInfo& series) {
    return series.posts && (objective.series.empty() || objective.series == series.name);
  };
  const bool about_writes =
      objective.kind == ObjectiveSpec::Kind::refuses || objective.kind == ObjectiveSpec::Kind::split_brain;
  if (about_writes && std::none_of(probe.series.begin(), probe.series.end(), writes))
    throw Error(ErrorKind::unmet, doing, "what the objective asks about writes nothing", "name a series that writes");
  const auto reads_back = [](const SeriesInfo& series) { return series.reads_back; };
  if (objective.kind == ObjectiveSpec::Kind::stale_reads && std::none_of(probe.series.begin(), probe.series.end(), reads_back))
    throw Error(ErrorKind::unmet, doing, "it reads nothing back, so no stale read can be seen",
                "use a ledger with 'read-backs', such as 5/s");
  const bool timed = objective.kind == ObjectiveSpec::Kind::rto || objective.kind == ObjectiveSpec::Kind::first_success;
  // docs/measurement.md: the schedule must resolve the bound to 1/20 of it.
  for (const auto& series : probe.series)
    if (timed && (objective.series.empty() || objective.series == series.name) && objective.limit > 0 &&
        series.rate < 20 / objective.limit)
      throw Error(ErrorKind::unmet, doing,
                  fmt::format("{} at {}/s is too coarse for a bound of {} s", series.name, format_number(series.rate),
                              format_number(objective.limit)),
                  fmt::format("raise its rate to at least {}/s{}", format_number(20 / objective.limit),
                              objective.series.empty() ? ", or name the 'series' that is meant" : ""));
}

// A wait that is over before the slowest series could have been seen to recover would stop every rehearsal.
void check_wait(const ScenarioStep& step, const ProbeInfo& probe) {
  for (const auto& series : probe.series)
    if (const Duration hold = hold_of(probe, series); step.length < hold)
      throw Error(
          ErrorKind::unmet, fmt::format("checking the step '{}'", step.text()),
          hold > probe.hold
              ? fmt::format("{} of {} at {}/s has recovered when {} operations in a row were good, and they take {}",
                            series.name, probe.name, format_number(series.rate), window_of(series), format_duration(hold))
              : fmt::format("{} has recovered when it was good for its hold of {}", probe.name, format_duration(hold)),
          fmt::format("wait for longer than {}{}", format_duration(hold),
                      hold > probe.hold ? ", or raise the rate" : ", or make the hold shorter"));
}

std::string planned_text(const InjectStep& step, const std::vector<std::string>& targets) {
  const bool by_name = step.settings->names_targets() || !step.on.nodes.empty();
  return fmt::format("inject {}: {} on {}{}", step.id, step.settings->summary(), fmt::join(targets, ", "),
                     by_name ? "" : fmt::format(" ({})", step.on.text()));
}

std::unique_ptr<Probe> make_probe(const Scenario& scenario, const ProbeStep& step, const Cloud& cloud) {
  if (step.vantage.empty()) return step.settings->make(step.name, cloud);
  std::vector<std::string> nodes;
  for (const Node& node : cloud.nodes) nodes.push_back(node.name);
  if (!cloud.find(step.vantage))
    throw Error(ErrorKind::unmet, fmt::format("making probe '{}'", step.name),
                fmt::format("cloud {} has no node '{}'", cloud.name, step.vantage), suggestion(step.vantage, nodes));
  // A session of its own: nobody else's command has to wait for its polls.
  return make_vantage_probe({scenario, step, cloud, probe_program()}, make_ssh(cloud));
}

constexpr Duration kNodes = 20s, kProbe = 20s, kPlan = 30s, kFaults = 30s;
constexpr Duration kUsualInject = 35s;  // fire and confirm of a fault that says nothing else
// However long an undo may take: after a crash of ours nobody is to wait much longer for it.
constexpr Duration kLongestWait = 3min;

// The writer, or the holder of the virtual IP, will be somebody else by the time an earlier step has hit it: then the floor
// counts another node of its kind in its place. Who it is then is checked again before the injection.
std::vector<std::string> expected_then(const InjectStep& step, const std::vector<std::string>& now, const Hits& before,
                                       const Cloud& cloud) {
  if (!step.on.moves() || step.share || before.on(now.front()).empty()) return now;
  const Node& current = *cloud.find(now.front());
  for (const Node& other : cloud.nodes)
    if (before.on(other.name).empty() &&
        std::all_of(current.roles.begin(), current.roles.end(), [&](const std::string& role) { return other.has_role(role); }))
      return {other.name};
  return now;
}

// What an injection and its undo may take beyond the minute that dead_man_of() has for each step.
struct Extra {
  Duration inject{0}, undo{0};
};

// Could it be injected on each of its targets?
Extra ask_faults(const PlannedInjection& planned, const Cloud& cloud, FaultContext context) {
  const Deadline deadline(context.clock, kFaults + kPerTarget * planned.targets.size());
  std::vector<Extra> extras(planned.targets.size());
  context.id = "plan";
  context.together = planned.targets;
  const auto problems = at_the_same_time(planned.targets.size(), [&](std::size_t i) {
    auto fault = planned.step->settings->make(*cloud.find(planned.targets[i]), context);
    fault->preflight(deadline);
    extras[i].inject = fault->fire_limit() + fault->confirm_limit() - kUsualInject;
    extras[i].undo = std::min(undo_kind(fault->undo_record().kind).limit, kLongestWait);
  });
  Extra most;
  for (std::size_t i = 0; i < extras.size(); ++i) {
    if (!problems[i].empty()) throw Error(ErrorKind::unmet, "", problems[i]);
    most = {std::max(most.inject, extras[i].inject), std::max(most.undo, extras[i].undo)};
  }
  return most;
}

// So that no dead-man comes in between: the slow injections and undos from its injection to its undo, and its own undo.
void lengthen_dead_men(const Scenario& scenario, std::vector<PlannedInjection>& plan, const std::vector<Extra>& extras) {
  std::size_t first = 0;  // in the plan, of the step's injections
  for (std::size_t at = 0; at < scenario.steps.size(); first += scenario.steps[at++].injections.size())
    for (std::size_t i = first; i < first + scenario.steps[at].injections.size(); ++i) {
      if (plan[i].step->dead_man) continue;
      std::size_t next = first;
      for (std::size_t k = at; k < scenario.steps.size(); ++k) {
        for (std::size_t n = 0; n < scenario.steps[k].injections.size(); ++n) plan[i].dead_man += extras[next++].inject;
        if (scenario.steps[k].kind != ScenarioStep::Kind::undo) continue;
        if (scenario.steps[k].name == plan[i].step->id) break;
        for (std::size_t n = 0; n < plan.size(); ++n)
          if (plan[n].step->id == scenario.steps[k].name) plan[i].dead_man += extras[n].undo;
      }
      plan[i].dead_man += extras[i].undo;
    }
}

}  // namespace

void check_free(const Cloud& cloud) {
  if (auto reason = halt_reason(cloud.name))
    throw Error(ErrorKind::unmet, "starting on cloud " + cloud.name, "it is halted: " + *reason,
                "'blackstart resume' lifts the halt");
  for (const OpenJournal& journal : open_journals(cloud.name))
    throw Error(ErrorKind::unmet, "starting on cloud " + cloud.name,
                fmt::format("run {} may have left something broken ({})", journal.run, journal.file.string()),
                "run 'blackstart recover' first");
}

void check_nodes(const Cloud& cloud, Remote& remote, const Deadline& deadline) {
  auto problems = at_the_same_time(cloud.nodes.size(), [&](std::size_t i) { check_node(cloud.nodes[i], remote, deadline); });
  problems.erase(std::remove(problems.begin(), problems.end(), ""), problems.end());
  if (!problems.empty()) throw Error(ErrorKind::unmet, "", fmt::format("{}", fmt::join(problems, "; ")));
}

void check_objectives(const Scenario& scenario, const std::vector<ProbeInfo>& probes) {
  for (const ProbeInfo& probe : probes) {
    for (const ScenarioStep& step : scenario.steps)
      if (step.kind == ScenarioStep::Kind::wait_recovered && (step.name.empty() || step.name == probe.name))
        check_wait(step, probe);
    for (const ObjectiveSpec& objective : scenario.objectives)
      if (probe.name == objective.probe) check_objective(objective, probe);
    for (const GuardSpec& guard : scenario.guards)
      if (guard.kind == GuardSpec::Kind::no_success && guard.probe == probe.name && probe.series.empty())
        throw Error(ErrorKind::unmet, "checking the guards",
                    fmt::format("probe {} has no operations that could succeed", probe.name), "name a probe that has");
  }
}

std::vector<PlannedInjection> plan_injections(const Scenario& scenario, const Cloud& cloud, std::uint64_t seed,
                                              FaultContext context) {
  const Deadline deadline(context.clock, kPlan);
  const auto floor = floor_of(scenario.leave, cloud);
  std::vector<PlannedInjection> plan;
  Hits hits;
  for (std::size_t at = 0; at < scenario.steps.size(); ++at) {
    const ScenarioStep& step = scenario.steps[at];
    if (step.kind == ScenarioStep::Kind::undo) hits.remove(step.name);
    const Hits before = hits;
    for (const InjectStep& injection : step.injections) {
      PlannedInjection planned{&injection, resolve(injection, cloud, seed, context.remote, deadline, hits),
                               dead_man_of(scenario, at, injection)};
      const auto then = expected_then(injection, planned.targets, before, cloud);
      check_not_shared(injection, then, hits);
      hits.add(injection.id, then);
      plan.push_back(std::move(planned));
    }
    if (!step.injections.empty()) check_floor("checking what is left at the step '" + step.text() + "'", floor, cloud, hits);
  }
  std::vector<Extra> extras;
  for (const PlannedInjection& planned : plan) extras.push_back(ask_faults(planned, cloud, context));
  lengthen_dead_men(scenario, plan, extras);
  return plan;
}

Ready preflight(const Scenario& scenario, const Cloud& cloud, std::uint64_t seed, FaultContext context) {
  Ready ready;
  check_free(cloud);
  check_nodes(cloud, context.remote, Deadline(context.clock, kNodes));
  std::vector<RoomWanted> wanted;
  for (const ProbeStep& step : scenario.probes) {
    ready.probes.push_back(make_probe(scenario, step, cloud));
    wanted.push_back({step.name, ready.probes.back()->room()});
  }
  make_room(wanted);
  for (const auto& probe : ready.probes) {
    probe->preflight(Deadline(context.clock, kProbe));
    ready.infos.push_back(probe->info());
  }
  check_objectives(scenario, ready.infos);
  ready.plan = plan_injections(scenario, cloud, seed, context);
  return ready;
}

std::vector<Step> planned_steps(const Scenario& scenario, const std::vector<PlannedInjection>& plan) {
  std::vector<Step> steps;
  auto add = [&](const std::string& text) {
    steps.push_back({static_cast<int>(steps.size()) + 1, text, "planned", "", Time{-1}, Time{-1}});
  };
  for (const ScenarioStep& step : scenario.steps) {
    if (step.injections.empty()) add(step.text());
    for (const InjectStep& injection : step.injections) {
      auto found = std::find_if(plan.begin(), plan.end(), [&](const PlannedInjection& p) { return p.step == &injection; });
      add(found == plan.end() ? injection.text() : planned_text(injection, found->targets));
    }
  }
  return steps;
}

}  // namespace blackstart
