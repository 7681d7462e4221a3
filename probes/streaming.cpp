#include "probes/streaming.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/error.h"

namespace blackstart {
namespace {

constexpr Duration kNodeLimit = 1s;  // a node that is down or hangs must not eat the time of the others
constexpr Duration kAskAgainAfter = 200ms, kLookAgainAfter = 20ms;

std::string one_line(const Error& error) { return fmt::format("{}: {}", error.doing(), error.why()); }

// One replica while all are looked at.
struct Look {
  std::string node;
  SqlTarget target;
  bool standby = false;
  std::string since;    // when the server was started, to the microsecond: no other one has the same
  std::string trouble;  // why it could not be asked
};

// "t" and "f", as PostgreSQL writes them.
bool is_true(const SqlRows& rows, std::size_t column = 0) { return rows[0][column] == "t"; }

std::string flushed(SqlSession& primary) {
  return primary.ask("asking the primary for its position", "SELECT pg_current_wal_flush_lsn()")[0][0].value_or("");
}

// Two names of one server: the other server, which they hide, may have lost what this one holds.
void find_doubles(std::vector<Look>& looks) {
  for (auto one = looks.begin(); one != looks.end(); ++one)
    for (auto other = looks.begin(); other != one; ++other)
      if (one->trouble.empty() && other->trouble.empty() && one->since == other->since)
        one->trouble = fmt::format("the same server answers as for {}, so that one of both would not be audited", other->node);
}

std::vector<Look> ask_roles(const Database& database, const Deadline& deadline) {
  std::vector<Look> looks;
  for (const auto& replica : database.replicas) {
    Look& look = looks.emplace_back();
    look.node = replica.node;
    try {
      look.target = target_of(database, replica);
      SqlSession session(look.target, deadline.sooner(kNodeLimit));
      const SqlRows rows =
          session.ask("asking for its role", "SELECT pg_is_in_recovery(), extract(epoch FROM pg_postmaster_start_time())");
      look.standby = is_true(rows);
      look.since = rows[0][1].value_or("");
    } catch (const Error& error) {
      look.trouble = one_line(error);
    }
  }
  find_doubles(looks);
  return looks;
}

// Where commits don't wait for the log (synchronous_commit off) it is flushed page by page, and the end of a page may be in the
// middle of a record: a standby that has received so much can't replay the last of it before the rest comes.
std::string has_replayed_sql(const std::string& due) {
  constexpr int kPage = 8192, kLongRecord = 4 * kPage;  // Debian's, and a record with a few pages in it
  return fmt::format(
      "pg_last_wal_replay_lsn() >= '{0}' OR (('{0}'::pg_lsn - '0/0') % {1} = 0 AND '{0}' - pg_last_wal_replay_lsn() < {2} AND "
      "pg_last_wal_receive_lsn() >= '{0}' AND NOT pg_is_wal_replay_paused())",
      due, kPage, kLongRecord);
}

// Follows the primary, seen by its own WAL receiver and by how far it has replayed.
// Both are asked anew: what another node took of the time must not be missing here.
ReplicaState look_at_standby(const Look& look, const SqlTarget& writer, const Deadline& deadline) {
  SqlSession primary(writer, deadline.sooner(kNodeLimit));
  SqlSession standby(look.target, deadline.sooner(kNodeLimit));
  const std::string due = flushed(primary);
  SqlRows rows;
  const auto has_replayed = [&] {
    rows = standby.ask(
        "asking how far it is",
        fmt::format("SELECT {}, pg_last_wal_replay_lsn(), (SELECT COUNT(*) FROM pg_stat_wal_receiver)", has_replayed_sql(due)));
    return is_true(rows);
  };
  const bool caught_up = wait_until(has_replayed, deadline.sooner(kNodeLimit / 2), kLookAgainAfter);
  const std::string at = rows[0][1].value_or("nothing"), end = flushed(primary);
  const bool beyond =
      caught_up && !is_true(primary.ask("comparing positions", fmt::format("SELECT '{}'::pg_lsn <= '{}'", at, end)));
  const bool receives = rows[0][2] != "0";
  ReplicaState state{look.node, caught_up && receives && !beyond, fmt::format("standby, replayed {} of {}", at, due)};
  if (!receives) state.says += ", receives no WAL";
  if (beyond) state.says += ", beyond the primary: it follows another history";
  return state;
}

ReplicaState look_at(Look& look, const std::vector<Look*>& primaries, const Deadline& deadline) {
  if (!look.trouble.empty()) return {look.node, false, look.trouble};
  if (!look.standby)
    return {look.node, primaries.size() == 1, primaries.size() == 1 ? "primary" : "primary, beside another one"};
  if (primaries.size() != 1)
    return {look.node, false, primaries.empty() ? "standby without a primary" : "standby, between two primaries"};
  try {
    return look_at_standby(look, primaries.front()->target, deadline);
  } catch (const Error& error) {
    return {look.node, false, one_line(error)};
  }
}

std::string told(const std::vector<ReplicaState>& seen) {
  std::string text;
  for (const ReplicaState& replica : seen)
    if (!replica.whole) text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", replica.node, replica.says);
  return text;
}

bool all_whole(const std::vector<ReplicaState>& seen) {
  return std::all_of(seen.begin(), seen.end(), [](const ReplicaState& replica) { return replica.whole; });
}

}  // namespace

std::string current_primary(const Cloud& cloud, const Deadline& deadline) {
  const std::string doing = "asking the database's endpoint which node writes";
  SqlSession session(endpoint_of(cloud.database), deadline);
  const SqlRow row = session.ask(doing, "SELECT host(inet_server_addr()), inet_server_port(), pg_is_in_recovery()")[0];
  if (row[2] != "f") throw Error(ErrorKind::unmet, doing, "it is a standby, which takes no writes", "is there a primary?");
  for (const auto& replica : cloud.database.replicas) {
    const SqlTarget target = target_of(cloud.database, replica);
    if (target.address == row[0] && std::to_string(target.port) == row[1]) return replica.node;
  }
  throw Error(ErrorKind::unmet, doing,
              fmt::format("it sees itself at {} port {}, which is no replica of cloud '{}'", row[0].value_or("a socket"),
                          row[1].value_or("none"), cloud.name),
              "name each server under 'replicas' of 'database' in cloud.yaml by the address that it listens on");
}

std::vector<ReplicaState> look_at_streaming(const Database& database, const Deadline& deadline) {
  std::vector<Look> looks = ask_roles(database, deadline);
  std::vector<Look*> primaries;
  for (Look& look : looks)
    if (look.trouble.empty() && !look.standby) primaries.push_back(&look);
  std::vector<ReplicaState> states;
  for (Look& look : looks) states.push_back(look_at(look, primaries, deadline));
  return states;
}

void require_streaming(const Database& database, const Deadline& deadline) {
  std::vector<ReplicaState> seen;
  const auto whole = [&] { return all_whole(seen = look_at_streaming(database, deadline)); };
  if (!wait_until(whole, deadline.sooner(3 * kNodeLimit), kAskAgainAfter))
    throw Error(ErrorKind::unmet,
                fmt::format("checking that all {} replicas of PostgreSQL are whole", database.replicas.size()), told(seen),
                "repair the replication first; without one, set 'replication: none' in the probe");
}

Redundancy await_streaming(const Database& database, const Deadline& deadline, const std::stop_token& stop) {
  std::vector<ReplicaState> seen;
  const auto whole = [&] {
    // A look that the deadline cuts off would say less than the one before it.
    if (!seen.empty() && deadline.left() < kNodeLimit) return false;
    return all_whole(seen = look_at_streaming(database, deadline));
  };
  Redundancy redundancy;
  redundancy.restored = wait_until(whole, deadline, kAskAgainAfter, stop);
  redundancy.what = "every replica of PostgreSQL is whole";
  const auto good = std::count_if(seen.begin(), seen.end(), [](const ReplicaState& replica) { return replica.whole; });
  const std::string trouble = told(seen);
  redundancy.observed = fmt::format("{} of {} replicas whole{}{}", good, seen.size(), trouble.empty() ? "" : "; ", trouble);
  return redundancy;
}

std::string commit_rule(SqlSession& session) {
  const SqlRow row = session.ask("asking when it acknowledges",
                                 "SELECT current_setting('synchronous_commit'), current_setting('synchronous_standby_names'), "
                                 "current_setting('fsync')")[0];
  return fmt::format("synchronous_commit {}, synchronous_standby_names '{}'{}", row[0].value_or(""), row[1].value_or(""),
                     row[2] == "on" ? "" : ", fsync off");
}

std::string written_position(const SqlTarget& target, const Deadline& deadline) {
  SqlSession session(target, deadline);
  // Local: with a standby missing that it would have to wait for, the rest can still be read. Whatever was acknowledged before,
  // even before it was flushed (synchronous_commit off), is flushed with it.
  session.ask("asking for a flush of its own", "SET synchronous_commit = local");
  session.ask("marking the end of what was acknowledged", "SELECT pg_logical_emit_message(true, 'blackstart', 'audit')");
  return flushed(session);
}

void require_primary(SqlSession& session, const Error& reason) {
  if (is_true(session.ask("asking for its role", "SELECT pg_is_in_recovery()"))) throw reason;
}

void await_replayed(SqlSession& session, const std::string& position, const Deadline& deadline) {
  if (!is_true(session.ask("asking for its role", "SELECT pg_is_in_recovery()"))) return;
  SqlRows rows;
  const auto has_replayed = [&] {
    rows = session.ask("asking how far it is",
                       fmt::format("SELECT pg_last_wal_replay_lsn() >= '{}', pg_last_wal_replay_lsn()", position));
    return is_true(rows);
  };
  // The session ends at the deadline as well, and its last answer says how far it was.
  if (!wait_until(has_replayed, deadline.sooner(deadline.left() / 8 * 7), kLookAgainAfter))
    throw Error(ErrorKind::unmet, "waiting until it has replayed all that was acknowledged",
                fmt::format("it is at {}, and the primary was at {}", rows[0][1].value_or("nothing"), position),
                "does it stream from the primary?");
}

}  // namespace blackstart
