#include "probes/ledger.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <future>
#include <optional>

#include "base/error.h"
#include "base/fields.h"
#include "probes/galera.h"
#include "probes/ledger_bank.h"
#include "probes/ledger_operation.h"
#include "probes/ledger_preflight.h"
#include "probes/ledger_snapshot.h"
#include "probes/open_loop.h"
#include "probes/room.h"
#include "probes/sql_patience.h"
#include "probes/streaming.h"

namespace blackstart {
namespace {

constexpr Duration kAskAgainAfter = 200ms;

class Ledger final : public Probe {
 public:
  Ledger(const std::string& name, const LedgerSettings& settings, const Database& database)
      : name_(name), settings_(settings), database_(database), bank_(database, settings) {}

  ProbeInfo info() const override;
  Room room() const override;
  void preflight(const Deadline& deadline) override;
  void prepare(const Deadline& deadline) override;
  void join(const Deadline&) override { endpoint_ = target(); }
  Time start(Clock& clock, Time zero, OperationSink& sink) override;
  Stopped stop() override;
  std::vector<Redundancy> await_redundancy(Time, const Deadline& deadline, const std::stop_token& stop) override;
  std::vector<ReplicaSnapshot> snapshots(const Deadline& deadline) override;
  void clean_up(const Deadline& deadline) override;

 private:
  // The replica that `at` names; null for the endpoint.
  const Database::Replica* replica() const;
  // Where its clients go.
  SqlTarget target() const;
  Redundancy await_answers(const Deadline& deadline, const std::stop_token& stop) const;
  Redundancy await_replicas(const Deadline& deadline, const std::stop_token& stop) const;
  // What the audit waits for on each replica before it reads.
  std::function<void(SqlSession&)> catch_up(const Deadline& deadline) const;

  std::string name_;
  LedgerSettings settings_;
  Database database_;
  Bank bank_;
  std::optional<SqlTarget> endpoint_;  // looked up by prepare(), as looking up may take its time
  std::unique_ptr<OpenLoop> loop_;
  Time zero_{0};
};

ProbeInfo Ledger::info() const {
  ProbeInfo info;
  info.name = name_;
  info.kind = "ledger";
  info.series = {{"transfer", settings_.transfers, settings_.deadline, settings_.good_within, true},
                 {"inquiry", settings_.inquiries, settings_.deadline, settings_.good_within, false}};
  if (settings_.reads_back())
    info.series.push_back({"read-back", settings_.read_backs, settings_.deadline, settings_.good_within, false, true});
  info.slo = settings_.slo;
  info.slo_window = settings_.slo_window;
  info.hold = settings_.hold;
  info.audited = true;
  info.initial_sum = bank_.initial_sum();
  info.accounts = static_cast<std::uint64_t>(settings_.accounts);
  for (const auto& replica : database_.replicas) info.replicas.push_back(replica.node);
  const std::string where =
      replica() ? fmt::format("the replica on {}", settings_.at) : fmt::format("{}:{}", database_.host, database_.port);
  info.description =
      fmt::format("bank of {} accounts at {}, audited on {}", settings_.accounts, where, fmt::join(info.replicas, ", "));
  return info;
}

Room Ledger::room() const {
  Room room;
  room.descriptors = (settings_.most_in_flight() + settings_.connections) * descriptors_each(kind_of(database_));
  const Database::Replica* one = replica();
  if (settings_.fresh_inquiries())
    room.fresh.push_back(
        {one ? one->host : database_.host, one ? one->port : database_.port, settings_.inquiries, settings_.deadline});
  return room;
}

const Database::Replica* Ledger::replica() const {
  auto found = std::find_if(database_.replicas.begin(), database_.replicas.end(),
                            [&](const Database::Replica& r) { return r.node == settings_.at; });
  return found == database_.replicas.end() ? nullptr : &*found;
}

SqlTarget Ledger::target() const {
  const Database::Replica* one = replica();
  return one ? target_of(database_, *one) : endpoint_of(database_);
}

void Ledger::preflight(const Deadline& deadline) {
  make_room({{name_, room()}});
  SqlSession endpoint(target(), deadline);
  dialect_of(kind_of(database_)).require_server(endpoint, settings_);
  bank_.require_room(endpoint);
  require_replicas(database_, settings_, deadline);
}

void Ledger::prepare(const Deadline& deadline) {
  endpoint_ = target();
  std::string rule;
  const auto make = [&](SqlSession& session) {
    bank_.create(session);
    if (settings_.streaming()) rule = commit_rule(session);
  };
  ask_with_patience(*endpoint_, deadline, make, [&](const std::string& line) { say(line); });
  if (!rule.empty()) say("a transfer is acknowledged by " + rule);
}

Time Ledger::start(Clock& clock, Time zero, OperationSink& sink) {
  if (!endpoint_) throw Error(ErrorKind::internal, fmt::format("starting probe '{}'", name_), "it was not prepared");
  zero_ = zero;
  loop_ = std::make_unique<OpenLoop>(clock, zero, sink, info().series);
  return loop_->start(make_ledger_workload(loop_->io(), *endpoint_, bank_, settings_));
}

Probe::Stopped Ledger::stop() { return loop_ ? loop_->stop() : Stopped{}; }

std::vector<Redundancy> Ledger::await_redundancy(Time, const Deadline& deadline, const std::stop_token& stop) {
  Redundancy seen = await_replicas(deadline, stop);
  if (loop_) seen.at = deadline.clock().now() - zero_;
  return {seen};
}

Redundancy Ledger::await_replicas(const Deadline& deadline, const std::stop_token& stop) const {
  if (settings_.galera()) return await_whole(database_, deadline, stop);
  if (settings_.streaming()) return await_streaming(database_, deadline, stop);
  return await_answers(deadline, stop);
}

Redundancy Ledger::await_answers(const Deadline& deadline, const std::stop_token& stop) const {
  std::vector<std::string> silent;
  auto ask = [&](const Database::Replica& replica) {
    try {
      SqlSession(target_of(database_, replica), deadline.sooner(1s)).ask("asking replica " + replica.node, "SELECT 1");
    } catch (const Error& error) {
      silent.push_back(replica.node + ": " + error.why());
    }
  };
  auto all_answer = [&] {
    silent.clear();
    for (const auto& replica : database_.replicas) ask(replica);
    return silent.empty();
  };
  Redundancy redundancy;
  redundancy.restored = wait_until(all_answer, deadline, kAskAgainAfter, stop);
  redundancy.what = fmt::format("database: {} of {} replicas answer", database_.replicas.size(), database_.replicas.size());
  redundancy.observed = silent.empty() ? "all answer" : fmt::format("{}", fmt::join(silent, "; "));
  return redundancy;
}

std::function<void(SqlSession&)> Ledger::catch_up(const Deadline& deadline) const {
  if (settings_.galera()) return [this](SqlSession& session) { apply_all(session, bank_.table("accounts")); };
  if (!settings_.streaming()) return [](SqlSession&) {};
  try {
    return [position = written_position(target(), deadline.sooner(deadline.left() / 2)), &deadline](SqlSession& session) {
      await_replayed(session, position, deadline);
    };
  } catch (const Error& error) {
    return [error](SqlSession& session) { require_primary(session, error); };
  }
}

std::vector<ReplicaSnapshot> Ledger::snapshots(const Deadline& deadline) {
  const auto caught_up = catch_up(deadline);
  std::vector<std::future<ReplicaSnapshot>> readers;
  for (const auto& replica : database_.replicas)
    readers.push_back(std::async(std::launch::async, [this, &replica, &caught_up, &deadline] {
      return read_replica(database_, replica, bank_, caught_up, deadline, rows_file(replica.node));
    }));
  std::vector<ReplicaSnapshot> snapshots;
  for (auto& reader : readers) snapshots.push_back(reader.get());
  return snapshots;
}

void Ledger::clean_up(const Deadline& deadline) {
  ask_with_patience(
      target(), deadline, [&](SqlSession& session) { bank_.drop(session); }, [&](const std::string& line) { say(line); });
}

void require_replica(const std::string& doing, const std::string& node, const Database& database) {
  std::vector<std::string> nodes;
  for (const auto& replica : database.replicas) nodes.push_back(replica.node);
  if (node.empty() || std::find(nodes.begin(), nodes.end(), node) != nodes.end()) return;
  throw Error(ErrorKind::unmet, doing, fmt::format("the database has no replica on '{}'", node), suggestion(node, nodes));
}

// The settings with the database's own replication, where they name none.
LedgerSettings settled(const std::string& doing, LedgerSettings settings, const Database& database) {
  const bool postgres = kind_of(database) == SqlKind::postgresql;
  const std::string own = postgres ? "streaming" : "galera", other = postgres ? "galera" : "streaming";
  if (settings.replication.empty()) settings.replication = own;
  if (settings.replication == other)
    throw Error(ErrorKind::unmet, doing,
                fmt::format("'replication: {}' does not go with 'kind: {}' of the database", other, database.kind),
                fmt::format("say 'replication: {}' or 'none', or leave it out", own));
  return settings;
}

}  // namespace

std::unique_ptr<Probe> make_ledger(const std::string& name, const LedgerSettings& settings, const Cloud& cloud) {
  const std::string doing = fmt::format("making probe '{}' (ledger)", name);
  if (!cloud.database.present())
    throw Error(ErrorKind::unmet, doing, fmt::format("cloud '{}' has no database", cloud.name), "add 'database' to cloud.yaml");
  if (cloud.database.replicas.empty())
    throw Error(ErrorKind::unmet, doing, fmt::format("the database of cloud '{}' has no replicas to audit", cloud.name),
                "name each server that holds the data under 'replicas' of 'database' in cloud.yaml");
  require_replica(doing, settings.at, cloud.database);
  if (settings.prefix.size() > 32)
    throw Error(ErrorKind::unmet, doing,
                fmt::format("the prefix of its tables, '{}', is longer than 32 characters", settings.prefix),
                "the name of the node that it is sent from is a part of it: shorten 'prefix'");
  return std::make_unique<Ledger>(name, settled(doing, settings, cloud.database), cloud.database);
}

}  // namespace blackstart
