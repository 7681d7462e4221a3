#include "runner/preflight.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/units.h"
#include "runner/selection.h"
#include "runner/state.h"

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
                "wait for that rehearsal, or run 'blackstart recover' where it ran");
}

void check_objective(const ObjectiveSpec& objective, const ProbeInfo& probe) {
  std::vector<std::string> names;
  for (const auto& series : probe.series) names.push_back(series.name);
  const std::string doing = "checking the objectives of probe " + probe.name;
  if (!objective.series.empty() && std::find(names.begin(), names.end(), objective.series) == names.end())
    throw Error(ErrorKind::unmet, doing, fmt::format("it has no series '{}'", objective.series),
                suggestion(objective.series, names));
  if (objective.kind == ObjectiveSpec::Kind::rpo && !probe.audited)
    throw Error(ErrorKind::unmet, doing, "it has no audit, so no RPO can be measured",
                "use a probe with an audit, such as ledger");
  const bool timed = objective.kind == ObjectiveSpec::Kind::rto || objective.kind == ObjectiveSpec::Kind::first_success;
  // docs/measurement.md: the schedule must resolve the bound to 1/20 of it.
  for (const auto& series : probe.series)
    if (timed && objective.limit > 0 && series.rate < 20 / objective.limit)
      throw Error(ErrorKind::unmet, doing,
                  fmt::format("{} at {}/s is too coarse for a bound of {} s", series.name, format_number(series.rate),
                              format_number(objective.limit)),
                  fmt::format("raise its rate to at least {}/s", format_number(20 / objective.limit)));
}

// docs/measurement.md: a hold shorter than one window of the state machine could not be told from a flap.
void check_hold(const ProbeInfo& probe) {
  for (const auto& series : probe.series)
    if (std::chrono::duration<double>(probe.hold).count() * series.rate < 20)
      throw Error(ErrorKind::unmet, "checking probe " + probe.name,
                  fmt::format("its hold of {} has fewer than 20 operations of {}", format_duration(probe.hold), series.name),
                  "make the hold longer or the rate higher");
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
    check_hold(probe);
    for (const ObjectiveSpec& objective : scenario.objectives)
      if (probe.name == objective.probe) check_objective(objective, probe);
  }
}

std::vector<PlannedInjection> plan_injections(const Scenario& scenario, const Cloud& cloud, std::uint64_t seed,
                                              FaultContext context) {
  const Deadline deadline(context.clock, 30s);
  std::vector<PlannedInjection> plan;
  for (std::size_t at = 0; at < scenario.steps.size(); ++at)
    for (const InjectStep& step : scenario.steps[at].injections) {
      PlannedInjection planned{&step, resolve(step, cloud, seed, context.remote, deadline), dead_man_of(scenario, at, step)};
      for (const std::string& target : planned.targets) step.settings->make(*cloud.find(target), context)->preflight(deadline);
      plan.push_back(std::move(planned));
    }
  return plan;
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
      const std::string on = found == plan.end() ? injection.on.text() : fmt::format("{}", fmt::join(found->targets, ", "));
      const std::string how =
          found == plan.end() || !injection.on.nodes.empty() ? "" : fmt::format(" ({})", injection.on.text());
      add(fmt::format("inject {}: {} on {}{}", injection.id, injection.settings->summary(), on, how));
    }
  }
  return steps;
}

}  // namespace blackstart
