// The probe `ledger`: a bank on SQL, whose books are audited on every replica after recovery.
//
// Purpose: transfers (kept connections: what customers at work see) and balance inquiries (fresh connections: what the service
// can do) through the database's endpoint, read-backs (is what was acknowledged seen by the next read?), and the evidence for
// RPO. docs/probes.md tells it to people. Ownership and thread rule: as Probe.
#pragma once

#include <memory>
#include <string>

#include "probes/ledger_settings.h"
#include "probes/probe.h"

namespace blackstart {

// Throws Error(unmet) when the cloud has no database, or none whose replicas are named.
std::unique_ptr<Probe> make_ledger(const std::string& name, const LedgerSettings& settings, const Cloud& cloud);

}  // namespace blackstart
