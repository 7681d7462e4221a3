// The table of probes: to add one is its file, its test, and a line here.
#include "probes/ledger_settings.h"
#include "probes/probe.h"

namespace blackstart {

const std::vector<ProbeKind>& probe_kinds() {
  static const std::vector<ProbeKind> kinds{
      {"ledger", "a bank on SQL: transfers and balance inquiries at a fixed rate, audited on every replica after recovery",
       [] { return std::unique_ptr<ProbeSettings>(std::make_unique<LedgerSettings>()); }},
  };
  return kinds;
}

}  // namespace blackstart
