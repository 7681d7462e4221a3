// keepalived: how long until another node has the virtual IP.
//
// RFC 3768 (VRRPv2) and RFC 5798 (VRRPv3): a backup takes over when nothing was heard for 3 · advert + skew; the skew is
// (256 − priority)/256 s in version 2 and that share of the advert interval in version 3. The last advert came U(0, advert)
// before the fault. The backup with the highest priority is first. A master that gives up by itself says so (priority 0), and
// only the skew is left. keepalived/include/vrrp_track.h: a script runs every `interval`, and its `fall`-th failure in a row
// counts; one without weight makes the node give up.
#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "reports/predict.h"

namespace blackstart {
namespace {

// A node's VRRP instance with the virtual IP.
struct Instance {
  const LiveSettings* node = nullptr;
  std::string name;
  Duration advert{0};
  std::int64_t priority = 0, least = 0, most = 0;  // as set, and what weights of scripts can make of it
  bool version_3 = false;
  std::int64_t adverts = 3;  // that must be missed (down_timer_adverts)
  std::vector<std::string> scripts;
};

void add_weights(Instance& one) {
  for (const LiveSetting& setting : one.node->settings)
    if (setting.of == one.name && setting.name == "track_script") one.scripts.push_back(setting.value);
  one.least = one.most = one.priority;
  for (const std::string& script : one.scripts) {
    const std::int64_t weight = number_in(*one.node, script, "weight").value_or(0);
    (weight < 0 ? one.least : one.most) += weight;
  }
  one.least = std::clamp<std::int64_t>(one.least, 1, 254);
  one.most = std::clamp<std::int64_t>(one.most, 1, 254);
}

// "198.18.71.1" is no part of "198.18.71.10".
bool speaks_of(const std::string& text, const std::string& address) {
  const std::size_t at = text.find(address), end = at + address.size();
  const auto more = [&](std::size_t i) {
    return i < text.size() && std::string("0123456789.:").find(text[i]) != std::string::npos;
  };
  return !address.empty() && at != std::string::npos && !more(end) && (at == 0 || !more(at - 1));
}

// Nullopt where there is none with this address, or more than one.
std::optional<Instance> instance_of(const LiveSettings& node, const std::string& address) {
  std::optional<Instance> found;
  for (const LiveSetting& one : node.settings) {
    if (one.name != "virtual_ipaddress" || !speaks_of(address, one.value)) continue;
    const auto advert = time_in(node, one.of, "advert_int");
    const auto priority = number_in(node, one.of, "priority"), version = number_in(node, one.of, "vrrp_version");
    if (found || !advert || !priority || !version) return std::nullopt;
    found = Instance{
        &node, one.of, *advert, *priority, 0, 0, *version == 3, number_in(node, one.of, "down_timer_adverts").value_or(3), {}};
    add_weights(*found);
  }
  return found;
}

Duration skew(const Instance& one, std::int64_t priority) {
  return (one.version_3 ? one.advert : Duration(1s)) * (256 - priority) / 256;
}

std::optional<Instance> next_master(const Situation& situation) {
  std::optional<Instance> best;
  for (const LiveSettings* node : situation.survivors("keepalived"))
    if (const auto one = instance_of(*node, situation.address); one && (!best || one->priority > best->priority)) best = one;
  return best;
}

// As much as the weights leave open, `first` before the skew.
std::vector<Expectation> with_skew(const Instance& next, const StageTime& first, const std::string& why) {
  std::vector<Expectation> all;
  for (std::int64_t priority : {next.most, next.least}) {
    StageTime time = first;
    time.constant += skew(next, priority);
    all.push_back({time, fmt::format("keepalived on {} (priority {}): {}skew {}", next.node->node, priority, why,
                                     format_seconds(skew(next, priority)))});
    if (next.most == next.least) break;
  }
  return all;
}

std::vector<Expectation> by_silence(const Instance& next) {
  const std::string why = fmt::format("{0} · advert_int {1} − U(0, {1}) + ", next.adverts, format_duration(next.advert));
  return with_skew(next, {next.adverts * next.advert, {-next.advert}}, why);
}

// The holder's own check of HAProxy fails.
std::vector<Expectation> by_script(const Situation& situation, const Instance& next) {
  const LiveSettings* holder = situation.on("keepalived", situation.holder);
  const auto instance = holder == nullptr ? std::nullopt : instance_of(*holder, situation.address);
  if (!instance) return {};
  for (const std::string& script : instance->scripts) {
    const auto interval = time_in(*holder, script, "interval");
    const auto fall = number_in(*holder, script, "fall");
    const bool haproxy = find_setting(*holder, script, "watches") != nullptr;
    if (!haproxy || !interval || !fall || number_in(*holder, script, "weight").value_or(1) != 0) continue;
    return with_skew(next, {(*fall - 1) * *interval, {*interval}},
                     fmt::format("script {} on {}: (fall {} − 1) · interval {} + U(0, {}) + ", script, situation.holder, *fall,
                                 format_duration(*interval), format_duration(*interval)));
  }
  return {};
}

}  // namespace

std::vector<Expectation> expect_vip_move(const Situation& situation) {
  const Hit hit = hit_of(situation.injection);
  if (hit == Hit::none || situation.holder.empty() || !situation.hits(situation.holder)) return {};
  const auto next = next_master(situation);
  if (!next) return {};
  const std::string unit = unit_of(situation.injection);
  if (unit.find("haproxy") != std::string::npos)
    return hit == Hit::refuses || hit == Hit::leaves ? by_script(situation, *next) : std::vector<Expectation>{};
  const bool itself = unit.find("keepalived") != std::string::npos;
  if (!unit.empty() && !itself) return {};
  return hit == Hit::leaves ? with_skew(*next, {}, "") : by_silence(*next);
}

}  // namespace blackstart
