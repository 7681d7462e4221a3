#include "lab/inventory.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "lab/inventory_groups.h"

namespace blackstart {
namespace inventory {
namespace {

constexpr const char* kAll = "all";
constexpr const char* kUngrouped = "ungrouped";
constexpr std::size_t kMostGroups = 4096;  // each may be a child of the one before: a limit to the recursion

// How deep each group stands below those that contain it: the longest way down. What is deeper wins, as with Ansible.
class Depths {
 public:
  explicit Depths(const Groups& groups) : groups_(groups) {
    if (groups.groups.size() > kMostGroups)
      throw Error(ErrorKind::bad_file, "", fmt::format("{}: more than {} groups", groups.file, kMostGroups));
    for (const auto& [parent, group] : groups.groups)
      for (const std::string& child : group.children) parents_[child].push_back(parent);
    for (const auto& [name, group] : groups.groups) visit(name);
  }
  const std::map<std::string, int>& all() const { return depths_; }

 private:
  // The height of the longest chain of parents; a group that is met on the way to itself is an error.
  int visit(const std::string& name) {
    if (auto known = depths_.find(name); known != depths_.end()) return known->second;
    if (!open_.insert(name).second)
      throw Error(ErrorKind::bad_file, "", fmt::format("{}: the group '{}' contains itself", groups_.file, name));
    int depth = name == kAll ? 0 : 1;
    for (const std::string& parent : parents_[name]) depth = std::max(depth, visit(parent) + 1);
    open_.erase(name);
    return depths_[name] = depth;
  }

  const Groups& groups_;
  std::map<std::string, std::vector<std::string>> parents_;
  std::map<std::string, int> depths_;
  std::set<std::string> open_;
};

const std::set<std::string>& members(const Groups& groups, const std::string& name,
                                     std::map<std::string, std::set<std::string>>& known) {
  if (auto found = known.find(name); found != known.end()) return found->second;
  std::set<std::string> hosts;
  if (auto found = groups.groups.find(name); found != groups.groups.end()) {
    hosts.insert(found->second.hosts.begin(), found->second.hosts.end());
    for (const std::string& child : found->second.children) {
      const auto& more = members(groups, child, known);
      hosts.insert(more.begin(), more.end());
    }
  }
  return known[name] = std::move(hosts);
}

// Groups from the outermost to the innermost; of the same depth by name, as Ansible does it.
std::vector<std::string> by_depth(const Groups& groups) {
  const Depths depths(groups);
  std::vector<std::string> names;
  for (const auto& [name, depth] : depths.all()) names.push_back(name);
  std::stable_sort(names.begin(), names.end(),
                   [&](const auto& a, const auto& b) { return depths.all().at(a) < depths.all().at(b); });
  return names;
}

}  // namespace

Group& Groups::group(const std::string& name) {
  auto [at, fresh] = groups.try_emplace(name);
  if (fresh) order.push_back(name);
  return at->second;
}

void Groups::host(const std::string& name, int line) {
  if (host_lines.try_emplace(name, line).second) host_order.push_back(name);
}

std::string place(const std::string& file, int line) { return line == 0 ? file : fmt::format("{}:{}", file, line); }

Inventory resolve(const Groups& groups) {
  const std::vector<std::string> order = by_depth(groups);  // first of all: it finds the groups that contain themselves
  std::map<std::string, std::set<std::string>> known;
  Inventory inventory;
  for (const std::string& name : groups.order)
    if (name != kAll && name != kUngrouped) inventory.groups.push_back(name);
  for (const std::string& name : groups.host_order) {
    Inventory::Host host{name, groups.host_lines.at(name), {}, {}};
    for (const std::string& group : inventory.groups)
      if (members(groups, group, known).contains(name)) host.groups.push_back(group);
    for (const std::string& group : order)
      if (group == kAll || members(groups, group, known).contains(name))
        for (const auto& [key, value] : groups.groups.at(group).variables) host.variables[key] = value;
    if (auto own = groups.host_variables.find(name); own != groups.host_variables.end())
      for (const auto& [key, value] : own->second) host.variables[key] = value;
    inventory.hosts.push_back(std::move(host));
  }
  return inventory;
}

namespace {

// The first line that says anything; "" when none does.
std::string first_line(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    line.erase(0, line.find_first_not_of(" \t\r"));
    if (!line.empty() && line[0] != '#' && line[0] != ';' && !line.starts_with("---")) return line;
    at = end + 1;
  }
  return "";
}

Groups read_groups(const std::string& text, const std::string& file) {
  const std::string first = first_line(text);
  const auto ending = std::filesystem::path(file).extension();
  if (first.starts_with('{')) return read_json(text, file);
  const bool key = !first.empty() && first.find(':') == first.find_last_not_of(" \t\r");
  return ending == ".yaml" || ending == ".yml" || key ? read_yaml(text, file) : read_ini(text, file);
}

}  // namespace
}  // namespace inventory

bool Inventory::Host::in(const std::string& group) const {
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

std::string Inventory::Host::variable(const std::string& variable) const {
  auto found = variables.find(variable);
  return found == variables.end() ? "" : found->second;
}

Inventory parse_inventory(const std::string& text, const std::string& file) {
  Inventory inventory = inventory::resolve(inventory::read_groups(text, file));
  if (inventory.hosts.empty())
    throw Error(ErrorKind::bad_file, "reading the inventory " + file, "it names no host",
                "an inventory with plugins or scripts: ansible-inventory -i … --list > inventory.json, and import that");
  return inventory;
}

}  // namespace blackstart
