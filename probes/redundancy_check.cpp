#include "probes/redundancy_check.h"

#include <algorithm>
#include <future>

#include "base/error.h"
#include "base/process.h"

namespace blackstart {
namespace {

bool has_role(const Cloud& cloud, const char* role) {
  return std::any_of(cloud.nodes.begin(), cloud.nodes.end(), [&](const Node& node) { return node.has_role(role); });
}
bool has_galera(const Cloud& cloud) { return cloud.database.present() && cloud.database.kind == kMariadb; }
bool has_postgres(const Cloud& cloud) { return cloud.database.present() && cloud.database.kind == kPostgresql; }
bool has_messaging(const Cloud& cloud) { return has_role(cloud, "messaging"); }
bool has_entry(const Cloud& cloud) { return !cloud.vip.empty() && has_role(cloud, "controller"); }
bool has_openstack(const Cloud& cloud) { return cloud.openstack.present; }

// A look that hangs must not stay on the node, where it would be in the way of the next.
constexpr const char* kBounded = "timeout -k 1 3 sh -c ";

NodeAnswer ask_node(const RedundancyWays& ways, const std::string& node, const std::string& command, const Deadline& deadline) {
  try {
    const CommandResult result = ways.remote.run(node, kBounded + shell_quote(command), deadline);
    if (result.ok()) return {node, result.out, ""};
    return {node, "", result.trouble()};
  } catch (const Error& error) {
    return {node, "", error.why()};
  }
}

}  // namespace

const std::vector<RedundancyKind>& redundancy_kinds() {
  // How often each is asked follows from what a look costs.
  static const std::vector<RedundancyKind> kinds{
      {"galera", "nodes", "each replica of the database is synced, in a primary component of all", 1s, false, false, has_galera,
       make_galera_check},
      {"postgresql", "nodes", "one replica of the database is the primary, and each other streams from it and has replayed it",
       1s, false, false, has_postgres, make_postgres_check},
      {"rabbitmq", "members", "each node with the role 'messaging' runs and sees all others run", 2s, false, false,
       has_messaging, make_rabbitmq_check},
      {"rabbitmq-queues", "queues", "each queue has a leader and all its replicas at work", 2s, false, false, has_messaging,
       make_queues_check},
      {"haproxy", "backends", "on each controller HAProxy runs and has all its servers up", 2s, false, false, has_entry,
       make_haproxy_check},
      {"keepalived", "nodes", "runs on each controller, and exactly one of them holds the virtual IP", 1s, false, false,
       has_entry, make_keepalived_check},
      {"nova", "services", "each service that is not disabled is up, and reports", 3s, false, false, has_openstack,
       make_nova_check},
      {"neutron", "agents", "each agent that is not disabled is alive, and reports", 3s, false, false, has_openstack,
       make_neutron_check},
      {"cinder", "services", "each service that is not disabled is up, and reports", 3s, false, false, has_openstack,
       make_cinder_check},
      {"dhcp", "networks", "each network is served by as many live DHCP agents as before", 5s, true, false, has_openstack,
       make_dhcp_check},
      {"anti-affinity", "groups", "instances of a group with (soft) anti-affinity are on hosts of their own that are up", 5s,
       true, true, has_openstack, make_anti_affinity_check},
  };
  return kinds;
}

const RedundancyKind* find_redundancy_kind(const std::string& name) {
  const auto& kinds = redundancy_kinds();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const RedundancyKind& kind) { return kind.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

std::vector<NodeAnswer> ask_nodes(const RedundancyWays& ways, const std::string& role, const std::string& command,
                                  const Deadline& deadline) {
  std::vector<std::future<NodeAnswer>> asked;
  for (const Node& node : ways.cloud.nodes)
    if (node.has_role(role))
      asked.push_back(std::async(std::launch::async, [&] { return ask_node(ways, node.name, command, deadline); }));
  std::vector<NodeAnswer> answers;
  for (auto& one : asked) answers.push_back(one.get());
  return answers;
}

}  // namespace blackstart
