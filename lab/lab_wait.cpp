#include "lab/lab_wait.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "base/units.h"
#include "lab/each_node.h"
#include "lab/galera.h"
#include "lab/lab_folder.h"
#include "lab/lab_recover.h"
#include "lab/node_files.h"
#include "lab/openstack_up.h"
#include "lab/postgres_up.h"
#include "lab/service.h"
#include "lab/tcp.h"

namespace blackstart {
namespace {

// For containers; a virtual machine without the processor's help takes several times as long.
constexpr auto kSshLimit = 40s, kGaleraLimit = 120s, kEndpointLimit = 30s;
constexpr auto kQueryLimit = 2s, kCommandLimit = 20s;
constexpr int kVmFactor = 6;
// Longer than any boot, and than Galera's own return after a power cut of all nodes.
constexpr auto kPatience = 25s;

Duration patience(const LabFile& lab, Duration limit) { return lab.has_vms() ? kVmFactor * limit : limit; }

std::string log_of(const LabFile& lab, const LabNode& node) {
  if (node.is_vm()) return (LabFolder(lab.name).node(node.name) / "console.log").string();
  return fmt::format("/var/log/libvirt/lxc/{}.log", lab.domain(node.name));
}

// What a node has to say about a unit that fails us.
std::string last_words(const LabFile& lab, const std::string& node, const std::string& unit, int lines) {
  const auto result = run_on_node(
      lab, node, fmt::format("systemctl is-active {0}; journalctl -q -u {0} -n {1} --no-pager -o cat", unit, lines), 10s);
  return result.out.empty() ? "it does not answer over SSH" : result.out.substr(0, result.out.find_last_not_of('\n') + 1);
}

void wait_for_ssh(const LabFile& lab, const LabNode& node) {
  const Deadline deadline(real_clock(), patience(lab, kSshLimit));
  ProcessResult last;
  const bool in = wait_while_there(
      lab,
      [&] {
        if (!TcpWatch::open(node.address, 22, deadline.sooner(1s))) return false;
        last = run_on_node(lab, node.name, set_going(units_of(lab, node)), patience(lab, kCommandLimit));
        return last.ok();
      },
      deadline, 100ms);
  if (!in)
    throw Error(ErrorKind::unreachable, fmt::format("waiting for ssh on {} ({})", node.name, node.address),
                last.err.empty() && last.exit_code < 0 ? "nothing listens on port 22" : last.trouble(),
                "see " + log_of(lab, node));
}

using Nodes = std::vector<LabNode>;

std::vector<GaleraStatus> ask_all(const LabFile& lab, const Nodes& databases, const std::string& password) {
  std::vector<GaleraStatus> found(databases.size());
  for_each_at_once(databases, [&](const LabNode& node) {
    found[static_cast<std::size_t>(&node - databases.data())] = ask_galera(node.data, password, patience(lab, kQueryLimit));
  });
  return found;
}

// The user bank comes from the first node that takes it; Galera carries it to the others.
bool make_bank(const LabFile& lab, const Nodes& databases, const std::string& password) {
  return std::any_of(databases.begin(), databases.end(), [&](const LabNode& node) {
    return run_on_node(lab, node.name, "mariadb", patience(lab, kCommandLimit), bank_statements(password)).ok();
  });
}

bool in_sync(const std::vector<GaleraStatus>& all) {
  return std::all_of(all.begin(), all.end(), [&](const GaleraStatus& status) {
    return status.synced() && status.size == static_cast<int>(all.size());
  });
}

bool anyone_primary(const std::vector<GaleraStatus>& all) {
  return std::any_of(all.begin(), all.end(), [](const GaleraStatus& status) { return status.primary; });
}

[[noreturn]] void blame_galera(const LabFile& lab, const Nodes& databases, const std::vector<GaleraStatus>& all) {
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!all[i].synced())
      give_up(
          lab, databases[i].name, "mariadb",
          fmt::format("not in sync with the cluster after {}: {}", format_duration(patience(lab, kGaleraLimit)), all[i].state));
  give_up(lab, databases.front().name, "mariadb", "the nodes are in sync, but not all in one cluster");
}

// Under the lock, and only if it is still needed then: two `lab up` of one lab must not each make a cluster.
void help_galera(const LabFile& lab, const Nodes& databases, const std::string& password, const Progress& progress) {
  const LabLock lock(progress);
  made_lab(lab.name);
  if (anyone_primary(ask_all(lab, databases, password))) return;
  progress("no node of Galera may write: making a new cluster from the most advanced one");
  progress("that was " + recover_cluster(lab));
}

void wait_for_galera(const LabFile& lab, const std::string& password, const Progress& progress) {
  const Nodes databases = nodes_with(lab, "mariadb");
  const Deadline deadline(real_clock(), patience(lab, kGaleraLimit));
  Deadline next_help(real_clock(), patience(lab, kPatience));
  std::vector<GaleraStatus> all;
  const bool synced = wait_while_there(
      lab,
      [&] {
        all = ask_all(lab, databases, password);
        const bool known = std::any_of(all.begin(), all.end(), [](const GaleraStatus& s) { return s.answered; });
        if (!known) make_bank(lab, databases, password);
        if (anyone_primary(all)) next_help = Deadline(real_clock(), patience(lab, kPatience));
        if (next_help.passed()) {
          help_galera(lab, databases, password, progress);
          next_help = Deadline(real_clock(), patience(lab, kGaleraLimit));
        }
        return in_sync(all);
      },
      deadline, 200ms);
  if (!synced) blame_galera(lab, databases, all);
}

void wait_for_endpoint(const LabFile& lab, const std::string& password) {
  std::optional<std::string> trouble;
  const bool serves = wait_while_there(
      lab, [&] { return !(trouble = sql_trouble(lab.vip, password, patience(lab, kQueryLimit))); },
      Deadline(real_clock(), patience(lab, kEndpointLimit)), 100ms);
  if (serves) return;
  for (const LabNode& node : lab.nodes)
    for (const std::string& unit : units_of(lab, node))
      if (!run_on_node(lab, node.name, fmt::format("systemctl -q is-active {}", unit), 10s).ok())
        give_up(lab, node.name, unit, fmt::format("the virtual IP {} does not serve SQL: {}", lab.vip, *trouble));
  give_up(lab, nodes_with(lab, "haproxy").front().name, "haproxy",
          fmt::format("the virtual IP {} does not serve SQL: {}", lab.vip, *trouble));
}

}  // namespace

bool wait_while_there(const LabFile& lab, const std::function<bool()>& condition, const Deadline& deadline, Duration interval) {
  return wait_until(
      [&] {
        if (lab_birth(lab.name).empty())
          throw Error(ErrorKind::unmet, fmt::format("waiting for the lab {}", lab.name), "it is there no more");
        return condition();
      },
      deadline, interval);
}

std::string set_going(const std::vector<std::string>& units) {
  if (units.empty()) return "true";
  return fmt::format("systemctl thaw {0} 2>/dev/null; systemctl kill -s CONT {0} 2>/dev/null; systemctl start --no-block {0}",
                     fmt::join(units, " "));
}

void give_up(const LabFile& lab, const std::string& node, const std::string& unit, const std::string& why, int lines) {
  throw Error(ErrorKind::unreachable, fmt::format("waiting for {} on {}", unit, node),
              fmt::format("{}\n  {} says: {}", why, unit, last_words(lab, node, unit, lines)),
              fmt::format("look around there: blackstart lab ssh {}", node));
}

ProcessResult run_on_node(const LabFile& lab, const std::string& node, const std::string& script, Duration limit,
                          const std::string& input) {
  ProcessOptions options;
  options.input = input;
  return run_process(lab_ssh_command(lab.name, node, {"sh", "-c", script}), limit, options);
}

void wait_for_lab(const LabFile& lab, const std::string& password, const Progress& progress) {
  progress("waiting for SSH on all nodes");
  for_each_at_once(lab.nodes, [&](const LabNode& node) { wait_for_ssh(lab, node); });
  if (!nodes_with(lab, "postgresql").empty()) wait_for_postgres(lab, password, progress);
  if (nodes_with(lab, "mariadb").empty()) return;
  progress("waiting for Galera to be in sync");
  wait_for_galera(lab, password, progress);
  progress(fmt::format("waiting for SQL on the virtual IP {}", lab.vip));
  wait_for_endpoint(lab, password);
  if (lab.has_openstack()) wait_for_openstack(lab, progress);
}

}  // namespace blackstart
