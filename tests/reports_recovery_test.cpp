// Whose recovery it was, after which injection, and whether there was one: what must not pass.
#include <catch2/catch.hpp>

#include "reports/judgement.h"
#include "reports/reports.h"
#include "reports/rto.h"
#include "tests/support/judged.h"
#include "tests/support/trace.h"

using namespace blackstart;
using namespace blackstart::trace;
using Catch::Contains;

namespace {

using Kind = ObjectiveSpec::Kind;
using Recovery = ObjectiveSpec::Recovery;

Record with_objectives(Record record, std::vector<ObjectiveSpec> objectives) {
  record.objectives = std::move(objectives);
  return record;
}

Settings of_length(Duration length) {
  Settings settings;
  settings.length = length;
  return settings;
}

// Down from 20 s to `back`; the undo was asked at 30 s.
Record undone_at_30(Time back, ObjectiveSpec objective) {
  Record r = with_objectives(rehearsal(probe(down_between(20s, back))), {std::move(objective)});
  r.injections[0].undo_asked = 30s;
  r.injections[0].undone = 30'100ms;
  return r;
}

// What waits while the service is frozen is answered when it is thawed, if its deadline of 2 s lets it wait so long.
Service frozen_between(Time from, Time to) {
  return [=](Time sent) {
    if (sent + kLatency <= from || sent >= to) return kUp;
    return to - sent < 2s ? Answer{Outcome::ok, to - sent + kLatency, 0} : Answer{Outcome::indeterminate, 2s, kTimedOut};
  };
}

const ObjectiveSpec kRto15{Kind::rto, "bank", "", "", 15};

}  // namespace

TEST_CASE("a slow series has no RTO before twenty of its operations went well, however short the hold is") {
  for (const Duration length : {55s, 70s}) {
    Settings settings = of_length(length);
    settings.rate = 0.5;
    settings.hold = 5s;
    const Judgement j = judge(rehearsal(probe(always_up(), settings), {19'990ms, 20'010ms}, settings));
    CHECK(j.rtos.empty() == (length == 55s));
  }
}

TEST_CASE("parallel injections share their outage") {
  Settings settings = of_length(90s);
  for (const char* named : {"", "kill-writer", "cut-link"}) {
    CAPTURE(named);
    Record r = rehearsal(probe(down_between(20s, 55s), settings), {19'990ms, 20'010ms}, settings);
    r.injections.push_back(injection("cut-link", {19'990'020us, 20'012ms}));
    for (Injection& i : r.injections) i.undo_asked = 80s, i.undone = 81s;
    r.objectives = {{Kind::rto, "bank", "", named, 15}};
    Judgement j = judge(r);
    REQUIRE(j.verdict == Verdict::failed);
    REQUIRE_THAT(told(j), Contains("Missed: RTO of bank") && Contains("transfer took longer"));
    REQUIRE(j.rtos.size() == 2);
    for (const Rto& rto : j.rtos) REQUIRE(std::chrono::abs(rto.rto.value - 35s) <= rto.rto.plus_minus);
  }
}

TEST_CASE("an outage that is known only after the next injection belongs to the one before it too") {
  // Frozen at 20 s; that was known at 20.5 s, and the link was cut at 20.3 s.
  Record r = rehearsal(probe(frozen_between(20s, 28s)));
  r.injections.push_back(injection("cut-link", {20'300ms, 20'310ms}));
  r.objectives = {{Kind::rto, "bank", "", "kill-writer", 5}};
  REQUIRE(judge(r).verdict == Verdict::failed);
  REQUIRE(judge(r).rtos[0].impact);
}

TEST_CASE("whose an outage is that begins within a hold of two injections, nobody can tell") {
  // Seen from 23 s to 40 s. The first injection was at 20 s, the second at 22 s: either may have done it.
  for (const Time next : {20'500ms, 22'000ms}) {
    Record r = rehearsal(probe(down_between(23s, 40s)));
    r.injections.push_back(injection("cut-link", {next, next + 10ms}));
    const auto verdict = [&](const char* named, double limit, bool required) {
      ObjectiveSpec spec{Kind::rto, "bank", "", named, limit};
      spec.impact_required = required;
      return judge(with_objectives(r, {spec})).verdict;
    };
    CAPTURE(next.count());
    CHECK(verdict("kill-writer", 15, false) == Verdict::inconclusive);  // 0, or 20 s
    CHECK(verdict("kill-writer", 25, false) == Verdict::passed);
    CHECK(verdict("kill-writer", 25, true) == Verdict::inconclusive);  // no proof that it met anything
    CHECK(verdict("cut-link", 15, false) == Verdict::failed);
    CHECK(verdict("cut-link", 25, true) == Verdict::passed);
    CHECK(verdict("", 15, false) == Verdict::failed);
    CHECK(verdict("", 25, false) == Verdict::passed);
    const ObjectiveResult told =
        judged(with_objectives(r, {{Kind::rto, "bank", "", "kill-writer", 15}}), Verdict::inconclusive);
    CHECK_THAT(told.measured, Contains("another injection's outage perhaps"));
    CHECK_THAT(told.why, Contains("wait-recovered between them"));
    const Judgement j = judge(r);
    REQUIRE(j.rtos.size() == 2);
    CHECK((j.rtos[0].shared && !j.rtos[1].shared));
    const Measured& either = j.rtos[0].rto;
    CHECK(either.value - either.plus_minus <= 0s);
    CHECK(std::chrono::abs(either.value + either.plus_minus - 20s) <= 200ms);
    CHECK(std::chrono::abs(j.rtos[1].rto.value - (40s - next)) <= j.rtos[1].rto.plus_minus);
  }
}

TEST_CASE("an outage right after an undo may be its doing though the next injection came in between") {
  // The first injection was at 20 s, met nothing, and was undone at 30 s; the second came at 31 s. Down from 32 s to 40 s.
  const auto verdict = [](Time undone, const char* named, double limit) {
    Record r = rehearsal(probe(down_between(32s, 40s)));
    r.injections[0].undo_asked = undone;
    r.injections[0].undone = undone + 100ms;
    r.injections.push_back(injection("cut-link", {31s, 31'010ms}));
    return judge(with_objectives(r, {{Kind::rto, "bank", "", named, limit}})).verdict;
  };
  CHECK(verdict(30s, "kill-writer", 5) == Verdict::inconclusive);
  CHECK(verdict(30s, "kill-writer", 12) == Verdict::passed);
  CHECK(verdict(30s, "cut-link", 5) == Verdict::failed);
  CHECK(verdict(26s, "kill-writer", 5) == Verdict::passed);  // its hold of 5 s was over
}

TEST_CASE("an outage that shows only after our undo is nobody's proof, where the undo came before the fault had to show") {
  // At 20 s, undone at 40 s; down from 42 s to 60 s. Nova may call a dead host up for a minute.
  const auto judged_as = [](const char* kind, const char* series, ObjectiveSpec::Recovery recovery, double limit) {
    Settings settings = of_length(120s);
    settings.hold = 5s;
    Record r = rehearsal(probe(down_between(42s, 60s), settings), {19'990ms, 20'010ms}, settings);
    r.probes[0].info.kind = kind;
    r.probes[0].info.series[0].name = series;
    for (SteadyCheck& check : r.steady) check.series = series;
    r.injections[0].undo_asked = 40s;
    r.injections[0].undone = 40'100ms;
    ObjectiveSpec spec{Kind::rto, "bank", "", "", limit};
    spec.recovery = recovery;
    return judge(with_objectives(r, {spec}));
  };
  const Judgement late = judged_as("openstack", "servers-home", Recovery::itself, 50);
  INFO(late.objectives[0].why);
  CHECK(late.verdict == Verdict::inconclusive);  // it came back 20 s after our repair, and perhaps by it
  CHECK_THAT(late.objectives[0].why, Contains("hold for longer before the undo"));
  CHECK_THAT(late.objectives[0].measured, Contains("undo that came before the fault had to show"));
  const Measured& rto = late.rtos[0].rto;
  CHECK((late.rtos[0].undo_soon && !late.rtos[0].struck));
  CHECK(std::chrono::abs(rto.value - rto.plus_minus - 20s) <= 200ms);
  CHECK(std::chrono::abs(rto.value + rto.plus_minus - 40s) <= 200ms);
  CHECK(judged_as("openstack", "servers-home", Recovery::any, 50).verdict == Verdict::passed);
  CHECK(judged_as("openstack", "servers-home", Recovery::any, 30).verdict == Verdict::inconclusive);
  CHECK(judged_as("openstack", "servers-home", Recovery::itself, 10).verdict == Verdict::failed);
  // What is seen at once had stood the fault for four times its hold: this is the undo's doing, and no rehearsed recovery.
  const Judgement at_once = judged_as("http", "page", Recovery::itself, 25);
  CHECK(at_once.verdict == Verdict::passed);
  CHECK((!at_once.rtos[0].undo_soon && !at_once.rtos[0].struck));
}

TEST_CASE("what is lost while the undo is asked, long after the recovery, is not held against the cloud, nor for it") {
  // Down from 20 s to 24 s; the undo is asked at 40.005 s, and the node that comes back stops all until 41.5 s. An operation
  // that takes 15 ms is under way by then.
  const auto service = [](Time sent) {
    if (sent >= 19'995ms && sent < 24s) return kDown;
    if (sent < 39'999ms || sent >= 41'500ms) return Answer{Outcome::ok, 15ms, 0};
    return sent < 40'005ms ? Answer{Outcome::indeterminate, 15ms, kBroken} : kDown;
  };
  Record r = rehearsal(probe(service));
  r.injections[0].undo_asked = 40'005ms;
  r.injections[0].undone = 40'100ms;
  const ObjectiveResult told = judged(with_objectives(r, {kRto15}), Verdict::inconclusive);
  CHECK_THAT(told.why, Contains("went while the undo was asked"));
  CHECK_THAT(told.measured, Contains("3.99") && Contains("which may have disturbed it"));
  CHECK(judge(with_objectives(r, {{Kind::rto, "bank", "", "", 3}})).verdict == Verdict::failed);
  r.injections[0].undo_asked = 40'100ms;  // it was out before that for certain
  CHECK(judge(with_objectives(r, {kRto15})).verdict == Verdict::failed);
}

TEST_CASE("no outage is known only as far as the series can see one") {
  Settings settings = of_length(120s);
  settings.hold = 5s;
  Record r = rehearsal(probe(always_up(), settings), {19'990ms, 20'010ms}, settings);
  CHECK(judge(r).rtos[0].rto.plus_minus < 1s);
  r.probes[0].info.kind = "openstack";
  r.probes[0].info.series[0].name = "servers-home";
  CHECK(judge(r).rtos[0].rto.plus_minus == 60s);
  r.live_settings = {{"nova", "c1", {{"", "service_down_time", "20s", "nova.conf"}}, ""},
                     {"nova", "c2", {{"", "service_down_time", "25s", "nova.conf"}}, ""}};
  CHECK(judge(r).rtos[0].rto.plus_minus == 25s);
}

TEST_CASE("failures that are too scattered for an outage widen what is known, when they go on for a hold") {
  // Every 60th operation fails from the fault at 20 s on until `end`: a hold of 5 s has four of 250.
  const auto told = [](Time end) {
    Settings settings = of_length(120s);
    settings.hold = 5s;
    const Record r = rehearsal(probe(
                                   [&](Time sent) {
                                     const bool turn = sent / 20ms % 60 == 0;
                                     return sent >= 20s && sent < end && turn ? kDown : kUp;
                                   },
                                   settings),
                               {19'990ms, 20'010ms}, settings);
    const Judgement j = judge(r);
    CHECK(j.probes[0].series[0].outages.empty());
    return j.rtos.at(0).rto;
  };
  CHECK(told(24s).plus_minus < 100ms);  // strays
  CHECK(told(100s).value == 0s);
  CHECK(told(100s).plus_minus > 79s);
}

TEST_CASE("no outage that our undo made rehearsed a recovery, whoever's undo it was") {
  // The first injection was at 20 s, the second at 24 s; both met nothing. The first's undo at 40 s, down from 42 s to 45 s.
  Record r = rehearsal(probe(down_between(42s, 45s)));
  r.injections[0].undo_asked = 40s;
  r.injections[0].undone = 40'100ms;
  r.injections.push_back(injection("cut-link", {24s, 24'010ms}));
  r.injections[1].undo_asked = 50s;
  r.injections[1].undone = 50'100ms;
  for (const char* named : {"kill-writer", "cut-link"}) {
    ObjectiveSpec spec{Kind::rto, "bank", "", named, 25};
    CHECK(judge(with_objectives(r, {spec})).verdict == Verdict::passed);
    spec.impact_required = true;
    const ObjectiveResult told = judged(with_objectives(r, {spec}), Verdict::inconclusive);
    CHECK_THAT(told.why, Contains("before our undo"));
  }
}

TEST_CASE("the greater of two is known to the interval that holds it") {
  // One may have been 9, the other 8.2.
  const Measured wide{6s, 3s}, late{8s, 200ms};
  for (const Measured& both : {greater(wide, late), greater(late, wide)}) {
    CHECK(both.value + both.plus_minus == 9s);
    CHECK(both.value - both.plus_minus == 7'800ms);
  }
  CHECK(greater({4s, 20ms}, {7s, 10ms}).value == 7s);
  CHECK(greater({4s, 20ms}, {7s, 10ms}).plus_minus == 10ms);
  CHECK(or_nothing({6s, 1s}).value + or_nothing({6s, 1s}).plus_minus == 7s);
  CHECK(or_nothing({6s, 1s}).value - or_nothing({6s, 1s}).plus_minus == 0s);
}

TEST_CASE("an objective without an injection counts the worst of all") {
  Settings settings = of_length(200s);
  Record r =
      rehearsal(probe(then(down_between(20s, 24s), 60s, down_between(60s, 160s)), settings), {19'990ms, 20'010ms}, settings);
  r.injections.push_back(injection("cut-link", {59'990ms, 60'010ms}));
  r.injections[1].undo_asked = 190s;
  r.injections[1].undone = 191s;
  for (Kind kind : {Kind::rto, Kind::first_success}) {
    Judgement j = judge(with_objectives(r, {{kind, "bank", "", "", 15}}));
    REQUIRE(j.verdict == Verdict::failed);
    REQUIRE_THAT(told(j), Contains("(transfer after cut-link)"));
    REQUIRE(judge(with_objectives(r, {{kind, "bank", "", "kill-writer", 15}})).verdict == Verdict::passed);
  }
}

TEST_CASE("where an outage is required, a fault that met nothing leaves the RTO undecided") {
  ObjectiveSpec required = kRto15;
  required.impact_required = true;
  const Record untouched = with_objectives(rehearsal(probe(always_up())), {required});
  const ObjectiveResult result = judged(untouched, Verdict::inconclusive);
  CHECK(result.text == "an outage, and RTO of bank ≤ 15s");
  CHECK_THAT(result.why, Contains("bank saw no outage after 'kill-writer'"));
  CHECK(judge(with_objectives(untouched, {kRto15})).verdict == Verdict::passed);
  CHECK(judge(with_objectives(rehearsal(probe(down_between(20s, 24s))), {required})).verdict == Verdict::passed);
  CHECK(judge(with_objectives(rehearsal(probe(down_between(20s, 40s))), {required})).verdict == Verdict::failed);
}

TEST_CASE("an injection whose aftermath was not watched leaves an objective without an injection undecided") {
  Record r = rehearsal(probe(down_between(20s, 24s)));
  r.injections.push_back(injection("cut-link", {57s, 57'010ms}));  // the hold is 5 s, the watch ends at 60 s
  Judgement j = judge(r);
  REQUIRE(j.verdict == Verdict::inconclusive);
  REQUIRE_THAT(told(j), Contains("Not measured: RTO of bank") && Contains("'cut-link'"));
}

TEST_CASE("a service that never recovers fails whatever the objectives ask") {
  auto slow = then(always_up(), 20s, [](Time) { return Answer{Outcome::ok, 600ms, 0}; });
  const Record r = rehearsal(probe(slow));
  for (const ObjectiveSpec& objective :
       {ObjectiveSpec{Kind::downtime, "bank", "", "", 3600}, ObjectiveSpec{Kind::rpo, "bank", "", "", 0},
        ObjectiveSpec{Kind::error_budget, "bank", "", "", 1}}) {
    Judgement j = judge(with_objectives(r, {objective}));
    INFO(told(j));
    REQUIRE(j.verdict == Verdict::failed);
    REQUIRE_THAT(told(j), Contains("bank/transfer was not seen to recover: from 20.000 s on"));
    bool bound = objective.kind != Kind::rpo;
    REQUIRE(j.objectives[0].state == (bound ? ObjectiveResult::State::missed : ObjectiveResult::State::met));
    if (bound) REQUIRE_THAT(j.objectives[0].measured, Catch::StartsWith("> "));
  }
  REQUIRE(judge(with_objectives(r, {})).verdict == Verdict::failed);
}

TEST_CASE("flapping without end fails though its first success came soon") {
  auto flapping = [](Time sent) { return sent >= 20s && sent % 4s < 2s ? kDown : kUp; };
  Judgement j = judge(with_objectives(rehearsal(probe(flapping)), {{Kind::first_success, "bank", "", "", 15}}));
  REQUIRE(j.verdict == Verdict::failed);
  REQUIRE_THAT(told(j), Contains("was not seen to recover"));
}

TEST_CASE("a probe without an objective must have recovered too") {
  Settings other;
  other.name = "shop";
  Record r = rehearsal(probe(down_between(20s, 24s)));
  ProbeRecord shop = probe(down_between(20s, 100s), other);
  shop.snapshots_taken = true;
  for (const std::string& name : shop.info.replicas) shop.snapshots.push_back(replica(shop, name, other));
  r.probes.push_back(shop);
  r.steady.push_back({"shop", "transfer", 10s, 0.999, 1.0, 500, true});
  Judgement j = judge(r);
  REQUIRE(j.verdict == Verdict::failed);
  REQUIRE_THAT(told(j), Contains("shop/transfer was not seen to recover"));
}

TEST_CASE("a recovery after our own undo is none by itself") {
  for (Kind kind : {Kind::rto, Kind::first_success}) {
    Judgement j = judge(undone_at_30(30'050ms, {kind, "bank", "", "", 15}));
    INFO(told(j));
    REQUIRE(j.verdict == Verdict::failed);
    REQUIRE_THAT(told(j), Contains("only after the undo was asked at 30.000 s; by itself it had not within 10.000 s"));
    // Where the undo is meant to be the repair it counts, but not longer than the limit.
    REQUIRE(judge(undone_at_30(30'050ms, {kind, "bank", "", "", 15, Recovery::any})).verdict == Verdict::passed);
    REQUIRE(judge(undone_at_30(36s, {kind, "bank", "", "", 15, Recovery::any})).verdict == Verdict::failed);
    // An undo after the recovery changes nothing.
    REQUIRE(judge(undone_at_30(29'900ms, {kind, "bank", "", "", 15})).verdict == Verdict::passed);
  }
}

TEST_CASE("a frozen service that our thaw sets going again has not recovered by itself") {
  Record r = undone_at_30(30s, kRto15);
  Record frozen = rehearsal(probe(frozen_between(20s, 30'010ms)));
  r.probes = frozen.probes;
  Judgement j = judge(r);
  INFO(told(j));
  // The last bad one was due before the undo was asked; no good one was done before it.
  REQUIRE(j.probes[0].series[0].outages[0].recovery.from < 30s);
  REQUIRE(j.verdict == Verdict::failed);
  REQUIRE(j.rtos[0].after_undo);
}

TEST_CASE("a first success by itself does not make the stable recovery one") {
  // A flap from 23 s to 26 s, then down until the undo.
  Record r = undone_at_30(30s, kRto15);
  r.probes = rehearsal(probe(then(down_between(20s, 23s), 26s, down_between(26s, 30'050ms)))).probes;
  REQUIRE(judge(r).verdict == Verdict::failed);
  REQUIRE(judge(with_objectives(r, {{Kind::first_success, "bank", "", "", 15}})).verdict == Verdict::passed);
}

TEST_CASE("a service that came and went until the undo has not recovered by itself, though it was there when that came") {
  // Two seconds down, three up: shorter than the hold, so nobody would have believed it.
  const Service flapping = [](Time sent) { return sent >= 20s && sent < 30s && (sent - 20s) % 5s < 2s ? kDown : kUp; };
  Record r = undone_at_30(30s, kRto15);
  r.probes = rehearsal(probe(flapping)).probes;
  Judgement j = judge(r);
  REQUIRE(j.probes[0].series[0].outages.at(0).flaps == 1);
  REQUIRE(j.verdict == Verdict::inconclusive);
  REQUIRE_THAT(told(j), Contains("had come and gone, and its hold was not over when the undo was asked"));
  // Whether it would have stayed is of no matter when it came too late.
  REQUIRE(judge(with_objectives(r, {{Kind::rto, "bank", "", "", 5}})).verdict == Verdict::failed);
  // It stayed for a whole hold before the undo came.
  r.injections[0].undo_asked = 33s;
  r.injections[0].undone = 34s;
  REQUIRE(judge(r).verdict == Verdict::passed);
}

TEST_CASE("the undo of one of several injections that share an outage is our repair for all of them") {
  Record r = undone_at_30(30'050ms, {Kind::rto, "bank", "", "cut-link", 15});
  r.injections.push_back(injection("cut-link", {19'990ms, 20'010ms}));
  REQUIRE(judge(r).verdict == Verdict::failed);
}

TEST_CASE("an outage that begins after the undo counts by its length") {
  Record r = undone_at_30(30s, kRto15);
  r.probes = rehearsal(probe(then(down_between(20s, 24s), 31s, down_between(31s, 34s)))).probes;
  Judgement j = judge(r);
  INFO(told(j));
  REQUIRE(j.verdict == Verdict::passed);
  REQUIRE_FALSE(j.rtos[0].after_undo);
}

TEST_CASE("reports say that a recovery came only after our undo") {
  Record r = undone_at_30(30'050ms, kRto15);
  Judgement j = judge(r);
  REQUIRE_THAT(text_summary(r, j), Contains("(recovered only after our undo)"));
  REQUIRE_THAT(html_report(r, j), Contains("(recovered only after our undo)"));
  REQUIRE_THAT(record_json(r, j), Contains("\"after_undo\": true") && Contains("\"recovery\": \"itself\""));
  REQUIRE_THAT(prometheus_text(r, j), Contains("blackstart_rto_after_undo{") && Contains("injection=\"kill-writer\"} 1\n"));
  r = undone_at_30(29'900ms, {Kind::rto, "bank", "", "", 15, Recovery::any});
  j = judge(r);
  REQUIRE_THAT(text_summary(r, j), !Contains("only after our undo") && Contains("our undo counts as the repair"));
  REQUIRE_THAT(record_json(r, j), Contains("\"after_undo\": false") && Contains("\"recovery\": \"any\""));
}

TEST_CASE("record.json says what is wrong with a series' record") {
  Record r = rehearsal(probe(always_up()));
  r.probes[0].operations.push_back(r.probes[0].operations[7]);
  REQUIRE_THAT(record_json(r, judge(r)), Contains("\"problem\": \"operation 7 was recorded twice\""));
}

TEST_CASE(
    "an outage that began only after our undo was asked counts from the undo, not from the fault that the service stood") {
  Record r = with_objectives(rehearsal(probe(down_between(31s, 33s))), {{Kind::rto, "bank", "", "", 5}});
  r.injections[0].undo_asked = 30s;
  r.injections[0].undone = 30'100ms;
  Judgement j = judge(r);
  INFO(told(j));
  CHECK(j.verdict == Verdict::passed);
  REQUIRE(j.rtos.size() == 1);
  CHECK(j.rtos[0].impact);
  CHECK(std::chrono::abs(j.rtos[0].rto.value - 3s) <= j.rtos[0].rto.plus_minus);
  CHECK_FALSE(j.rtos[0].after_undo);

  // One that had begun before it is the fault's, however late it came.
  r.injections[0].undo_asked = 32s;
  r.injections[0].undone = 32'100ms;
  j = judge(r);
  CHECK(j.verdict == Verdict::failed);
  CHECK(std::chrono::abs(j.rtos[0].rto.value - 13s) <= j.rtos[0].rto.plus_minus);
}

TEST_CASE("an outage after the undo that is not over at the end fails, whatever it counts from") {
  Record r = with_objectives(rehearsal(probe(down_between(31s, 100s))), {{Kind::rto, "bank", "", "", 1000}});
  r.injections[0].undo_asked = 30s;
  r.injections[0].undone = 30'100ms;
  CHECK(judge(r).verdict == Verdict::failed);
}
