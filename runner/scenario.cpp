#include "runner/scenario.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/units.h"

namespace blackstart {

std::string Selection::text() const {
  if (!nodes.empty()) return fmt::format("{}", fmt::join(nodes, ", "));
  if (pick == "writer") return "the writer";
  if (pick == "vip-holder") return "the holder of the virtual IP";
  const std::string where = rack.empty() ? site : site.empty() ? "rack " + rack : fmt::format("rack {} in {}", rack, site);
  return fmt::format("{} {}{}", pick == "any" ? "any" : "every", role.empty() ? "node" : role,
                     where.empty() ? "" : " of " + where);
}

std::string InjectStep::text() const {
  return fmt::format("inject {}: {}{}", id, settings->summary(), settings->names_targets() ? "" : " on " + on.text());
}

std::string ScenarioStep::text() const {
  switch (kind) {
    case Kind::inject: {
      std::vector<std::string> parts;
      for (const auto& injection : injections) parts.push_back(injection.text());
      return fmt::format("{}", fmt::join(parts, ", together with "));
    }
    case Kind::hold: return "hold for " + format_duration(length);
    case Kind::wait_recovered: return fmt::format("wait until {} has recovered, at most {}", name, format_duration(length));
    case Kind::undo: return "undo " + name;
  }
  return "";
}

std::string GuardSpec::text() const {
  if (kind == Kind::total) return "the steps take longer than " + format_duration(limit);
  return fmt::format("{} has no success for {}", probe, format_duration(limit));
}

Scenario read_scenario(const std::filesystem::path& file) {
  Scenario scenario;
  scenario.file_text = yaml::slurp(file);
  read_text(scenario.file_text, file.string(), [&](Fields& f) { scenario.describe(f); });
  return scenario;
}

std::vector<std::string> phase_warnings(const Scenario& scenario) {
  std::vector<std::string> warnings;
  for (const ScenarioStep& step : scenario.steps) {
    Duration jitter{0};
    std::vector<std::string> ids;
    for (const InjectStep& injection : step.injections) jitter += injection.jitter, ids.push_back(injection.id);
    if (!ids.empty() && jitter == Duration{0})
      warnings.push_back(
          fmt::format("'{}' comes at the same moment of each repetition and may always meet heartbeats in the same phase: give "
                      "it a 'jitter' longer than the slowest of them",
                      fmt::join(ids, "' with '")));
  }
  return warnings;
}

std::vector<std::string> doubt_warnings(const Scenario& scenario) {
  std::vector<std::string> warnings;
  for (const auto& probe : scenario.probes) {
    const bool asked = std::any_of(scenario.objectives.begin(), scenario.objectives.end(),
                                   [&](const ObjectiveSpec& objective) { return objective.probe == probe.name; });
    const std::string doubt = asked ? probe.settings->doubt() : "";
    if (!doubt.empty()) warnings.push_back(fmt::format("the probe '{}', which an objective is on, {}", probe.name, doubt));
  }
  return warnings;
}

Duration dead_man_of(const Scenario& scenario, std::size_t at, const InjectStep& injection) {
  if (injection.dead_man) return *injection.dead_man;
  // Each step's own work (connecting, confirming, undoing) takes seconds: a minute each is beyond all of it.
  Duration length = 60s;
  for (std::size_t i = at; i < scenario.steps.size(); ++i) {
    const ScenarioStep& step = scenario.steps[i];
    if (i > at)
      for (const InjectStep& later : step.injections) length += later.jitter;
    if (step.kind == ScenarioStep::Kind::undo && step.name == injection.id) break;
    length += step.length + 60s;
  }
  return length;
}

}  // namespace blackstart
