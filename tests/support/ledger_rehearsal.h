// A ledger on a real server, from prepare() to the audit, and what must hold after any fault.
//
// Ownership: owns the probe and what it recorded. Thread rule: one thread.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <memory>

#include "probes/ledger.h"
#include "tests/support/recorder.h"
#include "tests/support/replica_rows.h"

namespace blackstart::test {

inline LedgerSettings ledger_settings_for_tests() {
  LedgerSettings settings;
  settings.replication = "none";
  settings.deadline = 600ms;
  settings.connect_timeout = 300ms;
  settings.good_within = 300ms;
  return settings;
}

inline Cloud cloud_of(const Database& database) {
  Cloud cloud;
  cloud.name = "test";
  cloud.nodes = {Node{}};
  cloud.nodes[0].name = "c1";
  cloud.database = database;
  return cloud;
}

inline Deadline within(Duration length) { return Deadline(real_clock(), length); }

struct Rehearsal {
  Rehearsal(const Database& database, const LedgerSettings& settings) : probe(settings.make("bank", cloud_of(database))) {}
  void start() {
    probe->preflight(within(5s));
    probe->prepare(within(5s));
    zero = real_clock().now();
    probe->start(real_clock(), zero, sink);
  }
  void stop() { stopped = probe->stop(); }
  ReplicaSnapshot audit() { return snapshots_of(*probe, within(10s)).at(0); }

  Recorder sink;
  std::unique_ptr<Probe> probe;
  Time zero{0};
  Probe::Stopped stopped;
};

// Service was seen again. Not by the very last operation: on a busy machine one alone may fail.
inline bool answered_after(const Rehearsal& it, Time time) {
  const auto& all = it.sink.operations;
  return std::any_of(all.begin(), all.end(),
                     [&](const Operation& o) { return o.scheduled > time && o.outcome == Outcome::ok; });
}

inline void require_complete(const Rehearsal& it) {
  std::map<std::pair<int, std::uint64_t>, int> seen;
  for (const auto& o : it.sink.operations) ++seen[{o.series, o.number}];
  REQUIRE(seen.size() == it.sink.operations.size());
  REQUIRE(it.stopped.planned.size() == 2);
  REQUIRE(it.sink.operations.size() == it.stopped.planned[0] + it.stopped.planned[1]);
}

inline std::map<std::uint64_t, PostedTransfer> by_posting(const ReplicaSnapshot& snapshot) {
  std::map<std::uint64_t, PostedTransfer> found;
  for (const auto& t : snapshot.transfers) found[t.posting] = t;
  return found;
}

// No lost transfer, no phantom, whole history, money neither made nor lost.
inline void require_sound(Rehearsal& it, const ReplicaSnapshot& snapshot) {
  INFO(snapshot.problem);
  REQUIRE(snapshot.complete);
  auto found = by_posting(snapshot);
  REQUIRE(found.size() == snapshot.transfers.size());
  for (const auto& o : it.sink.operations) {
    if (o.series != 0) continue;
    CAPTURE(o.number, name_of(o.outcome), o.error);
    auto at = found.find(o.posting);
    if (o.outcome == Outcome::ok) REQUIRE(at != found.end());
    if (o.outcome == Outcome::failed || o.outcome == Outcome::unsent) REQUIRE(at == found.end());
    if (at != found.end()) REQUIRE(at->second == PostedTransfer{o.posting, o.from, o.to, o.amount, 2, o.amount, o.amount});
  }
  std::int64_t sum = 0;
  for (const auto& account : snapshot.accounts) sum += account.balance;
  REQUIRE(sum == it.probe->info().initial_sum);
}

inline std::size_t open_files() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

}  // namespace blackstart::test
