#include "lab/lab_wait.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <future>

#include "base/error.h"
#include "lab/galera.h"
#include "lab/lab_recover.h"
#include "lab/tcp.h"

namespace blackstart {
namespace {

constexpr auto kSshLimit = 40s, kGaleraLimit = 120s, kEndpointLimit = 30s;
constexpr auto kQueryLimit = 2s;
// Longer than any boot, and than Galera's own return after a power cut of all nodes.
constexpr auto kPatience = 25s;
// A node that an earlier rehearsal left frozen or stopped is set going again; harmless on one that works.
constexpr const char* kSetGoing =
    "units='mariadb haproxy keepalived memcached galera-check'; systemctl thaw $units 2>/dev/null; "
    "systemctl kill -s CONT $units 2>/dev/null; systemctl start --no-block $units";

// What a node has to say about a unit that fails us.
std::string last_words(const LabFile& lab, const std::string& node, const std::string& unit) {
  const auto result =
      run_on_node(lab, node, fmt::format("systemctl is-active {0}; journalctl -q -u {0} -n 8 --no-pager -o cat", unit), 10s);
  return result.out.empty() ? "it does not answer over SSH" : result.out.substr(0, result.out.find_last_not_of('\n') + 1);
}

[[noreturn]] void give_up(const LabFile& lab, const std::string& node, const std::string& unit, const std::string& why) {
  throw Error(ErrorKind::unreachable, fmt::format("waiting for {} on {}", unit, node),
              fmt::format("{}\n  {} says: {}", why, unit, last_words(lab, node, unit)),
              fmt::format("look around there: blackstart lab ssh {}", node));
}

void wait_for_ssh(const LabFile& lab, const LabNode& node) {
  const Deadline deadline(real_clock(), kSshLimit);
  ProcessResult last;
  const bool in = wait_until(
      [&] {
        if (!TcpWatch::open(node.address, 22, deadline.sooner(1s))) return false;
        last = run_on_node(lab, node.name, kSetGoing, 20s);
        return last.ok();
      },
      deadline, 100ms);
  if (!in)
    throw Error(ErrorKind::unreachable, fmt::format("waiting for ssh on {} ({})", node.name, node.address),
                last.err.empty() && last.exit_code < 0 ? "nothing listens on port 22" : last.trouble(),
                fmt::format("see /var/log/libvirt/lxc/{}.log", lab.domain(node.name)));
}

void for_each_node(const LabFile& lab, const std::function<void(const LabNode&)>& work) {
  std::vector<std::future<void>> all;
  for (const LabNode& node : lab.nodes) all.push_back(std::async(std::launch::async, [&work, &node] { work(node); }));
  for (auto& each : all) each.get();
}

std::vector<GaleraStatus> ask_all(const LabFile& lab, const std::string& password) {
  std::vector<GaleraStatus> found(lab.nodes.size());
  for_each_node(lab, [&](const LabNode& node) {
    found[static_cast<std::size_t>(&node - lab.nodes.data())] = ask_galera(node.data, password, kQueryLimit);
  });
  return found;
}

// The user bank comes from the first node that takes it; Galera carries it to the others.
bool make_bank(const LabFile& lab, const std::string& password) {
  return std::any_of(lab.nodes.begin(), lab.nodes.end(), [&](const LabNode& node) {
    return run_on_node(lab, node.name, "mariadb", 10s, bank_statements(password)).ok();
  });
}

bool in_sync(const LabFile& lab, const std::vector<GaleraStatus>& all) {
  return std::all_of(all.begin(), all.end(), [&](const GaleraStatus& status) {
    return status.synced() && status.size == static_cast<int>(lab.nodes.size());
  });
}

bool anyone_primary(const std::vector<GaleraStatus>& all) {
  return std::any_of(all.begin(), all.end(), [](const GaleraStatus& status) { return status.primary; });
}

[[noreturn]] void blame_galera(const LabFile& lab, const std::vector<GaleraStatus>& all) {
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!all[i].synced())
      give_up(lab, lab.nodes[i].name, "mariadb",
              fmt::format("not in sync with the cluster after {} s: {}", kGaleraLimit / 1s, all[i].state));
  give_up(lab, lab.nodes.front().name, "mariadb", "the nodes are in sync, but not all in one cluster");
}

void wait_for_galera(const LabFile& lab, const std::string& password, const Progress& progress) {
  const Deadline deadline(real_clock(), kGaleraLimit);
  Deadline patience(real_clock(), kPatience);
  std::vector<GaleraStatus> all;
  const bool synced = wait_until(
      [&] {
        all = ask_all(lab, password);
        const bool known = std::any_of(all.begin(), all.end(), [](const GaleraStatus& s) { return s.answered; });
        if (!known) make_bank(lab, password);
        if (anyone_primary(all)) patience = Deadline(real_clock(), kPatience);
        if (patience.passed()) {
          progress("no node of Galera may write: making a new cluster from the most advanced one");
          progress("that was " + recover_cluster(lab));
          patience = Deadline(real_clock(), kGaleraLimit);
        }
        return in_sync(lab, all);
      },
      deadline, 200ms);
  if (!synced) blame_galera(lab, all);
}

void wait_for_endpoint(const LabFile& lab, const std::string& password) {
  std::optional<std::string> trouble;
  const bool serves = wait_until([&] { return !(trouble = sql_trouble(lab.vip, password, kQueryLimit)); },
                                 Deadline(real_clock(), kEndpointLimit), 100ms);
  if (serves) return;
  for (const char* unit : {"haproxy", "keepalived", "galera-check"})
    for (const LabNode& node : lab.nodes)
      if (!run_on_node(lab, node.name, fmt::format("systemctl -q is-active {}", unit), 10s).ok())
        give_up(lab, node.name, unit, fmt::format("the virtual IP {} does not serve SQL: {}", lab.vip, *trouble));
  give_up(lab, lab.nodes.front().name, "haproxy", fmt::format("the virtual IP {} does not serve SQL: {}", lab.vip, *trouble));
}

}  // namespace

ProcessResult run_on_node(const LabFile& lab, const std::string& node, const std::string& script, Duration limit,
                          const std::string& input) {
  ProcessOptions options;
  options.input = input;
  return run_process(lab_ssh_command(lab.name, node, {"sh", "-c", script}), limit, options);
}

void wait_for_lab(const LabFile& lab, const std::string& password, const Progress& progress) {
  progress("waiting for SSH on all nodes");
  for_each_node(lab, [&](const LabNode& node) { wait_for_ssh(lab, node); });
  progress("waiting for Galera to be in sync");
  wait_for_galera(lab, password, progress);
  progress(fmt::format("waiting for SQL on the virtual IP {}", lab.vip));
  wait_for_endpoint(lab, password);
}

}  // namespace blackstart
