// Synthetic records with a known truth: a service that is up, down or slow by a rule of time, and the record that a rehearsal
// of it would leave. A test takes a rehearsal that passes and breaks one thing.
#pragma once

#include <functional>

#include "reports/record.h"

namespace blackstart::trace {

struct Answer {
  Outcome outcome = Outcome::ok;
  Duration latency = 2ms;
  std::uint16_t error = 0;
};
// What the service does with an operation that is sent at this moment.
using Service = std::function<Answer(Time sent)>;

inline constexpr Duration kLatency = 2ms;
inline const Answer kUp{Outcome::ok, kLatency, 0};
inline const Answer kDown{Outcome::failed, 1ms, kNoConnection};

// Up but for [from, to): an operation that is in flight when the service goes is lost.
inline Service down_between(Time from, Time to) {
  return [=](Time sent) { return sent + kLatency > from && sent < to ? kDown : kUp; };
}
inline Service always_up() {
  return [](Time) { return kUp; };
}
// The first service until `change`, the second one from then on.
inline Service then(Service first, Time change, Service second) {
  return [=](Time sent) { return sent < change ? first(sent) : second(sent); };
}

struct Settings {
  std::string name = "bank";
  double rate = 50;
  Duration length = 60s;
  Duration hold = 5s;
  Duration good_within = 500ms;
  std::function<Duration(Time scheduled)> lag = [](Time) { return Duration(0); };
  std::uint32_t accounts = 10;
  std::int64_t opening = 100'000;  // cents, of each account
};

// The probe's record: one series "transfer" that posts.
inline ProbeRecord probe(const Service& service, const Settings& settings = {}) {
  ProbeRecord result;
  result.info.name = settings.name;
  result.info.kind = "ledger";
  result.info.description = "a synthetic bank";
  result.info.series = {{"transfer", settings.rate, 2s, settings.good_within, true}};
  result.info.hold = settings.hold;
  result.info.audited = true;
  result.info.initial_sum = settings.opening * settings.accounts;
  result.info.replicas = {"c1", "c2", "c3"};
  result.started = 0s;
  result.stopped = settings.length;
  auto count = static_cast<std::uint64_t>(std::chrono::duration<double>(settings.length).count() * settings.rate);
  result.planned = {count};
  for (std::uint64_t k = 0; k < count; ++k) {
    Operation o;
    o.number = k;
    o.scheduled = Time(static_cast<std::int64_t>(static_cast<double>(k) * 1e9 / settings.rate));
    o.sent = o.scheduled + settings.lag(o.scheduled);
    Answer answer = service(o.sent);
    o.outcome = answer.outcome;
    o.error = answer.error;
    o.done = o.sent + answer.latency;
    o.posting = k + 1;
    o.from = static_cast<std::uint32_t>(k % settings.accounts) + 1;
    o.to = static_cast<std::uint32_t>((k + 3) % settings.accounts) + 1;
    o.amount = static_cast<std::int64_t>(k % 97) + 1;
    result.operations.push_back(o);
  }
  return result;
}

// What a replica holds that has everything acknowledged and nothing else.
inline ReplicaSnapshot replica(const ProbeRecord& probe, const std::string& name, const Settings& settings = {}) {
  ReplicaSnapshot snapshot{name, true, "", {}, {}};
  for (std::uint32_t a = 1; a <= settings.accounts; ++a) snapshot.accounts.push_back({a, settings.opening});
  for (const Operation& o : probe.operations) {
    if (o.outcome != Outcome::ok) continue;
    snapshot.transfers.push_back({o.posting, o.from, o.to, o.amount, 2, o.amount, o.amount});
    snapshot.accounts[o.from - 1].balance -= o.amount;
    snapshot.accounts[o.to - 1].balance += o.amount;
  }
  return snapshot;
}

// A fault of one target: injected, seen, undone and seen to be undone.
inline Injection injection(const std::string& id, Bracket effect) {
  Injection i;
  i.id = id;
  i.fault = "service.kill";
  i.summary = "SIGKILL to mariadb.service";
  i.targets = {"c1"};
  i.parameters = {{"signal", "SIGKILL"}};
  i.effect = effect;
  i.undo_asked = effect.to + 20s;
  i.undone = effect.to + 21s;
  i.evidence = {{id, "c1", "effect", "MainPID changes", "1287 → 1533", "c1", true, effect.to},
                {id, "c1", "undo", "mariadb.service is active", "active", "c1", true, i.undone}};
  return i;
}

// A finished rehearsal with one probe whose fault took effect in `effect`; it passes when the service was up again within 15 s.
inline Record rehearsal(const ProbeRecord& probe, Bracket effect = {19'990ms, 20'010ms}, const Settings& settings = {}) {
  Record r;
  r.run = {"20261121T064628Z-writer-kill",
           "writer-kill",
           "A killed writer does not stop the bank",
           "design 4.2",
           "three-sites",
           true,
           42,
           0,
           1,
           1'795'243'588'000'000'000,
           "0.1.0"};
  r.phases = {{"preflight", 0s, 1s}, {"steady", 1s, 15s}, {"rehearse", 15s, 50s}, {"undo", 50s, 51s}, {"audit", 51s, 60s}};
  r.steps = {{1, "inject kill-writer: service.kill on c1", "done", "", 19s, 21s}, {2, "hold 30 s", "done", "", 21s, 51s}};
  r.probes = {probe};
  r.probes[0].snapshots_taken = true;
  for (const std::string& name : probe.info.replicas) r.probes[0].snapshots.push_back(replica(probe, name, settings));
  r.steady = {{probe.info.name, "transfer", 10s, 0.999, 1.0, 500, true}};
  r.injections = {injection("kill-writer", effect)};
  r.objectives = {{ObjectiveSpec::Kind::rto, probe.info.name, "", "", 15},
                  {ObjectiveSpec::Kind::rpo, probe.info.name, "", "", 0}};
  r.redundancy = {{"Galera: 3 of 3 nodes synced", true, "3 of 3", 55s}};
  r.finished = true;
  r.ended = probe.stopped;
  return r;
}

// A rehearsal that passes, of 60 operations only: for what is done many thousand times.
inline Record sound_and_small() {
  Settings settings;
  settings.rate = 1;
  settings.hold = 0s;
  return rehearsal(probe(always_up(), settings), {19'990ms, 20'010ms}, settings);
}

}  // namespace blackstart::trace
