#include "reports/predict.h"

#include <algorithm>
#include <map>

#include "base/units.h"

namespace blackstart {
namespace {

constexpr double kLower = 0.05, kUpper = 0.95;
// What is more is no setting of a timer, and could make a sum of them overflow.
constexpr Duration kLongest = 24h;
constexpr std::int64_t kMost = 10'000;

std::string parameter(const Injection& injection, const std::string& name) {
  for (const auto& [known, value] : injection.parameters)
    if (known == name) return value;
  return "";
}

// A cut in one direction, or towards some, is no silence; what one device carries is not known.
bool cut_off(const Injection& injection) {
  const std::string direction = parameter(injection, "direction");
  return (direction.empty() || direction == "both") && parameter(injection, "towards").empty() &&
         parameter(injection, "device").empty();
}

}  // namespace

Hit hit_of(const Injection& injection) {
  static const std::map<std::string, Hit> hits{
      {"service.kill", Hit::refuses},   {"container.kill", Hit::refuses}, {"service.crash-loop", Hit::refuses},
      {"service.stop", Hit::leaves},    {"container.stop", Hit::leaves},  {"service.freeze", Hit::stalls},
      {"container.pause", Hit::stalls}, {"power.off", Hit::silent},       {"power.cycle", Hit::silent},
      {"power.reset", Hit::silent},     {"node.crash", Hit::silent},      {"node.freeze", Hit::silent},
      {"link.cut", Hit::silent},        {"site.isolate", Hit::silent},    {"rack.isolate", Hit::silent},
      {"group.isolate", Hit::silent}};
  const auto found = hits.find(injection.fault);
  if (found == hits.end()) return Hit::none;
  if (found->second == Hit::silent && !cut_off(injection)) return Hit::none;
  const std::string signal = parameter(injection, "signal");
  const bool asked = signal == "TERM" || signal == "INT" || signal == "HUP" || signal == "QUIT";
  return found->second == Hit::refuses && asked ? Hit::none : found->second;
}

std::string unit_of(const Injection& injection) {
  const std::string unit = parameter(injection, "unit");
  return unit.empty() ? parameter(injection, "container") : unit;
}

bool Situation::hits(const std::string& node) const {
  return std::find(injection.targets.begin(), injection.targets.end(), node) != injection.targets.end();
}

std::vector<const LiveSettings*> Situation::survivors(const std::string& component) const {
  std::vector<const LiveSettings*> all;
  for (const LiveSettings& one : settings)
    if (one.component == component && one.problem.empty() && !hits(one.node)) all.push_back(&one);
  return all;
}

const LiveSettings* Situation::on(const std::string& component, const std::string& node) const {
  for (const LiveSettings& one : settings)
    if (one.component == component && one.node == node && one.problem.empty()) return &one;
  return nullptr;
}

const LiveSetting* find_setting(const LiveSettings& all, const std::string& of, const std::string& name) {
  for (const LiveSetting& one : all.settings)
    if (one.of == of && one.name == name) return &one;
  return nullptr;
}

std::optional<Duration> time_in(const LiveSettings& all, const std::string& of, const std::string& name) {
  const LiveSetting* found = find_setting(all, of, name);
  const auto value = found == nullptr ? std::nullopt : parse_duration(found->value);
  return value && *value <= kLongest ? value : std::nullopt;
}

std::optional<std::int64_t> number_in(const LiveSettings& all, const std::string& of, const std::string& name) {
  const LiveSetting* found = find_setting(all, of, name);
  const auto value = found == nullptr ? std::nullopt : parse_integer(found->value);
  return value && *value <= kMost && *value >= -kMost ? value : std::nullopt;
}

std::optional<PredictedBand> band_of(const std::string& stage, const std::vector<Expectation>& all) {
  std::optional<PredictedBand> band;
  for (const Expectation& one : all) {
    const Duration from = quantile_of_first(one.time, one.first_of, kLower),
                   to = quantile_of_first(one.time, one.first_of, kUpper);
    const bool first = !band;
    if (first) band = PredictedBand{stage, from, to, one.why};
    // Others that are set alike have nothing to add.
    if (!first && (from < band->from || to > band->to) && all.size() <= 3) band->why += "; " + one.why;
    band->from = std::max(Duration(0), std::min(band->from, from));
    band->to = std::max(band->to, to);
  }
  return band;
}

}  // namespace blackstart
