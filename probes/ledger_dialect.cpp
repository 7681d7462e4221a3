#include "probes/ledger_dialect.h"

#include <fmt/format.h>

#include "base/error.h"

namespace blackstart {

void LedgerDialect::require_connections(const std::string& doing, std::int64_t most, const LedgerSettings& settings,
                                        const std::string& setting) {
  const std::int64_t needed = settings.most_in_flight();
  if (most < needed)
    throw Error(ErrorKind::unmet, doing,
                fmt::format("in an outage up to {} operations wait at one time, and {} is {}: {} are missing", needed, setting,
                            most, needed - most),
                fmt::format("raise {}, or lower the probe's rates or deadline", setting));
}

const LedgerDialect& dialect_of(SqlKind kind) { return kind == SqlKind::postgresql ? postgres_dialect() : mariadb_dialect(); }

}  // namespace blackstart
