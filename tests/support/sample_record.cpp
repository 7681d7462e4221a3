#include "tests/support/sample_record.h"

#include <cmath>

#include "reports/stream.h"
#include "tests/support/certificate.h"

namespace blackstart::sample {
namespace {

constexpr Time kFault = 20s + 137ms;
constexpr Duration kOutage = 4400ms;

// Even-looking noise that is the same on every machine.
double noise(std::uint64_t number) { return static_cast<double>(number * 2654435761U % 1000) / 1000; }

Operation operation(std::uint16_t series, std::uint64_t number, double rate) {
  Operation op;
  op.series = series;
  op.number = number;
  op.outcome = Outcome::ok;
  op.scheduled = 2s + Duration(std::llround(static_cast<double>(number) * 1e9 / rate));
  op.sent = op.scheduled + 20us;
  op.done = op.scheduled + 1500us + Duration(static_cast<int>(noise(number) * noise(number) * 9e6));
  return op;
}

void break_down(Operation& op, Time from, Time to) {
  if (op.scheduled < from || op.scheduled >= to) return;
  bool unclear = op.number % 40 == 0;
  op.outcome = unclear ? Outcome::indeterminate : Outcome::failed;
  op.error = unclear ? std::uint16_t{kTimedOut} : std::uint16_t{2013};
  op.done = op.scheduled + (unclear ? 2s : 3ms);
}

void slow_down(Operation& op, Time from, Time to) {
  if (op.scheduled < from || op.scheduled >= to) return;
  op.done += Duration(static_cast<int>(4e8 * noise(op.number + 7)));
}

ProbeRecord bank(Duration length) {
  ProbeRecord probe;
  probe.info = {"bank",     "ledger",          "a bank on SQL through the VIP", {}, 0.999, 30 * 24h, 10s, true,
                10'000'000, {"c1", "c2", "c3"}};
  probe.info.series = {{"transfer", 20, 2s, 500ms, true}, {"inquiry", 30, 2s, 250ms, false}};
  probe.started = 2s;
  probe.stopped = 2s + length;
  for (const auto& info : probe.info.series) {
    auto count = static_cast<std::uint64_t>(std::chrono::duration<double>(length).count() * info.rate);
    auto series = static_cast<std::uint16_t>(&info - probe.info.series.data());
    probe.planned.push_back(count);
    for (std::uint64_t number = 0; number < count; ++number) probe.operations.push_back(operation(series, number, info.rate));
  }
  return probe;
}

Injection kill_writer() {
  Injection one;
  one.id = "kill-writer";
  one.fault = "service.kill";
  one.summary = "SIGKILL to mariadb.service";
  one.targets = {"c1"};
  one.parameters = {{"signal", "KILL"}, {"unit", "mariadb.service"}};
  one.effect = {kFault - 12ms, kFault + 12ms};
  one.undo_asked = 41s;
  one.undone = 41s + 320ms;
  one.evidence = {{"kill-writer", "c1", "effect", "MainPID of mariadb.service on c1 changes", "1287 → 1533 after 2.1 s", "c1",
                   true, kFault + 2100ms},
                  {"kill-writer", "c1", "effect", "port 3306 of c1 refuses connections", "connection refused", "runner", true,
                   kFault + 12ms},
                  {"kill-writer", "c1", "undo", "mariadb.service on c1 is active", "active since 2.1 s after the fault", "c1",
                   true, 41s + 320ms}};
  return one;
}

Record record() {
  Record one;
  one.run = {"2026-11-21T06-46-28Z-writer-kill",
             "writer-kill",
             "Killing the database writer stops the bank for less than 15 s and loses nothing.",
             "Acceptance test plan 4.2, section 3.1",
             "three-sites",
             true,
             20261121,
             0,
             1,
             1'795'243'588'123'000'000,
             "0.1.0"};
  one.calibration = trace::calibration();
  one.phases = {{"preflight", 0s, 2s}, {"steady", 2s, 20s},      {"rehearse", 20s, 41s},
                {"undo", 41s, 42s},    {"redundancy", 42s, 55s}, {"audit", 62s, 63s + 500ms}};
  one.steps = {{1, "inject kill-writer: service.kill on c1", "done", "", 20s, 20s + 149ms},
               {2, "wait-recovered bank, at most 60 s", "done", "", 20s + 149ms, 35s},
               {3, "hold 5 s", "done", "", 35s, 40s}};
  one.probes = {bank(60s)};
  one.steady = {{"bank", "transfer", 10s, 0.999, 1, 200, true}, {"bank", "inquiry", 10s, 0.999, 1, 300, true}};
  one.injections = {kill_writer()};
  one.objectives = {{ObjectiveSpec::Kind::rto, "bank", "", "", 15}, {ObjectiveSpec::Kind::rpo, "bank", "", "", 0}};
  one.redundancy = {{"Galera: 3 of 3 nodes synced", true, "wsrep_cluster_size 3 on c1, c2, c3", 48s}};
  one.live_settings = {{"galera", "c2", {{"", "evs.suspect_timeout", "3s", "the running server"}}, ""},
                       {"rabbitmq", "c2", {}, "exit code 127: rabbitmqctl: not found"}};
  one.finished = true;
  one.ended = 64s;
  for (auto& op : one.probes[0].operations) {
    if (op.series == 0) break_down(op, kFault, kFault + kOutage);
    if (op.series == 1) slow_down(op, kFault, kFault + 1500ms);
  }
  return one;
}

// 30 days at `rate`, of which `allowed` may be bad; the burn rates of bad operations that all lie in the shortest window.
Budget budget(std::uint64_t bad, double rate, Time worst, double allowed = 0.001) {
  const auto burnt = static_cast<double>(bad) / (rate * allowed);
  Budget one;
  one.whole = from_seconds(2'592'000 * allowed);
  one.whole_operations = 2'592'000 * allowed * rate;
  one.bad = bad;
  one.spent = static_cast<double>(bad) / one.whole_operations;
  one.alerts = {{"page", 1h, 5min, 14.4, burnt / 3600, worst, {}},
                {"page", 6h, 30min, 6, burnt / 21600, worst, {}},
                {"ticket", 72h, 6h, 1, burnt / 259200, worst, {}}};
  return one;
}

SeriesMeasures transfers() {
  SeriesMeasures one;
  one.name = "transfer";
  one.operations = 1200;
  one.good = one.ok = 1112;
  one.failed = 86;
  one.indeterminate = 2;
  Outage outage;
  outage.onset = {20s + 100ms, 20s + 150ms};
  outage.recovery = {24s + 500ms, 24s + 553ms};
  outage.down = true;
  outage.flaps = 1;
  outage.operations = outage.bad = 88;
  outage.first_success = 24s + 553ms;
  outage.first_success_after = 24s + 500ms;
  one.outages = {outage};
  one.downtime = one.down = 4400ms;
  one.budget = budget(88, 20, 24s + 503ms);
  one.baseline_p50 = 3200us;
  one.baseline_p99 = 10200us;
  one.send_lag_p999 = 800us;
  return one;
}

SeriesMeasures inquiries() {
  SeriesMeasures one = transfers();
  one.name = "inquiry";
  one.operations = one.ok = 1800;
  one.good = 1783;
  one.failed = one.indeterminate = 0;
  one.late = 17;
  one.outages[0].recovery = {21s + 600ms, 21s + 640ms};
  one.outages[0].first_success = one.outages[0].first_success_after = 20s + 177ms;
  one.outages[0].down = false;
  one.outages[0].operations = 45;
  one.outages[0].bad = 17;
  one.outages[0].flaps = 0;
  one.downtime = 567ms;
  one.down = 0s;
  one.degraded = 1500ms;
  one.budget = budget(17, 30, 21s + 850ms);
  return one;
}

AuditResult audit() {
  AuditResult one;
  one.probe = "bank";
  one.complete = true;
  one.acknowledged = 1112;
  one.indeterminate = 2;
  one.indeterminate_present = 1;
  one.failed = 86;
  one.replicas_equal = true;
  one.rpo_resolution = 50ms;
  for (const char* name : {"c1", "c2", "c3"}) {
    AuditResult::Replica replica;
    replica.name = name;
    replica.complete = replica.sum_right = true;
    replica.rows = 1113;
    replica.sum = 10'000'000;
    one.replicas.push_back(replica);
  }
  return one;
}

Waterfall stages() {
  Waterfall one{
      "kill-writer", {kFault - 12ms, kFault + 12ms}, {}, {"nothing watched the virtual IP: add a probe of the kind vip"}};
  using Beside = StageResult::Beside;
  one.stages = {{"detected", "first change seen", {20s + 137ms, 21s}, 0s, "galera: c1 says \"no answer\" (probe whole)"},
                {"backend-out",
                 "backend out",
                 {21s + 400ms, 22s},
                 0s,
                 "haproxy: sql/c1 on c2 says \"DOWN (L4CON)\" (probe whole)",
                 false,
                 {{"backend-out", 1050ms, 1950ms, "HAProxy on c2, sql/c1: (fall 2 − 1) · inter 1s + U(0, inter 1s)"}},
                 Beside::within},
                {"galera-view",
                 "Galera's view installed",
                 {24s, 24s + 500ms},
                 0s,
                 "galera: c2 says \"Synced, Primary, ready ON, size 2\" (probe whole)",
                 false,
                 {{"galera-view", 2224ms, 3276ms, "Galera on c2: evs.suspect_timeout 3s − U(0, evs.keepalive_period 1s)"}},
                 Beside::above},
                {"first-success", "first success", {24s + 500ms, 24s + 553ms}, 800us, "bank/transfer"},
                {"stable", "stable", {24s + 500ms, 24s + 553ms}, 800us, "bank/transfer, the last series to recover"},
                {"redundant", "redundant again", {47s, 48s}, 0s, "galera was the last to be whole (probe whole)", true}};
  return one;
}

void not_seen(Waterfall& waterfall, const std::string& stage, const std::string& evidence) {
  for (StageResult& one : waterfall.stages) {
    if (one.name != stage) continue;
    one.when = {};
    one.after_undo = false;
    one.evidence = evidence;
  }
}

Judgement judgement() {
  Judgement one;
  one.verdict = Verdict::passed;
  one.proves = true;
  one.reasons = {"Every objective was met: 2 of 2.", "The injection took effect: 3 of 3 pieces of evidence are confirmed.",
                 "The audit read all 3 replicas to their end and found nothing lost."};
  one.probes = {{"bank", {transfers(), inquiries()}, audit()}};
  one.rtos = {{"bank", "transfer", "kill-writer", true, false, {4390ms, 39ms}, {4401ms, 52ms}, Measured{4390ms, 39ms}},
              {"bank", "inquiry", "kill-writer", true, false, {1483ms, 33ms}, {1495ms, 45ms}, Measured{40ms, 12ms}}};
  one.objectives = {{{ObjectiveSpec::Kind::rto, "bank", "", "", 15},
                     ObjectiveResult::State::met,
                     "RTO of bank ≤ 15 s",
                     "4.390 s ± 0.039 s (transfer)",
                     ""},
                    {{ObjectiveSpec::Kind::rpo, "bank", "", "", 0},
                     ObjectiveResult::State::met,
                     "RPO of bank ≤ 0 transfers",
                     "0 transfers",
                     ""}};
  one.waterfalls = {stages()};
  return one;
}

}  // namespace

Judged passed() { return {record(), judgement(), {}}; }

Judged failed() {
  Judged run = passed();
  auto& [r, j, changed, aside] = run;
  for (auto& op : r.probes[0].operations)
    if (op.series == 0) break_down(op, kFault, 100s);
  r.guards = {{"probe bank down longer than 20 s", "down for 20.1 s", 40s + 237ms}};
  r.steps[2].state = "skipped";
  r.steps[2].reason = "the guard \"probe bank down longer than 20 s\" stopped the rehearsal";
  r.redundancy[0] = {"Galera: 3 of 3 nodes synced", false, "wsrep_cluster_size 2 on c2, c3; c1 does not answer", 55s};
  j.verdict = Verdict::failed;
  j.proves = true;
  j.reasons = {"RTO of bank ≤ 15 s was missed: > 41.863 s.", "1 acknowledged transfer of 12.34 was lost.",
               "The guard \"probe bank down longer than 20 s\" stopped the rehearsal."};
  auto& transfer = j.probes[0].series[0];
  transfer.good = transfer.ok = 363;
  transfer.failed = 816;
  transfer.indeterminate = 21;
  transfer.outages[0].censored = true;
  transfer.outages[0].recovery = {};
  transfer.outages[0].first_success.reset();
  not_seen(j.waterfalls[0], "first-success", "bank/transfer had none");
  not_seen(j.waterfalls[0], "stable", "bank/transfer was not seen to recover");
  not_seen(j.waterfalls[0], "redundant", "galera was not seen whole again (probe whole)");
  transfer.downtime = transfer.down = 41'850ms;
  r.probes[0].info.slo = 0.9995;
  transfer.budget = budget(837, 20, 62s, 0.0005);
  j.probes[0].series[1].budget = budget(17, 30, 21s + 850ms, 0.0005);
  transfer.budget.alerts[0].alarms = {{46s + 53ms, Time{-1}, true}};
  j.rtos[0] = {"bank", "transfer", "kill-writer", true, true, {41'863ms, 0ms}, {41'875ms, 0ms}, {}};
  j.objectives[0].state = j.objectives[1].state = ObjectiveResult::State::missed;
  j.objectives[0].measured = "> 41.863 s (transfer)";
  j.objectives[0].why = "no recovery was seen in 41.863 s";
  j.objectives[1].measured = "1 transfer";
  j.objectives[1].why = "an acknowledged transfer is on no replica";
  auto& audit = *j.probes[0].audit;
  audit.lost = 1;
  audit.lost_amount = 1234;
  audit.rpo_time = 1200ms;
  audit.replicas_equal = false;
  audit.differences = {"transfer 77 stands on c2, not on c3"};
  audit.replicas[2].lost = 1;
  audit.replicas[2].sum_right = false;
  audit.replicas[2].sum = -9'998'766;
  audit.replicas[2].examples = {"transfer 77 of 12.34 from 4 to 9, acknowledged at 18.950 s, is not there"};
  return run;
}

Judged inconclusive() {
  Judged run = passed();
  auto& [r, j, changed, aside] = run;
  r.run.claim = "<script>alert(\"claim\")</script> & 'quotes' </script><!-- {{title}} \x01\x1b[31m \xff\xfe";
  r.injections[0].evidence[0].confirmed = false;
  r.injections[0].evidence[0].observed = "still 1287 <b>after</b> 30 s";
  r.probes[0].info.series[0].name = "tra\"nsfer</script>";
  r.problems = {"interrupted by SIGINT"};
  r.finished = false;
  r.ended = Time{-1};
  j.verdict = Verdict::inconclusive;
  j.proves = false;
  j.reasons = {"An injection has no evidence: MainPID of mariadb.service on c1 changes.", "The generator was blind for 1.2 s."};
  j.probes[0].series[0].name = r.probes[0].info.series[0].name;
  j.probes[0].series[0].blind = {{30s, 31s + 200ms, "the generator sent 1.2 s late"}};
  j.probes[0].series[0].unsent = 3;
  j.probes[0].audit->complete = false;
  j.probes[0].audit->problem = "c3 could not be read: connection refused";
  j.probes[0].audit->replicas[2].complete = false;
  j.probes[0].audit->replicas[2].problem = "connection refused";
  j.objectives[1].state = ObjectiveResult::State::not_measured;
  j.objectives[1].why = "the audit is not complete";
  return run;
}

Judged undo_pending() {
  Judged run = passed();
  auto& [r, j, changed, aside] = run;
  auto& injection = r.injections[0];
  injection.id = "freeze-writer";
  injection.fault = "service.freeze";
  injection.summary = "SIGSTOP to mariadb.service";
  injection.undone = Time{-1};
  injection.undo_problem = "c1 did not answer within 10 s; its dead-man thaws it by itself at 80.137 s";
  injection.evidence.pop_back();
  j.verdict = Verdict::undo_pending;
  j.proves = true;
  j.reasons = {"freeze-writer is still in effect on c1: c1 did not answer within 10 s. Run `blackstart recover`."};
  for (auto& rto : j.rtos) rto.injection = "freeze-writer";
  j.waterfalls[0].injection = "freeze-writer";
  r.redundancy[0] = {"Galera: 3 of 3 nodes synced", false, "wsrep_cluster_size 2 on c2, c3; c1 does not answer", 55s};
  not_seen(j.waterfalls[0], "redundant", "galera was not seen whole again (probe whole)");
  return run;
}

Judged long_run() {
  Judged run = passed();
  auto& [r, j, changed, aside] = run;
  r.probes = {bank(2h)};
  r.ended = 2h + 10s;
  auto& series = j.probes[0].series[0];
  for (Time at : {40min, 90min}) {
    Outage outage = series.outages[0];
    outage.onset = {at, at + 50ms};
    outage.recovery = {at + 30s, at + 30s + 50ms};
    series.outages.push_back(outage);
    for (auto& op : r.probes[0].operations)
      if (op.series == 0) break_down(op, at + 50ms, at + 30s);
  }
  for (auto& op : r.probes[0].operations)
    if (op.series == 0) break_down(op, kFault, kFault + kOutage);
  series.budget = budget(1288, 50, 90min + 30s);
  series.budget.alerts[0].alarms = {{40min + 29s, 45min + 2s, false}, {90min + 10s, 2h + 3min, true}};
  return run;
}

std::vector<Judged> series() {
  std::vector<Judged> runs(10, passed());
  runs[3] = failed();
  runs[6] = inconclusive();
  for (std::size_t at = 0; at < runs.size(); ++at) {
    runs[at].record.run.repetition = static_cast<int>(at) + 1;
    runs[at].record.run.repetitions = static_cast<int>(runs.size());
    if (at != 3) runs[at].judgement.rtos[0].rto.value += 100ms * static_cast<int>(at);
  }
  return runs;
}

BatchPlan batch_plan() {
  BatchPlan plan{
      "openstack", "three-sites", true, passed().record.run.zero_wall, "0.1.0", {}, "something is still broken after frozen"};
  for (const char* name : {"keystone-kill", "writer-kill", "three-times", "no-evidence", "frozen", "never"})
    plan.items.push_back({name, "A sentence about what users may count on when this happens.", "handbook 4.2",
                          "0" + std::to_string(plan.items.size() + 1) + "-" + name, 1});
  plan.items[2].repetitions = 10;
  return plan;
}

std::vector<BatchRun> batch() {
  const std::vector<BatchItem> items = batch_plan().items;
  Judged never;
  never.record.run.scenario = items[5].scenario;
  never.judgement.reasons = {"It did not run: something is still broken after frozen."};
  return {{items[0], Verdict::passed, {passed()}, true},
          {items[1], Verdict::failed, {failed()}, true},
          {items[2], Verdict::failed, series(), true},
          {items[3], Verdict::inconclusive, {inconclusive()}, true},
          {items[4], Verdict::undo_pending, {undo_pending()}, true},
          {items[5], Verdict::inconclusive, {never}, false}};
}

}  // namespace blackstart::sample
