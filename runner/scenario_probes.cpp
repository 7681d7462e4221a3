// What a probe of a scenario may say, and where it is sent from.
#include <fmt/format.h>

#include <algorithm>

#include "runner/scenario_fields.h"

namespace blackstart::scenario_fields {
namespace {

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

}  // namespace

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

Names vantages_of(const Scenario& scenario, const std::string& key) {
  Names names;
  for (const auto& probe : scenario.probes)
    if (probe.key == key) names.push_back(probe.vantage.empty() ? kRunner : probe.vantage);
  return names;
}

std::string name_at(const std::string& key, const std::string& vantage) {
  return vantage == kRunner ? key : key + "@" + vantage;
}

void must_be_vantage(Fields& f, const char* field, const Scenario& scenario, const std::string& key,
                     const std::string& vantage) {
  const Names known = vantages_of(scenario, key);
  if (known.empty() || std::find(known.begin(), known.end(), vantage) != known.end()) return;
  f.problem(field, fmt::format("'{}' is not sent from '{}'", key, vantage), suggestion(vantage, known));
}

std::string describe_one_vantage(Fields& f, const Scenario& scenario, const std::string& key) {
  std::string from = kRunner;
  f.name({"from", "at which of the probe's vantage points"}, from);
  must_be_vantage(f, f.has("from") ? "from" : "probe", scenario, key, from);
  return name_at(key, from);
}

}  // namespace blackstart::scenario_fields
