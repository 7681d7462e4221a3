// Clocks whose truth is known: whatever their offset, their drift and the way of the pings, the truth lies within the bound.
#include "reports/vantage_clock.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "reports/judgement.h"
#include "reports/reports.h"
#include "reports/verdict.h"
#include "tests/support/folder.h"
#include "tests/support/judged.h"
#include "tests/support/run_folder.h"
#include "tests/support/trace.h"

namespace blackstart {
namespace {

using Random = std::mt19937_64;

double uniform(Random& random, double from, double to) {
  return from + (to - from) * (static_cast<double>(random() >> 11) * 0x1p-53);
}
Duration seconds(double value) { return Duration(std::llround(value * 1e9)); }

// A clock that stood at `offset` at the run's zero and whose rate wanders: by `drift` on the whole, and by up to `wobble` more,
// in slow waves.
struct MadeUpClock {
  Duration offset;
  double drift, wobble, period;
  Time stamp(Time run) const {
    const double t = std::chrono::duration<double>(run).count();
    return run + offset + seconds(drift * t + wobble * period / 6.283185307 * std::sin(6.283185307 * t / period));
  }
};

MadeUpClock any_clock(Random& random) {
  const double drift = uniform(random, -0.0006, 0.0006);
  return {seconds(uniform(random, -1e6, 1e6)), drift, uniform(random, 0, 0.0005), uniform(random, 5, 200)};
}

// The stamp is taken anywhere between question and answer: all of the round trip may be the way there, or the way back.
ClockPing ping(const MadeUpClock& clock, Time asked, Random& random) {
  const Duration trip = seconds(0.0005 + (uniform(random, 0, 1) < 0.1 ? uniform(random, 0, 2) : uniform(random, 0, 0.004)));
  const Time taken = asked + Duration(std::llround(static_cast<double>(trip.count()) * uniform(random, 0, 1)));
  return {asked, asked + trip, clock.stamp(taken)};
}

std::vector<ClockPing> pings_over(const MadeUpClock& clock, Duration length, Duration every, Random& random) {
  std::vector<ClockPing> pings;
  for (Time at = 3s; at < length; at += every) pings.push_back(ping(clock, at, random));
  return pings;
}

Duration error_at(const VantageClock& fit, const MadeUpClock& clock, Time run) {
  return Duration(std::abs((run_time_of(fit, clock.stamp(run)) - run).count()));
}

TEST_CASE("the truth is always inside the bound, whatever offset, drift, wander and delay there is", "[vantage-clock]") {
  Random random(20261122);
  for (int trial = 0; trial < 300; ++trial) {
    const MadeUpClock clock = any_clock(random);
    const Duration length = seconds(uniform(random, 20, 400)), every = seconds(uniform(random, 0.3, 15));
    const VantageClock fit = fit_clock(pings_over(clock, length, every, random), clock.stamp(1s), clock.stamp(length + 2s));
    CAPTURE(trial, fit.trouble, fit.bound.count());
    REQUIRE(fit.trouble.empty());
    REQUIRE(fit.bound.count() > 0);
    for (Time run = 1s; run < length + 2s; run += 97ms) REQUIRE(error_at(fit, clock, run) <= fit.bound);
  }
}

TEST_CASE("with a steady drift and good pings the bound is about half of the best round trips", "[vantage-clock]") {
  const MadeUpClock clock{123'456s, 40e-6, 0, 100};
  std::vector<ClockPing> pings;
  for (Time at = 0s; at < 300s; at += 500ms) pings.push_back({at, at + 2ms, clock.stamp(at + 500us)});
  const VantageClock fit = fit_clock(pings, clock.stamp(0s), clock.stamp(300s));
  CHECK(fit.trouble.empty());
  CHECK(fit.bound >= 1ms);
  CHECK(fit.bound < 1ms + 700us);  // and what drift may do in the half second between two
  CHECK(fit.best_trip == 2ms);
  CHECK(error_at(fit, clock, 150s) <= fit.bound);
}

TEST_CASE("the bound grows with the time that nobody could ask", "[vantage-clock]") {
  const MadeUpClock clock{5s, 0, 0, 100};
  std::vector<ClockPing> all;
  for (Time at = 0s; at < 100s; at += 500ms) all.push_back({at, at + 2ms, clock.stamp(at + 1ms)});
  std::vector<ClockPing> some = all;
  std::erase_if(some, [](const ClockPing& one) { return one.asked > 30s && one.asked < 70s; });
  const VantageClock whole = fit_clock(all, clock.stamp(0s), clock.stamp(100s));
  const VantageClock cut = fit_clock(some, clock.stamp(0s), clock.stamp(100s));
  CHECK(cut.longest_gap >= 40s);
  CHECK(cut.bound > whole.bound + 20ms);
  CHECK(cut.bound < whole.bound + 50ms);
  const VantageClock early = fit_clock({all.begin(), all.begin() + 20}, clock.stamp(0s), clock.stamp(100s));
  CHECK(early.bound > cut.bound);
}

TEST_CASE("a clock that was set in between, or never read, can't be trusted", "[vantage-clock]") {
  std::vector<ClockPing> pings;
  for (Time at = 0s; at < 60s; at += 1s) pings.push_back({at, at + 2ms, at + 1ms + (at > 30s ? 1s : 0s)});
  CHECK_THAT(fit_clock(pings, 0s, 60s).trouble, Catch::Contains("contradict each other"));
  CHECK(fit_clock(pings, 0s, 60s).bound.count() < 0);
  CHECK_THAT(fit_clock({}, 0s, 60s).trouble, Catch::Contains("never read"));
}

TEST_CASE("one ping relates a clock, and far from it hardly", "[vantage-clock]") {
  const VantageClock fit = fit_clock({{10s, 10'002ms, 510'001ms}}, 500s, 600s);
  CHECK(fit.trouble.empty());
  CHECK(std::chrono::abs(run_time_of(fit, 510'001ms) - 10'001ms) <= fit.bound);
  CHECK(fit.bound > 100ms);
}

TEST_CASE("a clock that is put right fast widens the bound while its kernel says so, and is not believed without",
          "[vantage-clock]") {
  Random random(7);
  for (int trial = 0; trial < 200; ++trial) {
    // chrony's 8.3 % for some seconds, from somewhere between two pings to somewhere between two others.
    const Duration begin = seconds(uniform(random, 5, 30)), length = seconds(uniform(random, 1, 12));
    const double rate = uniform(random, -0.0833, 0.0833), crystal = uniform(random, -100e-6, 100e-6);
    const auto stamp = [&](Time run) {
      const Duration slewed = std::clamp(run - begin, Duration(0), length);
      return run + 1000s + seconds(crystal * std::chrono::duration<double>(run).count()) +
             seconds(rate * std::chrono::duration<double>(slewed).count());
    };
    std::vector<ClockPing> told, untold;
    for (Time at = 1s; at < 60s; at += 500ms) {
      const Time answered = at + seconds(uniform(random, 0.0005, 0.004));
      const bool slews = at >= begin && at <= begin + length;
      told.push_back({at, answered, stamp(at + (answered - at) / 3), slews ? beyond_drift(rate, 0) : 0});
      untold.push_back({at, answered, told.back().stamp});
    }
    const VantageClock fit = fit_clock(told, stamp(1s), stamp(60s));
    CAPTURE(trial, fit.trouble, rate);
    REQUIRE(fit.trouble.empty());
    for (Time run = 1s; run < 60s; run += 37ms) REQUIRE(std::chrono::abs(run_time_of(fit, stamp(run)) - run) <= fit.bound);
    const bool much = std::abs(rate) > 0.02;
    if (much) CHECK_THAT(fit_clock(untold, stamp(1s), stamp(60s)).trouble, Catch::Contains("contradict each other"));
  }
}

TEST_CASE("what is assumed anyway is not counted twice", "[vantage-clock]") {
  CHECK(beyond_drift(0, 0) == 0);
  CHECK(beyond_drift(0.0005, -0.0005) == 0);
  CHECK(beyond_drift(0.0006, 0) == Approx(0.0001).margin(1e-5));
  CHECK(beyond_drift(-0.1, 0.1) == Approx(0.25).margin(0.01));  // 0.2 by the faster clock is 0.25 by the slower
  CHECK(beyond_drift(-0.9, 0.9) < 4);
}

// --- what the verdict makes of it ---

using namespace trace;

Record from_c3(VantageClock clock = {"bank", 0s, 0s, 0, 3ms, 120, 1s, 2ms, ""}) {
  Record r = rehearsal(probe(down_between(20s, 24s)));
  r.probes[0].info.vantage = "c3";
  if (clock.pings > 0) r.clocks = {clock};
  return r;
}

TEST_CASE("the clock's bound is a part of every RTO's", "[vantage-clock]") {
  const Judgement here = judge(rehearsal(probe(down_between(20s, 24s)))), there = judge(from_c3());
  CHECK(there.verdict == Verdict::passed);
  REQUIRE((here.rtos.size() == 1 && there.rtos.size() == 1));
  CHECK(there.rtos[0].rto.value == here.rtos[0].rto.value);
  CHECK(there.rtos[0].rto.plus_minus == here.rtos[0].rto.plus_minus + 3ms);
  CHECK(there.rtos[0].perceived.plus_minus == here.rtos[0].perceived.plus_minus + 6ms);
  REQUIRE(there.rtos[0].first_success);
  CHECK(there.rtos[0].first_success->plus_minus == here.rtos[0].first_success->plus_minus + 3ms);
}

TEST_CASE("an RTO whose clock leaves it open whether the bound was kept is not measured", "[vantage-clock]") {
  Record r = from_c3();
  r.objectives[0].limit = 4.05;
  CHECK(judge(r).verdict == Verdict::passed);
  r.clocks[0].bound = 200ms;
  CHECK(judge(r).verdict == Verdict::inconclusive);
}

TEST_CASE("a recovery that the clock does not place before our undo counts as our repair", "[vantage-clock]") {
  Record r = from_c3();
  r.injections[0].undo_asked = 24'100ms;
  CHECK(judge(r).verdict == Verdict::passed);
  r.clocks[0].bound = 300ms;
  CHECK(judge(r).verdict == Verdict::failed);
}

TEST_CASE("a probe that ended on its node before the rehearsal did has not seen the rest", "[vantage-clock]") {
  Record r = from_c3();
  const Time stopped = r.probes[0].stopped;
  r.phases.push_back({"settle", stopped - 5s, stopped + r.clocks[0].bound});
  CHECK(judge(r).verdict == Verdict::passed);
  r.phases.back().ended += 1ms;
  const Judgement judgement = judge(r);
  CHECK(judgement.verdict == Verdict::inconclusive);
  CHECK_THAT(judgement.reasons.at(0), Catch::Contains("ended on c3") && Catch::Contains("before the rehearsal did"));
}

TEST_CASE("times of a clock that nobody related, or that can't be trusted, prove nothing", "[vantage-clock]") {
  const auto told = [](const Record& r) {
    std::string all;
    for (const std::string& reason : judge(r).reasons) all += reason + "\n";
    CHECK(judge(r).verdict == Verdict::inconclusive);
    return all;
  };
  CHECK_THAT(told(from_c3({})), Catch::Contains("Nobody knows how far the clock of c3"));
  CHECK_THAT(told(from_c3({"bank", 0s, 0s, 0, -1ns, 9, 1s, 2ms, "c3 was restarted"})), Catch::Contains("c3 was restarted"));
}

TEST_CASE("what was not fetched is said, with what brings it", "[vantage-clock]") {
  Record r = from_c3();
  r.probes[0].stopped = Time(-1);
  const Judgement judgement = judge(r);
  CHECK(judgement.verdict == Verdict::inconclusive);
  CHECK_THAT(judgement.reasons.front(), Catch::Contains("may still be on c3") && Catch::Contains("blackstart fetch"));
}

TEST_CASE("where a probe was sent from, its clock and the sides of a cut are in the record, and in every report",
          "[vantage-clock]") {
  const Folder folder;
  Record r = from_c3({"bank", 1s, 2s, 3e-6, 3ms, 120, 1s, 2ms, ""});
  ObjectiveSpec spec{ObjectiveSpec::Kind::split_brain, "bank", "", "kill-writer", 0};
  spec.sides = {{"bank"}, {"bank@c3", "bank@c2"}};
  r.objectives.push_back(spec);
  write_run(folder.path / "run", r);
  const Record read = read_record(folder.path / "run");
  CHECK(read.torn_events == 0);
  CHECK(read.probes[0].info.vantage == "c3");
  CHECK(read.objectives.back().sides == spec.sides);
  REQUIRE(read.clocks.size() == 1);
  const VantageClock& clock = read.clocks[0];
  CHECK((clock.at == 1s && clock.offset == 2s && clock.drift == 3e-6 && clock.bound == 3ms && clock.pings == 120));
  const Judgement judgement = judge(read);
  CHECK_THAT(html_report(read, judgement), Catch::Contains("Vantage points") && Catch::Contains("sent from c3; its times are"));
  CHECK_THAT(text_summary(read, judgement), Catch::Contains("Vantage points") && Catch::Contains("sent from c3"));
  CHECK_THAT(record_json(read, judgement), Catch::Contains("\"split-brain\"") && Catch::Contains("\"bound_seconds\": 0.003"));
}

// --- split brain ---

ProbeRecord side(const std::string& name, const Answer& during) {
  Settings settings;
  settings.name = name;
  ProbeRecord made = probe([=](Time sent) { return sent + kLatency > 20s && sent < 40'500ms ? during : kUp; }, settings);
  made.info.audited = false;
  made.info.replicas.clear();
  return made;
}

ObjectiveResult cut(const Answer& one, const Answer& other, Verdict verdict) {
  Record r = rehearsal(side("bank", one));
  r.probes[0].snapshots.clear();
  r.probes.push_back(side("bank@c3", other));
  r.probes[1].info.vantage = "c3";
  r.clocks = {{"bank@c3", 0s, 0s, 0, 3ms, 120, 1s, 2ms, ""}};
  r.steady.push_back(r.steady[0]);
  r.steady[1].probe = "bank@c3";
  ObjectiveSpec spec{ObjectiveSpec::Kind::split_brain, "bank", "", "kill-writer", 0};
  spec.sides = {{"bank"}, {"bank@c3"}};
  r.objectives = {spec};
  const Judgement judgement = judge(r);
  CAPTURE(judgement.reasons);
  CHECK(judgement.verdict == verdict);
  return judgement.objectives.front();
}

const Answer kDeclined{Outcome::failed, 2ms, 1047};

TEST_CASE("one side that goes on and one that refuses is what a cluster is for", "[split-brain]") {
  for (const bool first : {true, false}) {
    const ObjectiveResult result = cut(first ? kUp : kDeclined, first ? kDeclined : kUp, Verdict::passed);
    CHECK(result.state == ObjectiveResult::State::met);
    CHECK(result.text == "writes acknowledged on a second side of kill-writer (bank | bank@c3) ≤ 0");
    CHECK_THAT(result.measured, Catch::Contains("had no write acknowledged of"));
  }
  CHECK(cut(kDeclined, kDeclined, Verdict::passed).state == ObjectiveResult::State::met);
}

TEST_CASE("writes acknowledged on both sides are a split brain", "[split-brain]") {
  const ObjectiveResult result = cut(kUp, kUp, Verdict::failed);
  CHECK(result.state == ObjectiveResult::State::missed);
  CHECK_THAT(result.why, Catch::Contains("split brain") && Catch::Contains("bank had") && Catch::Contains("bank@c3 had") &&
                             Catch::Contains("acknowledged between"));
}

TEST_CASE("a side that nobody could ask has refused nothing", "[split-brain]") {
  const ObjectiveResult result = cut(kUp, kDown, Verdict::inconclusive);
  CHECK(result.state == ObjectiveResult::State::not_measured);
  CHECK_THAT(result.why, Catch::Contains("bank@c3: nobody answered"));
}

}  // namespace
}  // namespace blackstart
