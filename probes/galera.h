// What a Galera cluster says of itself.
//
// Purpose: who takes the writes now, and whether every replica is whole again. Reads only.
// Ownership: nothing outlives a call. Thread rule: calls are independent and may run on any thread.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "lab/cloud.h"
#include "probes/sql_session.h"
#include "reports/record.h"

namespace blackstart {

// The node that answers at the database's endpoint (`pick: writer`), with PostgreSQL its primary. Throws Error(unmet,
// unreachable), also when it is no node of the cloud.
std::string current_writer(const Cloud& cloud, const Deadline& deadline);

// Returns when this node has applied all that the cluster accepted until now; `table`: any that it may read.
void apply_all(SqlSession& session, const std::string& table);

struct GaleraState {
  std::string comment;  // wsrep_local_state_comment: Synced, Donor/Desynced, Joining, …
  std::string status;   // wsrep_cluster_status: Primary, non-Primary, Disconnected
  std::string ready;    // wsrep_ready: ON, OFF
  std::string size;     // wsrep_cluster_size
  std::string server;   // wsrep_gcomm_uuid: which of them it is; empty where it does not say
  // In a primary component of `nodes` nodes, with everything applied.
  bool whole(std::size_t nodes) const;
};
// Works also where the node refuses every other query. A server without Galera has all of them empty or "OFF".
GaleraState galera_state(SqlSession& session);
// "Synced, Primary, ready ON, size 3"
std::string describe(const GaleraState& state);

// Throws Error(unmet) that names each replica that is not whole and what it says of itself, or that leads to the same server as
// another; Error(unreachable) for one that does not answer.
void require_whole(const Database& database, const Deadline& deadline);

// What each replica says of itself, in the database's order; one that does not answer within a second says why.
struct ReplicaState {
  std::string node;
  bool whole = false;
  std::string says;  // "Joining, Primary, ready OFF, size 3"
};
std::vector<ReplicaState> look_at_replicas(const Database& database, const Deadline& deadline);

// Waits until every replica is whole. Its one line says what was last seen; `at` is left to the caller.
Redundancy await_whole(const Database& database, const Deadline& deadline, const std::stop_token& stop);

}  // namespace blackstart
