#include "probes/ledger_settings.h"

#include <fmt/format.h>

#include <cmath>

#include "base/units.h"
#include "probes/ledger.h"
#include "probes/ledger_bank.h"

namespace blackstart {
namespace {

constexpr const char* kHere = "here";
constexpr std::int64_t kMostInFlight = 4000;
constexpr std::int64_t kMostMoney = 1'000'000'000'000;  // cents; times the most accounts it still fits 64 bits

void describe_load(Fields& f, LedgerSettings& s) {
  f.rate({"transfers", "transfers between two accounts, each one transaction"}, s.transfers, {0.01, 2000});
  f.rate({"inquiries", "inquiries of one balance"}, s.inquiries, {0.01, 2000});
  f.rate({"read-backs", "marks that are written over one connection and read over another as soon as they are acknowledged"},
         s.read_backs, {0.01, 200});
  f.integer({"accounts", "accounts of the bank"}, s.accounts, {2, 100'000});
  f.integer({"opening-balance", "cents on each account at the start"}, s.opening_balance, {0, kMostMoney});
}

void describe_client(Fields& f, LedgerSettings& s) {
  f.duration({"deadline", "an operation is given up this long after the time it was scheduled for"}, s.deadline, {50ms, 60s});
  f.duration({"connect-timeout", "limit for opening a connection, log-in included"}, s.connect_timeout, {10ms, 30s});
  f.integer({"connections", "connections that are kept open between operations"}, s.connections, {1, 1000});
  f.choice(
      {"inquiry-connections",
       "fresh: each inquiry opens a connection of its own, as a new customer would; kept: they share those of the transfers"},
      s.inquiry_connections, {"fresh", "kept"});
  f.choice({"replication",
            "what keeps the replicas equal; without it galera with MariaDB, streaming with PostgreSQL; none: no "
            "cluster state is asked for"},
           s.replication, {"galera", "streaming", "none"});
  f.name({"at",
          "its clients use the replica on this node, past every proxy ('here': on the node they are sent from); without it, "
          "the database's endpoint"},
         s.at);
  f.name({"prefix", "begins the names of its tables; two ledgers in one schema need different ones"}, s.prefix);
}

void describe_goals(Fields& f, LedgerSettings& s) {
  f.duration({"good-within", "an operation that takes longer is not good, even when it succeeds"}, s.good_within, {1ms, 60s});
  f.ratio({"slo", "share of good operations that the service promises"}, s.slo);
  f.duration({"slo-window", "the time over which it promises that"}, s.slo_window, {1h, 366 * 24h});
  f.duration({"hold", "the service must stay up for this long to count as recovered"}, s.hold, {1s, 1h});
}

void check_read_backs(Fields& f, const LedgerSettings& s) {
  if (!s.reads_back()) return;
  const double outstanding = s.read_backs * std::chrono::duration<double>(s.deadline).count();
  if (outstanding > static_cast<double>(Bank::kMarks))
    f.problem("read-backs",
              fmt::format("{}/s with a deadline of {} would use one of its {} rows twice at one time",
                          format_number(s.read_backs), format_duration(s.deadline), Bank::kMarks),
              "lower the rate or the deadline");
  if (!s.at.empty())
    f.problem("read-backs", fmt::format("all its connections lead to the replica on '{}', which is never behind itself", s.at),
              "leave out 'at' or 'read-backs'");
}

void check(Fields& f, const LedgerSettings& s) {
  check_read_backs(f, s);
  if (s.connect_timeout > s.deadline)
    f.problem("connect-timeout", fmt::format("{} is longer than the deadline of an operation, {}",
                                             format_duration(s.connect_timeout), format_duration(s.deadline)));
  if (s.good_within > s.deadline)
    f.problem("good-within", fmt::format("{} is longer than the deadline of an operation, {}", format_duration(s.good_within),
                                         format_duration(s.deadline)));
  if (s.slo <= 0 || s.slo >= 1) f.problem("slo", "it must lie between 0% and 100%: at 100% there is no error budget");
  if (s.prefix.size() > 32) f.problem("prefix", "it is longer than 32 characters");
  if (s.most_in_flight() > kMostInFlight)
    f.problem("deadline",
              fmt::format("with these rates up to {} operations would wait at one time in an outage, more than {}",
                          s.most_in_flight(), kMostInFlight),
              "lower the deadline or the rates");
}

}  // namespace

void LedgerSettings::describe(Fields& f) {
  describe_load(f, *this);
  describe_client(f, *this);
  describe_goals(f, *this);
  if (f.reading()) check(f, *this);
}

std::unique_ptr<Probe> LedgerSettings::make(const std::string& name, const Cloud& cloud) const {
  return make_ledger(name, *this, cloud);
}

std::shared_ptr<ProbeSettings> LedgerSettings::sent_from(const std::string& node) const {
  auto there = std::make_shared<LedgerSettings>(*this);
  there->prefix += node + "-";
  if (at == kHere) there->at = node;
  return there;
}

std::string LedgerSettings::stands_on() const { return fmt::format("ledger tables with prefix '{}'", prefix); }

std::int64_t LedgerSettings::most_in_flight() const {
  double seconds = std::chrono::duration<double>(deadline).count();
  const double each = std::ceil(transfers * seconds) + std::ceil(inquiries * seconds) + 2 * std::ceil(read_backs * seconds);
  return static_cast<std::int64_t>(each) + 2;
}

}  // namespace blackstart
