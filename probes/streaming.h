// What PostgreSQL's streaming replication says of itself.
//
// Purpose: who takes the writes now, whether every standby follows it, and whether a standby has all that was acknowledged.
// It needs no rights beyond those of the bank's user. Reads only, but for written_position().
// Ownership: nothing outlives a call. Thread rule: calls are independent and may run on any thread.
#pragma once

#include <string>
#include <vector>

#include "probes/galera.h"

namespace blackstart {

// The node whose replica answers at the database's endpoint, by the address and port that the server sees itself under
// (`pick: writer`). Throws Error(unmet, unreachable), also when it is a standby or no replica of the cloud's.
std::string current_primary(const Cloud& cloud, const Deadline& deadline);

// Whole: exactly one replica is a primary; each other one is a standby that receives its WAL and has replayed up to what the
// primary had flushed when it was asked, as far as that was whole records, and not beyond what it has now: such a standby
// follows another history.
std::vector<ReplicaState> look_at_streaming(const Database& database, const Deadline& deadline);
// Throws Error(unmet) that names each replica that is not whole and what it says of itself.
void require_streaming(const Database& database, const Deadline& deadline);
// Waits until every replica is whole. Its one line says what was last seen; `at` is left to the caller.
Redundancy await_streaming(const Database& database, const Deadline& deadline, const std::stop_token& stop);

// When this server acknowledges a COMMIT: "synchronous_commit on, synchronous_standby_names ''".
std::string commit_rule(SqlSession& session);

// A position in the WAL of the primary at `target`, flushed there, behind everything it has acknowledged until now: a message
// of ours is committed for that, which no table shows. Throws Error (unmet for a standby).
std::string written_position(const SqlTarget& target, const Deadline& deadline);
// Returns on a primary; on a standby throws `reason`, for which nobody can tell how far it must have come.
void require_primary(SqlSession& session, const Error& reason);
// On a standby, returns when it has replayed that far. On a primary at once, which has it or never will.
// Throws Error(unmet) at the deadline.
void await_replayed(SqlSession& session, const std::string& position, const Deadline& deadline);

}  // namespace blackstart
