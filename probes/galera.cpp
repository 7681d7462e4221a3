#include "probes/galera.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "probes/streaming.h"

namespace blackstart {
namespace {

constexpr Duration kNodeLimit = 1s;  // a node that is down or hangs must not eat the time of the others
constexpr Duration kAskAgainAfter = 200ms;

std::string one_line(const Error& error) { return fmt::format("{}: {}", error.doing(), error.why()); }

const std::string& or_none(const std::string& text) {
  static const std::string none = "none";
  return text.empty() ? none : text;
}

}  // namespace

std::string current_writer(const Cloud& cloud, const Deadline& deadline) {
  const std::string doing = "asking the database's endpoint which node writes";
  if (!cloud.database.present())
    throw Error(ErrorKind::unmet, doing, fmt::format("cloud '{}' has no database", cloud.name), "add 'database' to cloud.yaml");
  if (kind_of(cloud.database) == SqlKind::postgresql) return current_primary(cloud, deadline);
  SqlSession session(endpoint_of(cloud.database), deadline);
  auto rows = session.ask(doing, "SELECT @@wsrep_node_name");
  std::string name = !rows.empty() && rows[0][0] ? *rows[0][0] : "";
  if (!cloud.find(name))
    throw Error(ErrorKind::unmet, doing, fmt::format("it calls itself '{}', which is no node of cloud '{}'", name, cloud.name),
                "set wsrep_node_name on each database server to its node's name in cloud.yaml");
  return name;
}

void apply_all(SqlSession& session, const std::string& table) {
  session.ask("asking it to wait for the cluster", "SET SESSION wsrep_sync_wait = 15");
  session.ask("waiting until it has applied all that the cluster accepted", fmt::format("SELECT COUNT(*) FROM {}", table));
}

bool GaleraState::whole(std::size_t nodes) const {
  return comment == "Synced" && status == "Primary" && ready == "ON" && size == std::to_string(nodes);
}

GaleraState galera_state(SqlSession& session) {
  GaleraState state;
  // SHOW, as a node outside of the primary component answers nothing else.
  auto rows = session.ask("asking for the state of Galera",
                          "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state_comment', 'wsrep_cluster_status', "
                          "'wsrep_ready', 'wsrep_cluster_size', 'wsrep_gcomm_uuid')");
  for (const SqlRow& row : rows) {
    const std::string name = row[0].value_or(""), value = row[1].value_or("");
    if (name == "wsrep_local_state_comment") state.comment = value;
    if (name == "wsrep_cluster_status") state.status = value;
    if (name == "wsrep_ready") state.ready = value;
    if (name == "wsrep_cluster_size") state.size = value;
    if (name == "wsrep_gcomm_uuid") state.server = value;
  }
  return state;
}

std::string describe(const GaleraState& state) {
  return fmt::format("{}, {}, ready {}, size {}", or_none(state.comment), or_none(state.status), or_none(state.ready),
                     or_none(state.size));
}

void require_whole(const Database& database, const Deadline& deadline) {
  std::vector<std::string> broken;
  std::map<std::string, std::string> servers;  // who answered for which node
  for (const auto& replica : database.replicas) {
    SqlSession session(target_of(database, replica), deadline);
    GaleraState state = galera_state(session);
    if (!state.whole(database.replicas.size())) broken.push_back(replica.node + ": " + describe(state));
    const auto [known, is_new] = servers.emplace(state.server, replica.node);
    if (!is_new && !state.server.empty())
      broken.push_back(fmt::format("{}: the same server answers as for {}, so that one of both would not be audited",
                                   replica.node, known->second));
  }
  if (!broken.empty())
    throw Error(ErrorKind::unmet, fmt::format("checking that all {} Galera nodes are synced", database.replicas.size()),
                fmt::format("{}", fmt::join(broken, "; ")),
                "repair the cluster first; without Galera, set 'replication: none' in the probe");
}

std::vector<ReplicaState> look_at_replicas(const Database& database, const Deadline& deadline) {
  std::vector<ReplicaState> states;
  for (const auto& replica : database.replicas) {
    try {
      SqlSession session(target_of(database, replica), deadline.sooner(kNodeLimit));
      const GaleraState state = galera_state(session);
      states.push_back({replica.node, state.whole(database.replicas.size()), describe(state)});
    } catch (const Error& error) {
      states.push_back({replica.node, false, one_line(error)});
    }
  }
  return states;
}

Redundancy await_whole(const Database& database, const Deadline& deadline, const std::stop_token& stop) {
  std::vector<ReplicaState> seen;
  auto whole = [&] {
    seen = look_at_replicas(database, deadline);
    return std::all_of(seen.begin(), seen.end(), [](const ReplicaState& replica) { return replica.whole; });
  };
  Redundancy redundancy;
  redundancy.restored = wait_until(whole, deadline, kAskAgainAfter, stop);
  redundancy.what = "every replica of Galera is whole";
  const auto synced = std::count_if(seen.begin(), seen.end(), [](const ReplicaState& replica) { return replica.whole; });
  redundancy.observed = fmt::format("{} of {} nodes synced", synced, seen.size());
  for (const ReplicaState& replica : seen)
    if (!replica.whole) redundancy.observed += fmt::format("; {}: {}", replica.node, replica.says);
  return redundancy;
}

}  // namespace blackstart
