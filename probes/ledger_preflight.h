// What must hold before a ledger may run: for its numbers to mean something, and for the cloud to survive it.
// Reads only; calls are independent and may run on any thread.
#pragma once

#include <string>

#include "probes/ledger_settings.h"
#include "probes/sql_session.h"

namespace blackstart {

// Every replica answers, is whole, and will not lock its clients out after a hang. Throws Error(unmet, unreachable).
void require_replicas(const Database& database, const LedgerSettings& settings, const Deadline& deadline);

}  // namespace blackstart
