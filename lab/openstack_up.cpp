#include "lab/openstack_up.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "base/error.h"
#include "base/units.h"
#include "lab/each_node.h"
#include "lab/lab_folder.h"
#include "lab/lab_wait.h"
#include "lab/openstack_files.h"
#include "lab/openstack_secrets.h"
#include "lab/service.h"

namespace blackstart {
namespace {

constexpr auto kStartLimit = 30s, kCheckLimit = 60s, kStatementsLimit = 30s, kResourcesLimit = 120s, kMemoryLimit = 20s;
constexpr auto kCheckInterval = 1s;
constexpr int kLogLines = 30;

using Services = std::vector<Service>;

void put_secrets(const LabFile& lab) {
  const std::string statements = secret_statements(lab, read_secrets(LabFolder(lab.name).secrets()));
  const std::string node = nodes_with(lab, "mariadb").front().name;
  const auto result = run_on_node(lab, node, "mariadb", kStatementsLimit, statements);
  if (!result.ok())
    give_up(lab, node, "mariadb", "the lab's passwords could not be put into its databases: " + result.trouble());
}

Services of_stage(const Services& services, int stage) {
  Services found;
  std::copy_if(services.begin(), services.end(), std::back_inserter(found), [&](const Service& s) { return s.stage == stage; });
  return found;
}

void start(const LabFile& lab, const LabNode& node, const Services& services) {
  std::vector<std::string> units;
  for (const Service& service : services) units.emplace_back(service.name);
  const std::string from_now_on =
      fmt::format("systemctl -q add-wants multi-user.target {}.service; ", fmt::join(units, ".service "));
  const auto result = run_on_node(lab, node.name, from_now_on + set_going(units), kStartLimit);
  if (!result.ok()) give_up(lab, node.name, units.front(), "could not be started: " + result.trouble());
}

// "keystone" -> "curl: (7) Failed to connect": what the services that do not work say.
using Troubles = std::map<std::string, std::string>;

Troubles troubles_of(const LabFile& lab, const LabNode& node, const Services& services) {
  const auto result = run_on_node(lab, node.name, health_script(lab, node, services), kCheckLimit);
  Troubles troubles;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);)
    if (const std::size_t colon = line.find(": "); colon != std::string::npos)
      troubles.emplace(line.substr(0, colon), line.substr(colon + 2));
  if (!result.ok()) troubles.emplace("ssh", result.trouble());
  return troubles;
}

}  // namespace

void wait_for_services(const LabFile& lab, const LabNode& node, const Services& services) {
  const Time began = real_clock().now();
  const auto whole = [&] {
    const Troubles troubles = troubles_of(lab, node, services);
    for (const Service& service : services)
      if (const auto trouble = troubles.find(service.name);
          trouble != troubles.end() && real_clock().now() - began > service.limit)
        give_up(lab, node.name, service.name,
                fmt::format("does not work after {}: {}", format_duration(service.limit), trouble->second), kLogLines);
    return troubles.empty();
  };
  const Duration longest =
      std::max_element(services.begin(), services.end(), [](auto& a, auto& b) { return a.limit < b.limit; })->limit;
  if (!wait_while_there(lab, whole, Deadline(real_clock(), longest + kCheckLimit), kCheckInterval))
    give_up(lab, node.name, "ssh", "does not tell which services work");
}

namespace {

void for_each_with(const LabFile& lab, const std::function<Services(const LabNode&)>& services,
                   const std::function<void(const LabNode&, const Services&)>& work) {
  for_each_at_once(lab.nodes, [&](const LabNode& node) {
    if (const Services mine = services(node); !mine.empty()) work(node, mine);
  });
}

std::string names_in_stage(int stage) {
  std::vector<std::string> names;
  for (const Service& service : of_stage(all_services(), stage)) names.emplace_back(service.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

// Zones are sites, with the compute nodes that stand there.
std::string zones(const LabFile& lab) {
  std::string words;
  for (const Site& site : lab.sites) {
    std::vector<std::string> hosts;
    for (const LabNode& node : nodes_with(lab, "nova-compute"))
      if (node.site == site.name) hosts.push_back(node.name);
    if (!hosts.empty()) words += fmt::format(" {}={}", site.name, fmt::join(hosts, ","));
  }
  return words;
}

void make_resources(const LabFile& lab) {
  const std::string node = nodes_with(lab, "keystone").front().name;
  const std::string command = fmt::format("lab-resources {}-admin{}", lab.name, zones(lab));
  ProcessResult last;
  const bool made = wait_while_there(
      lab, [&] { return (last = run_on_node(lab, node, command, kResourcesLimit)).ok(); },
      Deadline(real_clock(), kResourcesLimit), 1s);
  if (!made)
    throw Error(ErrorKind::unreachable, "making what the lab's OpenStack offers", last.trouble(),
                fmt::format("see what it says: blackstart lab exec {} -- {}", node, command));
}

// What its processes have, shared pages by share; KiB as the kernel counts.
std::int64_t memory_of(const LabFile& lab, const LabNode& node) {
  const auto result = run_on_node(
      lab, node.name, "cat /proc/[0-9]*/smaps_rollup 2>/dev/null | awk '/^Pss:/ {s += $2} END {print s}'", kMemoryLimit);
  return parse_integer(result.out.substr(0, result.out.find('\n'))).value_or(0) << 10;
}

void tell_memory(const LabFile& lab, const Progress& progress) {
  std::string text;
  std::int64_t sum = 0;
  for (const LabNode& node : lab.nodes) {
    const std::int64_t memory = memory_of(lab, node);
    text += fmt::format("{} {:.1f}, ", node.name, std::ldexp(memory, -30));
    sum += memory;
  }
  progress(fmt::format("memory: {}in all {:.1f} GiB", text, std::ldexp(sum, -30)));
}

}  // namespace

void wait_for_openstack(const LabFile& lab, const Progress& progress) {
  put_secrets(lab);
  int last = 0;
  for (const Service& service : all_services()) last = std::max(last, service.stage);
  for (int stage = 1; stage <= last; ++stage) {
    progress("starting " + names_in_stage(stage));
    const auto mine = [&](const LabNode& node) { return of_stage(services_of(lab, node), stage); };
    for_each_with(lab, mine, [&](const LabNode& node, const Services& services) { start(lab, node, services); });
    for_each_with(lab, mine, [&](const LabNode& node, const Services& services) { wait_for_services(lab, node, services); });
  }
  progress("waiting for all services at once");
  for_each_with(
      lab, [&](const LabNode& node) { return services_of(lab, node); },
      [&](const LabNode& node, const Services& services) { wait_for_services(lab, node, services); });
  progress("making flavors, an image, networks and availability zones");
  make_resources(lab);
  tell_memory(lab, progress);
}

}  // namespace blackstart
