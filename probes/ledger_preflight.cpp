#include "probes/ledger_preflight.h"

#include "probes/galera.h"
#include "probes/ledger_dialect.h"
#include "probes/streaming.h"

namespace blackstart {

void require_replicas(const Database& database, const LedgerSettings& settings, const Deadline& deadline) {
  if (settings.galera()) require_whole(database, deadline);
  if (settings.streaming()) require_streaming(database, deadline);
  for (const auto& replica : database.replicas) {
    SqlSession session(target_of(database, replica), deadline);
    dialect_of(kind_of(database)).require_patience(session, replica.node);
  }
}

}  // namespace blackstart
