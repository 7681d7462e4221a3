#include "probes/ledger_preflight.h"

#include <fmt/format.h>

#include "base/error.h"
#include "probes/galera.h"
#include "probes/ledger_dialect.h"
#include "probes/streaming.h"

namespace blackstart {
namespace {

// One server that is audited in the place of two holds what the other one has lost.
void require_own_addresses(const Database& database) {
  for (auto one = database.replicas.begin(); one != database.replicas.end(); ++one)
    for (auto other = database.replicas.begin(); other != one; ++other)
      if (one->host == other->host && one->port == other->port)
        throw Error(ErrorKind::unmet, "looking at the replicas to audit",
                    fmt::format("{} port {} stands for both {} and {}", one->host, one->port, other->node, one->node),
                    "name each server under 'replicas' of 'database' in cloud.yaml by its own address");
}

}  // namespace

void require_replicas(const Database& database, const LedgerSettings& settings, const Deadline& deadline) {
  require_own_addresses(database);
  if (settings.galera()) require_whole(database, deadline);
  if (settings.streaming()) require_streaming(database, deadline);
  for (const auto& replica : database.replicas) {
    SqlSession session(target_of(database, replica), deadline);
    dialect_of(kind_of(database)).require_patience(session, replica.node);
  }
}

}  // namespace blackstart
