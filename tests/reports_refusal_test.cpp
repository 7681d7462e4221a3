// A service that must refuse writes while a fault is in force: what shows that it did, and what does not.
#include <catch2/catch.hpp>

#include "reports/judgement.h"
#include "reports/reports.h"
#include "reports/words.h"
#include "tests/support/judged.h"
#include "tests/support/trace.h"

using namespace blackstart;
using namespace blackstart::trace;
using Catch::Contains;

namespace {

using Kind = ObjectiveSpec::Kind;
using State = ObjectiveResult::State;

constexpr std::uint16_t kNotPrepared = 1047;  // "WSREP has not yet prepared node for application use"
const Answer kDeclined{Outcome::failed, 2ms, kNotPrepared};
const ObjectiveSpec kNone{Kind::refuses, "bank", "", "kill-writer", 0};

// `answer` is given from 20 s to 40 s; the effect is seen at 20.01 s, the undo asked at 40.01 s.
Record refusing(const Answer& answer = kDeclined) {
  Record r = rehearsal(probe([=](Time sent) { return sent + kLatency > 20s && sent < 40'500ms ? answer : kUp; }));
  r.objectives = {kNone};
  return r;
}

Service refusing_but(Time from, Time to, const Answer& answer) {
  return [=](Time sent) {
    if (sent >= from && sent < to) return answer;
    return sent + kLatency > 20s && sent < 40'500ms ? kDeclined : kUp;
  };
}

Record with(const Service& service) {
  Record r = rehearsal(probe(service));
  r.objectives = {kNone};
  return r;
}

}  // namespace

TEST_CASE(
    "a service that refuses every write while the fault is in force has met it, and recovering by our undo is no failure") {
  const ObjectiveResult result = judged(refusing(), Verdict::passed);
  CHECK(result.state == State::met);
  CHECK(result.text == "writes acknowledged by bank during kill-writer ≤ 0");
  CHECK(result.measured == "0 of 1,000 acknowledged, 1,000 answered (transfer)");
}

TEST_CASE("one write that was taken misses it") {
  const ObjectiveResult result = judged(with(refusing_but(30s, 30'020ms, kUp)), Verdict::failed);
  CHECK(result.state == State::missed);
  CHECK_THAT(result.measured, Contains("1 of 1,000 acknowledged"));
  CHECK_THAT(result.why, Contains("the first at 30.000 s"));
}

TEST_CASE("a probe that was served all the time misses it") {
  const ObjectiveResult result = judged(with(always_up()), Verdict::failed);
  CHECK_THAT(result.measured, Contains("1,000 of 1,000 acknowledged"));
}

TEST_CASE("a write that was acknowledged too late to be good is acknowledged all the same") {
  CHECK(judged(with(refusing_but(30s, 30'020ms, {Outcome::ok, 900ms, 0})), Verdict::failed).state == State::missed);
}

TEST_CASE("as many as the bound allows may be taken, and no more") {
  Record r = with(refusing_but(30s, 30'040ms, kUp));
  r.objectives[0].limit = 2;
  CHECK(judged(r, Verdict::passed).state == State::met);
  r.objectives[0].limit = 1;
  CHECK(judged(r, Verdict::failed).state == State::missed);
}

TEST_CASE("writes at the edges don't count: sent before the effect was seen, or ended after the undo was asked") {
  // Sent at 20.00 s, before the effect's bracket had ended at 20.01 s.
  CHECK(judged(with(refusing_but(19'990ms, 20'005ms, {Outcome::ok, 300ms, 0})), Verdict::passed).state == State::met);
  // Sent at 40.00 s, answered at 40.3 s; the undo was asked at 40.01 s.
  CHECK(judged(with(refusing_but(40s, 40'020ms, {Outcome::ok, 300ms, 0})), Verdict::passed).state == State::met);
  // The same answer well before the undo.
  CHECK(judged(with(refusing_but(39s, 39'020ms, {Outcome::ok, 300ms, 0})), Verdict::failed).state == State::missed);
}

TEST_CASE("what was undone before it was asked for was not in force any more") {
  Record r = with(refusing_but(30s, 30'020ms, kUp));
  r.injections[0].undone = 29s;
  CHECK(judged(r, Verdict::passed).state == State::met);
}

TEST_CASE("silence is no refusal: a service that can't be reached proves nothing") {
  for (const Answer& silence :
       {Answer{Outcome::failed, 1ms, kNoConnection}, Answer{Outcome::indeterminate, 2s, kTimedOut},
        Answer{Outcome::failed, 1ms, 2002}, Answer{Outcome::failed, 1ms, 2013},
        // A proxy that has no server: PgBouncer's 08P01, a pooler's 08006, ProxySQL's 9001.
        Answer{Outcome::failed, 1ms, 8901}, Answer{Outcome::failed, 1ms, 8006}, Answer{Outcome::failed, 1ms, 9001}}) {
    CAPTURE(silence.error);
    const ObjectiveResult result = judged(refusing(silence), Verdict::inconclusive);
    CHECK(result.state == State::not_measured);
    CHECK_THAT(result.why, Contains("nobody answered"));
  }
}

TEST_CASE("a service that hangs first and refuses then refuses") {
  const Service service = [](Time sent) {
    if (sent + kLatency <= 20s || sent >= 40'500ms) return kUp;
    return sent < 30s ? Answer{Outcome::indeterminate, 2s, kTimedOut} : kDeclined;
  };
  CHECK(judged(with(service), Verdict::passed).state == State::met);
}

TEST_CASE("a refusal that nobody tested proves nothing") {
  SECTION("the undo was asked as soon as the effect was seen") {
    Record r = refusing();
    r.injections[0].undo_asked = r.injections[0].effect.to;
    CHECK_THAT(judged(r, Verdict::inconclusive).why, Contains("no write was tried"));
  }
  SECTION("the effect is not known") {
    Record r = refusing();
    r.injections[0].effect.to = Time(-1);
    CHECK_THAT(judged(r, Verdict::inconclusive).why, Contains("not known to have taken effect"));
  }
  SECTION("the injection is none of the record's") {
    Record r = refusing();
    r.objectives[0].injection = "cut";
    CHECK_THAT(judged(r, Verdict::inconclusive).why, Contains("'cut' is not known to have taken effect"));
  }
  SECTION("the series writes nothing") {
    Record r = refusing();
    r.probes[0].info.series[0].posts = false;
    r.probes[0].info.audited = false;
    CHECK_THAT(judged(r, Verdict::inconclusive).why, Contains("writes nothing"));
  }
  SECTION("the probe is none of the record's") {
    Record r = refusing();
    r.objectives[0].probe = "shop";
    CHECK(judged(r, Verdict::inconclusive).state == State::not_measured);
  }
  SECTION("the probe was blind in between") {
    Record r = refusing();
    erase_if(r.probes[0].operations, [](const Operation& o) { return o.number >= 1500 && o.number < 1510; });
    CHECK_THAT(judged(r, Verdict::inconclusive).why, Contains("blind"));
  }
  SECTION("what was never sent was not tried") {
    Record r = refusing();
    for (Operation& o : r.probes[0].operations)
      if (o.scheduled > 20s && o.scheduled < 40'500ms) o.outcome = Outcome::unsent, o.sent = o.done = Time(-1);
    CHECK_THAT(judged(r, Verdict::inconclusive).why, Contains("no write was tried"));
  }
}

TEST_CASE("an acknowledged write counts also where the probe was blind at other times") {
  Record r = with(refusing_but(30s, 30'020ms, kUp));
  erase_if(r.probes[0].operations, [](const Operation& o) { return o.number >= 1200 && o.number < 1210; });
  CHECK(judge(r).objectives[0].state == State::missed);
}

TEST_CASE("without an injection, during each of them") {
  Record r = refusing();
  r.injections.push_back(injection("cut-link", {45s, 45'010ms}));
  r.injections[1].undo_asked = 55s;
  r.injections[1].undone = 55'100ms;
  r.objectives[0].injection = "";
  const ObjectiveResult result = judged(r, Verdict::failed);
  CHECK_THAT(result.measured, Contains("during cut-link"));
}

TEST_CASE("a service that never comes back fails, whatever was asked of its refusal") {
  Record r = with(down_between(20s, 100s));
  for (Operation& o : r.probes[0].operations)
    if (o.outcome == Outcome::failed) o.error = kNotPrepared;
  const Judgement j = judge(r);
  CHECK(j.verdict == Verdict::failed);
  CHECK(j.objectives[0].state == State::met);
}

TEST_CASE("a standstill that was asked for is not the headline, unless its recovery was asked for too") {
  Record r = refusing();
  ProbeRecord other = probe(down_between(20s, 22s), Settings{.name = "shop"});
  other.snapshots_taken = true;
  for (const std::string& name : other.info.replicas) other.snapshots.push_back(replica(other, name));
  r.probes.push_back(other);
  r.steady.push_back({"shop", "transfer", 10s, 0.999, 1.0, 500, true});
  Judgement j = judge(r);
  REQUIRE(worst_rto(j) != nullptr);
  CHECK(worst_rto(j)->probe == "shop");

  r.objectives.push_back({Kind::rto, "bank", "", "", 60, ObjectiveSpec::Recovery::any});
  j = judge(r);
  CHECK(worst_rto(j)->probe == "bank");
}

TEST_CASE("every report tells a refusal that was missed") {
  const Record r = with(refusing_but(30s, 30'020ms, kUp));
  const Judgement j = judge(r);
  for (const std::string& report : {text_summary(r, j), junit_xml(r, j), html_report(r, j), record_json(r, j)}) {
    CHECK_THAT(report, Contains("writes acknowledged by bank during kill-writer"));
    CHECK_THAT(report, Contains("it took writes, the first at"));
  }
  CHECK_THAT(record_json(r, j), Contains("\"refuses\""));
}
