#include "runner/selection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "probes/galera.h"

namespace blackstart {
namespace {

// FNV-1a and the finaliser of SplitMix64: small, and the same everywhere, unlike the standard library's distributions.
std::uint64_t mix(std::uint64_t seed, const std::string& purpose) {
  std::uint64_t hash = 14695981039346656037ull ^ seed;
  for (unsigned char c : purpose) hash = (hash ^ c) * 1099511628211ull;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ull;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebull;
  return hash ^ (hash >> 31);
}

bool holds(const std::string& addresses, const std::string& address) {
  std::istringstream words(addresses);
  for (std::string word; words >> word;)
    if (word.substr(0, word.find('/')) == address) return true;
  return false;
}

std::string vip_holder(const Cloud& cloud, Remote& remote, const Deadline& deadline) {
  if (cloud.vip.empty())
    throw Error(ErrorKind::unmet, "picking the holder of the virtual IP", "the cloud file names no 'vip'",
                "add 'vip: ADDRESS' to it");
  std::vector<std::string> holders;
  for (const Node& node : cloud.nodes)
    if (holds(remote.check("asking for its addresses", node.name, "ip -o addr show", deadline), cloud.vip))
      holders.push_back(node.name);
  if (holders.size() == 1) return holders.front();
  throw Error(ErrorKind::unmet, "picking the holder of the virtual IP " + cloud.vip,
              holders.empty() ? std::string("no node has it")
                              : fmt::format("{} nodes have it: {}", holders.size(), fmt::join(holders, ", ")),
              "look at keepalived on the nodes");
}

std::string writer(const Cloud& cloud, const Deadline& deadline) {
  if (!cloud.database.present())
    throw Error(ErrorKind::unmet, "picking the writer", "the cloud file names no 'database'", "add a 'database' block to it");
  const std::string name = current_writer(cloud, deadline);
  if (!cloud.find(name))
    throw Error(ErrorKind::unmet, "picking the writer",
                fmt::format("the database calls itself '{}', and the cloud has no such node", name),
                "wsrep_node_name on the node and its name in the cloud file must be the same");
  return name;
}

// Those of a fault that says by itself whom it hits.
std::vector<std::string> own_targets(const InjectStep& step, const Cloud& cloud) {
  const std::vector<std::string> names = step.settings->targets(cloud);
  if (names.empty())
    throw Error(ErrorKind::unmet, "choosing targets of " + step.id, "its parameters name no node of cloud " + cloud.name,
                "look at the sites and racks in the cloud file");
  for (const std::string& name : names)
    if (!cloud.find(name))
      throw Error(ErrorKind::internal, "choosing targets of " + step.id, "it names a node that is not there: " + name);
  return names;
}

std::vector<std::string> not_hit(const InjectStep& step, std::vector<std::string> names, const Hits& hits) {
  if (step.share) return names;
  names.erase(std::remove_if(names.begin(), names.end(), [&](const std::string& name) { return !hits.on(name).empty(); }),
              names.end());
  if (names.empty())
    throw Error(ErrorKind::unmet, "choosing targets of " + step.id,
                fmt::format("each node that '{}' may mean is hit already", step.on.text()),
                "undo something first, or say 'share: true' if both are meant to hit the same node");
  return names;
}

}  // namespace

std::vector<std::string> candidates(const Selection& on, const Cloud& cloud) {
  std::vector<std::string> names;
  for (const std::string& name : on.nodes) {
    std::vector<std::string> known;
    for (const Node& node : cloud.nodes) known.push_back(node.name);
    if (!cloud.find(name))
      throw Error(ErrorKind::unmet, "choosing targets", fmt::format("cloud {} has no node '{}'", cloud.name, name),
                  suggestion(name, known));
    names.push_back(name);
  }
  if (!on.nodes.empty()) return names;
  for (const Node& node : cloud.nodes)
    if ((on.role.empty() || node.has_role(on.role)) && (on.site.empty() || node.site == on.site) &&
        (on.rack.empty() || node.rack == on.rack))
      names.push_back(node.name);
  if (names.empty())
    throw Error(ErrorKind::unmet, "choosing targets", fmt::format("cloud {} has no node for '{}'", cloud.name, on.text()),
                "look at the roles, sites and racks in the cloud file");
  return names;
}

std::string chosen(const std::vector<std::string>& candidates, std::uint64_t seed, const std::string& injection) {
  return candidates[mix(seed, "target " + injection) % candidates.size()];
}

double fraction(std::uint64_t seed, const std::string& purpose) {
  return static_cast<double>(mix(seed, purpose) >> 11) * 0x1p-53;
}

std::vector<std::string> resolve(const InjectStep& step, const Cloud& cloud, std::uint64_t seed, Remote& remote,
                                 const Deadline& deadline, const Hits& hits) {
  if (step.settings && step.settings->names_targets()) return own_targets(step, cloud);
  if (step.on.pick == "writer") return {writer(cloud, deadline)};
  if (step.on.pick == "vip-holder") return {vip_holder(cloud, remote, deadline)};
  std::vector<std::string> names = candidates(step.on, cloud);
  if (step.on.pick == "any") return {chosen(not_hit(step, std::move(names), hits), seed, step.id)};
  return names;
}

}  // namespace blackstart
