#include "probes/live_settings.h"

#include <algorithm>
#include <future>

#include "base/error.h"
#include "base/process.h"
#include "probes/live_readers.h"
#include "probes/sql_session.h"

namespace blackstart {
namespace {

// rabbitmqctl starts an Erlang of its own, which takes one to two seconds of CPU on a node that has other work.
constexpr Duration kEach = 12s;
constexpr const char* kBounded = "timeout -k 1 10 sh -c ";

// One way to a component's settings on one node.
struct Reader {
  const char* component;
  bool (*on)(const Cloud& cloud, const Node& node);
  std::vector<LiveSetting> (*read)(const Cloud& cloud, const Node& node, Remote& remote, const Deadline& deadline);
  // Where it has to be, to read nothing is a problem, and this is why; elsewhere it is not there, and nothing is told.
  bool (*expected)(const Node& node);
  const char* nothing;
};

std::string ask(Remote& remote, const Node& node, const std::string& command, const Deadline& deadline) {
  CommandResult result = remote.run(node.name, kBounded + shell_quote(command), deadline.sooner(kEach));
  if (result.ok()) return std::move(result.out);
  result.out.clear();  // a part of a configuration, whose last line would stand in the trouble, and in each report
  throw Error(ErrorKind::unmet, "reading settings", result.trouble());
}

const Database::Replica* replica_on(const Cloud& cloud, const Node& node) {
  for (const Database::Replica& replica : cloud.database.replicas)
    if (replica.node == node.name) return &replica;
  return nullptr;
}

// A server without Galera has the variable all the same, and it is empty.
std::vector<LiveSetting> galera(const Cloud& cloud, const Node& node, Remote&, const Deadline& deadline) {
  SqlSession session(target_of(cloud.database, *replica_on(cloud, node)), deadline.sooner(kEach));
  for (const SqlRow& row : session.ask("asking for Galera's options", "SHOW GLOBAL VARIABLES LIKE 'wsrep_provider_options'"))
    if (row.size() == 2 && !row[1].value_or("").empty()) return live::parse_galera(*row[1]);
  return {};
}

std::vector<LiveSetting> haproxy(const Cloud& cloud, const Node& node, Remote& remote, const Deadline& deadline) {
  return live::parse_haproxy(ask(remote, node, live::config_command("haproxy", "/etc/haproxy/haproxy.cfg"), deadline), cloud);
}

std::vector<LiveSetting> keepalived(const Cloud& cloud, const Node& node, Remote& remote, const Deadline& deadline) {
  const auto command = live::config_command("keepalived", "/etc/keepalived/keepalived.conf");
  return live::parse_keepalived(ask(remote, node, command, deadline), cloud.vip);
}

std::vector<LiveSetting> rabbitmq(const Cloud&, const Node& node, Remote& remote, const Deadline& deadline) {
  return live::parse_rabbitmq(ask(remote, node, "rabbitmqctl -q eval 'net_kernel:get_net_ticktime().'", deadline));
}

std::vector<LiveSetting> nova(const Cloud&, const Node& node, Remote& remote, const Deadline& deadline) {
  return live::parse_nova(ask(remote, node, live::oslo_command("nova"), deadline));
}

std::vector<LiveSetting> neutron(const Cloud&, const Node& node, Remote& remote, const Deadline& deadline) {
  return live::parse_neutron(ask(remote, node, live::oslo_command("neutron"), deadline));
}

bool has_replica(const Cloud& cloud, const Node& node) {
  return cloud.database.present() && kind_of(cloud.database) == SqlKind::mariadb && replica_on(cloud, node) != nullptr;
}
bool is_entry(const Cloud& cloud, const Node& node) { return !cloud.vip.empty() && node.has_role("controller"); }
bool has_messaging(const Cloud&, const Node& node) { return node.has_role("messaging"); }
bool has_openstack(const Cloud& cloud, const Node&) { return cloud.openstack.present; }

bool always(const Node&) { return true; }
bool runs_nova(const Node& node) { return node.has_role("controller") || node.has_role("compute"); }
// With OVN none of Neutron's processes runs on nodes that are for the network only.
bool runs_neutron(const Node& node) { return node.has_role("controller"); }

constexpr const char* kNoMember = "the server is no member of a cluster of Galera's";

constexpr Reader kReaders[] = {
    {"galera", has_replica, galera, always, kNoMember},
    {"haproxy", is_entry, haproxy, always, "its configuration has no server"},
    {"keepalived", is_entry, keepalived, always, "no VRRP instance of its configuration has the cloud's virtual IP"},
    {"rabbitmq", has_messaging, rabbitmq, always, ""},
    {"nova", has_openstack, nova, runs_nova, "there is no process of Nova's that reports, or says who is down"},
    {"neutron", has_openstack, neutron, runs_neutron, "there is no process of Neutron's that reports, or says who is down"}};

// One after the other: a node's sessions queue up anyway.
std::vector<LiveSettings> read_node(const Cloud& cloud, const Node& node, Remote& remote, const Deadline& deadline) {
  std::vector<LiveSettings> all;
  for (const Reader& reader : kReaders) {
    if (!reader.on(cloud, node)) continue;
    LiveSettings one{reader.component, node.name, {}, ""};
    try {
      one.settings = reader.read(cloud, node, remote, deadline);
    } catch (const Error& error) {
      one.problem = error.why();
    } catch (const std::exception& error) {
      one.problem = error.what();
    }
    if (one.settings.empty() && one.problem.empty() && reader.expected(node)) one.problem = reader.nothing;
    if (!one.settings.empty() || !one.problem.empty()) all.push_back(std::move(one));
  }
  return all;
}

// A database without Galera is none that lacks it: only beside members it is strange that a server is none.
void forget_galera_where_none_is(std::vector<LiveSettings>& all) {
  const auto member = [](const LiveSettings& one) { return one.component == "galera" && one.problem.empty(); };
  if (std::none_of(all.begin(), all.end(), member))
    std::erase_if(all, [](const LiveSettings& one) { return one.component == "galera" && one.problem == kNoMember; });
}

// How late a report may be is said by those who judge it. Where none of them was found, no controller has told enough.
void tell_missing_limit(const Cloud& cloud, std::vector<LiveSettings>& all, const std::string& component,
                        const std::string& limit) {
  const auto has_limit = [&](const LiveSettings& one) {
    return one.component == component &&
           std::any_of(one.settings.begin(), one.settings.end(), [&](const LiveSetting& each) { return each.name == limit; });
  };
  if (std::any_of(all.begin(), all.end(), has_limit)) return;
  for (LiveSettings& one : all) {
    if (one.component != component || !one.problem.empty()) continue;
    const bool controller = std::any_of(cloud.nodes.begin(), cloud.nodes.end(),
                                        [&](const Node& node) { return node.name == one.node && node.has_role("controller"); });
    if (controller) one = {component, one.node, {}, "no process was found, here or on another node, that has " + limit};
  }
}

}  // namespace

std::vector<LiveSettings> read_live_settings(const Cloud& cloud, Remote& remote, const Deadline& deadline) {
  std::vector<std::future<std::vector<LiveSettings>>> asked;
  for (const Node& node : cloud.nodes)
    asked.push_back(std::async(std::launch::async, [&] { return read_node(cloud, node, remote, deadline); }));
  std::vector<LiveSettings> all;
  for (auto& one : asked)
    for (LiveSettings& settings : one.get()) all.push_back(std::move(settings));
  forget_galera_where_none_is(all);
  tell_missing_limit(cloud, all, "nova", "service_down_time");
  tell_missing_limit(cloud, all, "neutron", "agent_down_time");
  std::stable_sort(all.begin(), all.end(),
                   [](const LiveSettings& a, const LiveSettings& b) { return a.component < b.component; });
  return all;
}

}  // namespace blackstart
