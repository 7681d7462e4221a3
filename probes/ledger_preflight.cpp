#include "probes/ledger_preflight.h"

#include <fmt/format.h>

#include "base/error.h"
#include "probes/galera.h"
#include "probes/ledger_dialect.h"
#include "probes/streaming.h"

namespace blackstart {
namespace {

// As connections go there; a name may lead to either address of the loopback.
std::vector<SqlTarget> targets_of(const Database& database) {
  std::vector<SqlTarget> targets;
  for (const auto& replica : database.replicas) {
    targets.push_back(target_of(database, replica));
    if (targets.back().address == "::1") targets.back().address = "127.0.0.1";
  }
  return targets;
}

// One server that is audited in the place of two holds what the other one has lost.
void require_own_addresses(const Database& database) {
  const std::vector<SqlTarget> targets = targets_of(database);
  for (std::size_t one = 0; one < targets.size(); ++one)
    for (std::size_t other = 0; other < one; ++other)
      if (targets[one].address == targets[other].address && targets[one].port == targets[other].port)
        throw Error(ErrorKind::unmet, "looking at the replicas to audit",
                    fmt::format("{} port {} stands for both {} and {}", targets[one].address, targets[one].port,
                                database.replicas[other].node, database.replicas[one].node),
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
