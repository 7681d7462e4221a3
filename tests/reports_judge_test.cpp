#include <catch2/catch.hpp>

#include "reports/judgement.h"
#include "reports/words.h"
#include "tests/support/judged.h"
#include "tests/support/trace.h"

using namespace blackstart;
using namespace blackstart::trace;
using Catch::Contains;

namespace {

Record sound() { return rehearsal(probe(down_between(20s, 24s))); }

// Judges a sound rehearsal after `break_it`; its reasons must name what is wrong.
Verdict verdict_of(const std::function<void(Record&)>& break_it, const std::string& words) {
  Record record = sound();
  break_it(record);
  Judgement judgement = judge(record);
  CHECK_THAT(told(judgement), Contains(words));
  return judgement.verdict;
}

void add_objective(Record& r, ObjectiveSpec spec) { r.objectives.push_back(std::move(spec)); }

}  // namespace

TEST_CASE("a sound rehearsal passes, with its reasons") {
  Judgement j = judge(sound());
  INFO(told(j));
  REQUIRE(j.verdict == Verdict::passed);
  REQUIRE(j.reasons.size() == 4);
  REQUIRE_THAT(j.reasons[0], Contains("RTO of bank ≤ 15s") && Contains("s ± "));
  REQUIRE(j.rtos.size() == 1);
  REQUIRE(j.rtos[0].impact);
  REQUIRE(std::chrono::abs(j.rtos[0].rto.value - 4s) <= j.rtos[0].rto.plus_minus);
  REQUIRE(j.probes[0].series[0].baseline_p50 == 2ms);
}

TEST_CASE("an undo that is not confirmed comes before everything else") {
  auto verdict = [](auto break_it) { return verdict_of(break_it, "kill-writer"); };
  REQUIRE(verdict([](Record& r) { r.injections[0].undone = Time(-1); }) == Verdict::undo_pending);
  REQUIRE(verdict([](Record& r) { r.injections[0].undone = r.injections[0].undo_asked = Time(-1); }) == Verdict::undo_pending);
  REQUIRE(verdict([](Record& r) { r.injections[0].evidence[1].confirmed = false; }) == Verdict::undo_pending);
  REQUIRE(verdict([](Record& r) {
            r.injections[0].undone = Time(-1);
            r.problems = {"interrupted by SIGINT"};
            r.objectives[0].limit = 1;
          }) == Verdict::undo_pending);
  // It could not be injected, but its undo was asked for and failed.
  REQUIRE(verdict([](Record& r) {
            r.injections[0].effect = {};
            r.injections[0].problem = "no route to c1";
            r.injections[0].undone = Time(-1);
          }) == Verdict::undo_pending);
}

TEST_CASE("after a crash an injection is pending unless its undo was confirmed") {
  auto crashed = [](Record& r) {
    r.finished = false;
    r.injections[0] = {};
    r.injections[0].id = "kill-writer";
  };
  REQUIRE(verdict_of(crashed, "kill-writer") == Verdict::undo_pending);
  REQUIRE(verdict_of([](Record& r) { r.finished = false; }, "not finished") == Verdict::inconclusive);
}

TEST_CASE("a rehearsal that was not carried out or recorded as planned proves nothing") {
  auto proves_nothing = [](auto break_it, const std::string& words) {
    REQUIRE(verdict_of(break_it, words) == Verdict::inconclusive);
  };
  proves_nothing([](Record& r) { r.problems = {"interrupted by SIGINT"}; }, "SIGINT");
  proves_nothing([](Record& r) { r.torn_events = 1; }, "could not be read");
  proves_nothing([](Record& r) { r.probes.clear(); }, "No probe");
  proves_nothing([](Record& r) { r.probes[0].stopped = Time(-1); }, "not seen to stop");
  proves_nothing([](Record& r) { r.probes[0].damaged_bytes = 7; }, "7 bytes");
  proves_nothing([](Record& r) { r.steady.clear(); }, "Nobody looked whether bank/transfer was steady");
  proves_nothing([](Record& r) { r.steady[0].steady = false; }, "not steady");
  proves_nothing([](Record& r) { r.steady[0].observed = 0.5; }, "not steady");
  proves_nothing([](Record& r) { r.steady[0].operations = 0; }, "not steady");
  proves_nothing([](Record& r) { r.steps[1] = {2, "hold 30 s", "skipped", "no time", {}, {}}; }, "no time");
  proves_nothing([](Record& r) { r.steps[1].state = "planned"; }, "Step 2");
  proves_nothing([](Record& r) { r.injections.clear(); }, "Nothing was injected");
  proves_nothing([](Record& r) { r.injections[0].problem = "one of two targets did not answer"; }, "did not answer");
  proves_nothing([](Record& r) { r.injections[0].effect.to = Time(-1); }, "not known to have taken effect");
  proves_nothing([](Record& r) { r.injections[0].evidence.erase(r.injections[0].evidence.begin()); }, "no evidence");
  proves_nothing([](Record& r) { r.injections[0].targets.push_back("c2"); }, "no evidence that kill-writer took effect on c2");
  proves_nothing([](Record& r) { r.injections[0].targets.clear(); }, "no target");
  proves_nothing([](Record& r) { r.injections[0].evidence[0].confirmed = false; }, "did not show on c1");
  proves_nothing([](Record& r) { r.redundancy.clear(); }, "Nobody looked whether the replicas");
  proves_nothing([](Record& r) { r.probes[0].info.series[0].rate = 0; }, "rate");
}

TEST_CASE("what the probes did not see proves nothing") {
  auto proves_nothing = [](auto break_it, const std::string& words) {
    REQUIRE(verdict_of(break_it, words) == Verdict::inconclusive);
  };
  proves_nothing([](Record& r) { r.probes[0].operations.pop_back(); }, "operation 2999 is not in the record");
  proves_nothing(
      [](Record& r) { erase_if(r.probes[0].operations, [](auto& o) { return o.number >= 1500 && o.number < 1600; }); },
      "operations 1500 to 1599 are not in the record");
  proves_nothing([](Record& r) { r.probes[0].operations[1500].outcome = Outcome::unsent; }, "never sent");
  proves_nothing([](Record& r) { r.probes[0].operations.push_back(r.probes[0].operations[7]); }, "recorded twice");
  proves_nothing([](Record& r) { r.probes[0].operations.clear(); }, "no operations");
  proves_nothing([](Record& r) { r.probes[0].operations[9].series = 4; }, "series 4");
  proves_nothing([](Record& r) { r.probes[0].operations[9].scheduled = Time(INT64_MIN); }, "impossible times");
  proves_nothing([](Record& r) { r.probes[0].snapshots[1].complete = false; }, "audit of bank is not complete");
  proves_nothing([](Record& r) { r.objectives[0].probe = "shop"; }, "no probe 'shop'");
  proves_nothing([](Record& r) { r.objectives[0].series = "loan"; }, "no series 'loan'");
  proves_nothing([](Record& r) { r.objectives[0].injection = "cut"; }, "'cut'");
  proves_nothing(
      [](Record& r) {
        r.objectives.clear();
        r.probes[0].info.audited = false;
      },
      "No objective");
}

TEST_CASE("a generator that lagged in the judged window was blind, before it was not") {
  Settings settings;
  settings.lag = [](Time t) { return t >= 30s && t < 31'200ms ? 31'200ms - t : Duration(0); };
  Judgement j = judge(rehearsal(probe(down_between(20s, 24s), settings)));
  REQUIRE(j.verdict == Verdict::inconclusive);
  REQUIRE_THAT(told(j), Contains("bank/transfer was blind from 30.000 s to 31.200 s") && Contains("late, by up to 1.200 s"));
  REQUIRE(j.probes[0].series[0].blind.size() == 1);

  settings.lag = [](Time t) { return t >= 3s && t < 4s ? 4s - t : Duration(0); };
  j = judge(rehearsal(probe(down_between(20s, 24s), settings)));
  REQUIRE(j.probes[0].series[0].blind.size() == 1);
  REQUIRE(j.verdict == Verdict::passed);

  settings.lag = [](Time) { return 99ms; };
  REQUIRE(judge(rehearsal(probe(down_between(20s, 24s), settings))).probes[0].series[0].blind.empty());
}

TEST_CASE("a schedule that pauses or ends early was blind") {
  Record r = rehearsal(probe(down_between(20s, 24s)));
  for (Operation& o : r.probes[0].operations)
    if (o.number >= 2000) o.scheduled += 300ms, o.sent += 300ms, o.done += 300ms;
  REQUIRE_THAT(told(judge(r)), Contains("blind from 39.980 s to 40.300 s: no operation was due for 0.320 s"));
  REQUIRE(judge(r).verdict == Verdict::inconclusive);

  r = rehearsal(probe(down_between(20s, 24s)));
  r.probes[0].stopped = 70s;
  REQUIRE_THAT(told(judge(r)), Contains("no operation was due for 10.020 s"));
  REQUIRE(judge(r).verdict == Verdict::inconclusive);
}

TEST_CASE("an outage before the fault means not steady, though the steady check saw none") {
  auto early = then(down_between(18s, 19s), 20s, down_between(20s, 24s));
  Judgement j = judge(rehearsal(probe(early)));
  REQUIRE(j.verdict == Verdict::inconclusive);
  REQUIRE_THAT(told(j), Contains("outage at 18.000 s"));
  // One that was over before the steady check began does not count.
  REQUIRE(judge(rehearsal(probe(then(down_between(2s, 3s), 20s, down_between(20s, 24s))))).verdict == Verdict::passed);
}

TEST_CASE("an outage between the steady check and a fault that came much later means not steady") {
  Settings settings;
  settings.length = 90s;
  const Service service = then(down_between(17s, 18s), 30s, down_between(45s, 49s));
  Record r = rehearsal(probe(service, settings), {44'990ms, 45'010ms}, settings);
  Judgement j = judge(r);
  REQUIRE_THAT(told(j), Contains("it had an outage at 17.000 s"));
  REQUIRE(j.verdict == Verdict::inconclusive);
  r.phases[1].ended = 40s;  // the check came after it
  j = judge(r);
  INFO(told(j));
  REQUIRE(j.verdict == Verdict::passed);
}

TEST_CASE("an operation in flight at the fault is its victim, not an earlier outage") {
  // Scheduled at 19.98 s, before the fault at 19.99 s, and lost by it.
  Judgement j = judge(rehearsal(probe([](Time sent) {
    return sent >= 19'980ms && sent < 24s ? Answer{Outcome::failed, 15ms, kNoConnection} : Answer{Outcome::ok, 15ms, 0};
  })));
  INFO(told(j));
  REQUIRE(j.verdict == Verdict::passed);
  REQUIRE(j.rtos[0].impact);
}

TEST_CASE("what hung for longer than anything had, before the fault came, was no effect of it") {
  // Good within half a second: what is sent from 19.8 s on was certain to be bad at 20.3 s only.
  const Judgement j = judge(rehearsal(probe([](Time sent) {
    return sent >= 19'800ms && sent < 24s ? Answer{Outcome::indeterminate, 2s, kTimedOut} : kUp;
  })));
  INFO(told(j));
  CHECK(j.verdict == Verdict::inconclusive);
  CHECK_THAT(told(j), Contains("it had an outage at 19.8"));
}

TEST_CASE("what the cloud did wrong fails") {
  auto fails = [](auto break_it, const std::string& words) { REQUIRE(verdict_of(break_it, words) == Verdict::failed); };
  fails([](Record& r) { r.objectives[0].limit = 3; }, "Missed: RTO of bank ≤ 3s");
  fails(
      [](Record& r) {
        for (auto& s : r.probes[0].snapshots) s.transfers.erase(s.transfers.begin());
      },
      "Missed: RPO");
  fails([](Record& r) { r.probes[0].snapshots[1].accounts[0].balance += 1; }, "not equal");
  fails([](Record& r) { r.guards = {{"bank down longer than 3 s", "3.02 s", 23s}}; }, "A guard stopped");
  fails([](Record& r) { r.redundancy[0].restored = false; }, "Redundancy did not come back");
  fails([](Record& r) { add_objective(r, {ObjectiveSpec::Kind::downtime, "bank", "", "", 3.9}); }, "downtime of bank");
  fails([](Record& r) { add_objective(r, {ObjectiveSpec::Kind::error_budget, "bank", "", "", 0.0015}); }, "error budget");
  fails([](Record& r) { add_objective(r, {ObjectiveSpec::Kind::first_success, "bank", "", "", 2}); }, "first success");
}

TEST_CASE("objectives that are kept are met") {
  Record r = sound();
  r.objectives = {{ObjectiveSpec::Kind::downtime, "bank", "transfer", "", 4.1},
                  {ObjectiveSpec::Kind::error_budget, "bank", "", "", 0.0016},
                  {ObjectiveSpec::Kind::first_success, "bank", "", "kill-writer", 4.1},
                  {ObjectiveSpec::Kind::rto, "bank", "transfer", "kill-writer", 4.1}};
  Judgement j = judge(r);
  INFO(told(j));
  REQUIRE(j.verdict == Verdict::passed);
  for (const ObjectiveResult& o : j.objectives) REQUIRE(o.state == ObjectiveResult::State::met);
}

TEST_CASE("lost transfers fail without an objective for them, and within one they may pass") {
  auto lose = [](Record& r) {
    for (ReplicaSnapshot& s : r.probes[0].snapshots) {
      PostedTransfer gone = s.transfers[5];
      s.accounts[gone.from - 1].balance += gone.amount;
      s.accounts[gone.to - 1].balance -= gone.amount;
      s.transfers.erase(s.transfers.begin() + 5);
    }
  };
  REQUIRE(verdict_of(
              [&](Record& r) {
                lose(r);
                r.objectives.pop_back();
              },
              "1 of 2800 acknowledged transfers") == Verdict::failed);
  Record allowed = sound();
  lose(allowed);
  allowed.objectives[1].limit = 1;
  Judgement j = judge(allowed);
  INFO(told(j));
  REQUIRE(j.verdict == Verdict::passed);
  REQUIRE_THAT(told(j), !Contains("Each of the"));
}

TEST_CASE("a guard's trip explains what it cut off, but not a missing evidence") {
  auto tripped = [](Record& r) {
    r.guards = {{"bank down longer than 3 s", "3.02 s", 23s}};
    r.steps[1].state = "skipped";
  };
  REQUIRE(verdict_of(tripped, "A guard stopped") == Verdict::failed);
  REQUIRE(verdict_of(
              [&](Record& r) {
                tripped(r);
                r.injections[0].evidence.clear();
              },
              "no evidence") == Verdict::inconclusive);
}

TEST_CASE("a failure is told though the run is inconclusive") {
  auto both = [](Record& r) {
    r.problems = {"interrupted by SIGINT"};
    r.objectives[0].limit = 1;
  };
  REQUIRE(verdict_of(both, "Missed: RTO") == Verdict::inconclusive);
}

TEST_CASE("a service that never recovers misses its RTO") {
  Judgement j = judge(rehearsal(probe(down_between(20s, 100s))));
  REQUIRE(j.verdict == Verdict::failed);
  REQUIRE(j.rtos[0].censored);
  REQUIRE(j.rtos[0].rto.value == 40s);
  REQUIRE_THAT(told(j), Contains("> 40.000 s"));
  // Even with a limit that the watch did not reach.
  Record patient = rehearsal(probe(down_between(20s, 100s)));
  patient.objectives[0].limit = 600;
  REQUIRE(judge(patient).verdict == Verdict::failed);
}

TEST_CASE("a fault without an outage passes only where it was watched for a hold") {
  Judgement j = judge(rehearsal(probe(always_up())));
  REQUIRE(j.verdict == Verdict::passed);
  REQUIRE_FALSE(j.rtos[0].impact);
  REQUIRE(j.rtos[0].rto.value == 0s);
  REQUIRE(j.rtos[0].rto.plus_minus == 20ms);

  Settings brief;
  brief.length = 24s;
  j = judge(rehearsal(probe(always_up(), brief)));
  REQUIRE(j.verdict == Verdict::inconclusive);
  REQUIRE(j.rtos.empty());
}

TEST_CASE(
    "bad operations that are too few for an outage: the service may have been gone from the good one before to the one after") {
  Settings slow;
  slow.rate = 1;
  const auto after = [&](Time from, Time to, double slo) {
    Record r = rehearsal(probe(down_between(from, to), slow), {19'990ms, 20'010ms}, slow);
    r.probes[0].info.slo = slo;
    r.objectives[0].limit = 1.5;
    const Judgement j = judge(r);
    REQUIRE((j.rtos.size() == 1 && !j.rtos[0].impact && j.rtos[0].rto.value == 0s));
    CHECK(j.verdict == (j.rtos[0].rto.plus_minus <= 1500ms ? Verdict::passed : Verdict::inconclusive));
    return j.rtos[0].rto.plus_minus;
  };
  CHECK(after(100s, 100s, 0.999) == 1s);
  CHECK(after(30s, 31s, 0.999) == 2s);
  CHECK(after(30s, 32s, 0.85) == 3s);
  CHECK(after(5s, 6s, 0.999) == 1s);  // none of the fault's
}

TEST_CASE("an RTO whose ± straddles the limit decides nothing") {
  Record r = sound();
  r.injections[0].effect = {19'500ms, 20'500ms};
  r.objectives[0].limit = 4.2;
  Judgement j = judge(r);
  REQUIRE(j.verdict == Verdict::inconclusive);
  REQUIRE_THAT(told(j), Contains("too near the limit"));
}

// The writer is down for 4 s, ± 20 ms.
TEST_CASE("a time is put beside what was expected, and misses nothing by lying outside") {
  using Beside = ObjectiveResult::Beside;
  const auto beside = [](Duration from, Duration to, ObjectiveSpec::Kind kind = ObjectiveSpec::Kind::rto) {
    Record r = sound();
    r.objectives = {{kind, "bank", "", "", 15}};
    r.objectives[0].expected = {from, to, "the vote of Galera"};
    const Judgement j = judge(r);
    CHECK(j.verdict == Verdict::passed);
    return j.objectives.at(0);
  };
  CHECK(beside(3s, 5s).beside == Beside::within);
  CHECK(expected_text(beside(3s, 5s)) == "as expected: 3s to 5s");
  CHECK(beside(2s, 3s).beside == Beside::above);
  CHECK(remark_text(beside(2s, 3s)) == "above the expected 2s to 3s; the likely stage: the vote of Galera");
  CHECK(beside(2s, 3s, ObjectiveSpec::Kind::first_success).beside == Beside::above);
  CHECK(beside(5s, 9s).beside == Beside::below);
  CHECK(expected_text(beside(5s, 9s)) == "below the expected 5s to 9s (the vote of Galera)");
  // Only what certainly lies outside.
  CHECK(beside(1s, 3990ms).beside == Beside::within);
  CHECK(beside(4010ms, 9s).beside == Beside::within);
  CHECK(judge(sound()).objectives[0].beside == Beside::unknown);
  CHECK(remark_text(judge(sound()).objectives[0]).empty());
}

TEST_CASE("what did not end is above what was expected, or nobody knows") {
  Record r = rehearsal(probe(down_between(20s, 100s)));
  r.objectives[0].expected = {2s, 3s, "a stage"};
  CHECK(judge(r).objectives[0].beside == ObjectiveResult::Beside::above);
  r.objectives[0].expected = {2s, 300s, "a stage"};
  CHECK(judge(r).objectives[0].beside == ObjectiveResult::Beside::unknown);
}

TEST_CASE("with two injections each outage belongs to the one before it") {
  auto service = then(down_between(20s, 24s), 40s, down_between(40s, 47s));
  Record r = rehearsal(probe(service));
  r.injections[0].undo_asked = 30s;  // it had recovered by itself, and the second one is not on yet
  r.injections[0].undone = 31s;
  r.injections.push_back(injection("cut-link", {39'990ms, 40'010ms}));
  r.objectives = {{ObjectiveSpec::Kind::rto, "bank", "", "kill-writer", 5},
                  {ObjectiveSpec::Kind::rto, "bank", "", "cut-link", 8}};
  Judgement j = judge(r);
  INFO(told(j));
  REQUIRE(j.verdict == Verdict::passed);
  REQUIRE(j.rtos.size() == 2);
  REQUIRE(std::chrono::abs(j.rtos[0].rto.value - 4s) <= j.rtos[0].rto.plus_minus);
  REQUIRE(std::chrono::abs(j.rtos[1].rto.value - 7s) <= j.rtos[1].rto.plus_minus);
  // Without an injection the worse of both counts.
  r.objectives = {{ObjectiveSpec::Kind::rto, "bank", "", "", 5}};
  REQUIRE(judge(r).verdict == Verdict::failed);
  REQUIRE_THAT(told(judge(r)), Contains("(transfer after cut-link)"));
  r.objectives[0].limit = 8;
  REQUIRE(judge(r).verdict == Verdict::passed);
}

TEST_CASE("an outage that is still on at the next injection counts for both") {
  Record r = rehearsal(probe(down_between(20s, 30s)));
  r.injections.push_back(injection("cut-link", {24'990ms, 25'010ms}));
  Judgement j = judge(r);
  REQUIRE(std::chrono::abs(j.rtos[0].rto.value - 10s) <= j.rtos[0].rto.plus_minus);
  REQUIRE(std::chrono::abs(j.rtos[1].rto.value - 5s) <= j.rtos[1].rto.plus_minus);
}

TEST_CASE("a second outage after the same injection counts by its own length") {
  auto service = then(down_between(20s, 22s), 35s, down_between(35s, 42s));
  Judgement j = judge(rehearsal(probe(service)));
  REQUIRE(j.rtos.size() == 1);
  REQUIRE(std::chrono::abs(j.rtos[0].rto.value - 7s) <= j.rtos[0].rto.plus_minus);
  REQUIRE(std::chrono::abs(j.rtos[0].first_success->value - 2s) <= j.rtos[0].first_success->plus_minus);
}

TEST_CASE("the probe's RTO is that of its worst series") {
  ProbeRecord bank = probe(down_between(20s, 22s));
  ProbeRecord inquiry = probe(down_between(20s, 26s));
  bank.info.series.push_back({"inquiry", 50, 2s, 500ms, false});
  bank.planned.push_back(3000);
  for (Operation o : inquiry.operations) {
    o.series = 1;
    o.posting = 0;
    bank.operations.push_back(o);
  }
  Record r = rehearsal(probe(down_between(20s, 22s)));
  auto snapshots = r.probes[0].snapshots;
  r.probes[0] = bank;
  r.probes[0].snapshots = snapshots;
  r.steady.push_back({"bank", "inquiry", 10s, 0.999, 1.0, 500, true});
  r.objectives[0].limit = 5;
  Judgement j = judge(r);
  REQUIRE(j.verdict == Verdict::failed);
  REQUIRE_THAT(told(j), Contains("(inquiry)"));
  r.objectives[0].series = "transfer";
  REQUIRE(judge(r).verdict == Verdict::passed);
}

TEST_CASE("an empty record proves nothing") { REQUIRE(judge(Record{}).verdict == Verdict::inconclusive); }

TEST_CASE("judging two hours at 50 operations a second is done at once", "[no-tsan]") {
  Settings long_run;
  long_run.length = 2h;
  Record r = rehearsal(probe(down_between(20s, 24s), long_run));
  auto before = real_clock().now();
  Judgement j = judge(r);
  auto took = real_clock().now() - before;
  REQUIRE(j.verdict == Verdict::passed);
  REQUIRE(took < 3s);  // it takes 0.1 s; the rest is for sanitizers and a busy machine
}
