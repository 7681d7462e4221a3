#include "runner/hits.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace blackstart {
namespace {

std::map<std::string, std::int64_t> nodes_by_role(const Cloud& cloud) {
  std::map<std::string, std::int64_t> counts;
  for (const Node& node : cloud.nodes)
    for (const std::string& role : node.roles) ++counts[role];
  return counts;
}

}  // namespace

void Hits::add(const std::string& injection, const std::vector<std::string>& nodes) { open_.emplace_back(injection, nodes); }

void Hits::remove(const std::string& injection) {
  open_.erase(std::remove_if(open_.begin(), open_.end(), [&](const auto& each) { return each.first == injection; }),
              open_.end());
}

std::string Hits::on(const std::string& node) const {
  for (const auto& [injection, nodes] : open_)
    if (std::find(nodes.begin(), nodes.end(), node) != nodes.end()) return injection;
  return "";
}

void check_not_shared(const InjectStep& step, const std::vector<std::string>& targets, const Hits& hits) {
  if (step.share) return;
  for (const std::string& target : targets)
    if (const std::string other = hits.on(target); !other.empty())
      throw Error(ErrorKind::unmet, "choosing targets of " + step.id,
                  fmt::format("{} is hit by '{}' already, which is not undone before", target, other),
                  "undo that first, choose another node, or say 'share: true' if both are meant to hit it");
}

std::map<std::string, std::int64_t> floor_of(const std::map<std::string, std::int64_t>& leave, const Cloud& cloud) {
  std::map<std::string, std::int64_t> floor;
  std::vector<std::string> roles;
  for (const auto& [role, count] : nodes_by_role(cloud)) {
    floor[role] = count >= 2 ? 1 : 0;
    roles.push_back(role);
  }
  for (const auto& [role, count] : leave) {
    if (!floor.count(role))
      throw Error(ErrorKind::unmet, "reading 'leave'", fmt::format("cloud {} has no node of role '{}'", cloud.name, role),
                  suggestion(role, roles));
    floor[role] = count;
  }
  return floor;
}

void check_floor(const std::string& doing, const std::map<std::string, std::int64_t>& floor, const Cloud& cloud,
                 const Hits& hits) {
  std::map<std::string, std::int64_t> left = nodes_by_role(cloud);
  for (const Node& node : cloud.nodes)
    if (!hits.on(node.name).empty())
      for (const std::string& role : node.roles) --left[role];
  std::vector<std::string> missed, lifted;
  for (const auto& [role, least] : floor)
    if (left[role] < least) {
      missed.push_back(fmt::format("{} of role {} would be left unhit, at least {} must be", left[role], role, least));
      lifted.push_back(fmt::format("{}: {}", role, left[role]));
    }
  if (!missed.empty())
    throw Error(ErrorKind::unmet, doing, fmt::format("{}", fmt::join(missed, "; ")),
                fmt::format("if that is meant, say in the scenario: 'leave: {{{}}}'", fmt::join(lifted, ", ")));
}

}  // namespace blackstart
