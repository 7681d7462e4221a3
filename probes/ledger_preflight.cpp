#include "probes/ledger_preflight.h"

#include <fmt/format.h>

#include "base/error.h"
#include "probes/galera.h"

namespace blackstart {
namespace {

constexpr std::int64_t kFewestConnectErrors = 100'000;

bool is_on(const std::optional<std::string>& cell) { return cell && *cell != "0" && *cell != "OFF"; }

// A server that hangs for a while finds, when it goes on, as many connections that we have given up during their handshake. It
// counts them against the host they come from, and from max_connect_errors on it refuses that host for good: all clients behind
// the same proxy. The count needs the table of host names, so there is none without name resolution.
void require_patience(SqlSession& session, const std::string& node) {
  const std::string doing = fmt::format("checking the database server on {}", node);
  auto rows = session.ask(doing, "SELECT @@skip_name_resolve, @@max_connect_errors");
  if (is_on(rows[0][0]) || integer_of(doing, rows[0][1]) >= kFewestConnectErrors) return;
  throw Error(ErrorKind::unmet, doing,
              fmt::format("max_connect_errors is {}: after a hang it would block the hosts its clients come from", *rows[0][1]),
              fmt::format("set skip_name_resolve = ON, or max_connect_errors = {} or more", kFewestConnectErrors));
}

}  // namespace

void require_server(SqlSession& session, const LedgerSettings& settings) {
  const std::string doing = "checking the database server behind the endpoint";
  auto rows = session.ask(doing,
                          "SELECT @@max_connections, (SELECT COUNT(*) FROM information_schema.ENGINES WHERE ENGINE = 'InnoDB' "
                          "AND SUPPORT IN ('YES', 'DEFAULT')), @@read_only");
  std::int64_t most = integer_of(doing, rows[0][0]), needed = settings.most_in_flight();
  if (most < needed)
    throw Error(ErrorKind::unmet, doing,
                fmt::format("in an outage up to {} operations wait at one time, and max_connections is {}", needed, most),
                "raise max_connections, or lower the probe's rates or deadline");
  if (rows[0][1] != "1") throw Error(ErrorKind::unmet, doing, "it has no InnoDB, so no transactions");
  if (is_on(rows[0][2])) throw Error(ErrorKind::unmet, doing, "read_only is set", "is this the writer?");
}

void require_replicas(const Database& database, const LedgerSettings& settings, const Deadline& deadline) {
  if (settings.galera()) require_whole(database, deadline);
  for (const auto& replica : database.replicas) {
    SqlSession session(target_of(database, replica), deadline);
    require_patience(session, replica.node);
  }
}

}  // namespace blackstart
