// The parameters of a ledger, as a scenario gives them.
// A plain value; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "probes/probe.h"

namespace blackstart {

struct LedgerSettings final : ProbeSettings {
  double transfers = 40, inquiries = 10;  // a second
  double read_backs = 0;                  // a second; 0: none
  std::int64_t accounts = 100;
  std::int64_t opening_balance = 100'000;  // cents
  Duration deadline{2s};                   // from the scheduled time
  Duration connect_timeout{1s};
  std::int64_t connections = 20;  // kept open by transfers
  std::string inquiry_connections = "fresh";
  std::string replication;  // empty: what the database's kind has, see make_ledger()
  std::string at;           // the node whose replica its clients use; empty: the database's endpoint
  std::string prefix;
  Duration good_within{500ms};
  double slo = 0.999;
  Duration slo_window{30 * 24h};
  Duration hold{30s};

  void describe(Fields& f) override;
  std::unique_ptr<Probe> make(const std::string& name, const Cloud& cloud) const override;
  // With tables of its own: the node's name is added to the prefix. `at: here` is the replica on that node.
  std::shared_ptr<ProbeSettings> sent_from(const std::string& node) const override;
  std::string stands_on() const override;

  bool fresh_inquiries() const { return inquiry_connections == "fresh"; }
  bool reads_back() const { return read_backs > 0; }
  bool galera() const { return replication == "galera"; }
  bool streaming() const { return replication == "streaming"; }
  // The most connections that can be in use at one time: each operation ends at its deadline.
  std::int64_t most_in_flight() const;
};

}  // namespace blackstart
