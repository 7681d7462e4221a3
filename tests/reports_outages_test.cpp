#include <catch2/catch.hpp>
#include <random>

#include "reports/outages.h"
#include "reports/rto.h"
#include "tests/support/trace.h"

using namespace blackstart;
using namespace blackstart::trace;

namespace {

// A stream of the one series, with the ProbeRecord that it refers to.
struct Case {
  ProbeRecord record;
  Stream stream;
  explicit Case(const Service& service, const Settings& settings = {})
      : record(probe(service, settings)), stream(streams_of(record).at(0)) {}
  std::vector<Outage> outages() const { return find_outages(stream).all; }
};

bool holds(const Bracket& bracket, Time truth) { return bracket.from <= truth && truth <= bracket.to; }

// Fails every operation whose place in the schedule is in the set.
Service failing(double rate, std::vector<int> numbers) {
  return [=](Time sent) {
    int number = static_cast<int>(std::chrono::duration<double>(sent).count() * rate + 0.5);
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end() ? kDown : kUp;
  };
}

}  // namespace

TEST_CASE("a service that is always up has no outage") { REQUIRE(Case(always_up()).outages().empty()); }

TEST_CASE("one hard outage is found with its edges") {
  Case c(down_between(20s, 24'411ms));
  auto found = find_outages(c.stream);
  REQUIRE(found.all.size() == 1);
  const Outage& o = found.all[0];
  REQUIRE(o.onset == Bracket{19'980ms, 20s});
  REQUIRE(holds(o.recovery, 24'411ms));
  REQUIRE(o.recovery.to - o.recovery.from <= 23ms);
  REQUIRE_FALSE(o.censored);
  REQUIRE(o.down);
  REQUIRE(o.flaps == 0);
  REQUIRE(o.bad == 221);
  REQUIRE(o.operations == 221);
  REQUIRE(o.known == 20'001ms);
  REQUIRE(found.down == 221 * 20ms);
  REQUIRE(found.degraded == 0ms);
}

TEST_CASE("a single stray failure is no outage") { REQUIRE(Case(failing(50, {1000})).outages().empty()); }

TEST_CASE("two strays more than a window apart are no outage, two within one are") {
  REQUIRE(Case(failing(50, {1000, 1050})).outages().empty());
  auto outages = Case(failing(50, {1000, 1049})).outages();
  REQUIRE(outages.size() == 1);
  REQUIRE_FALSE(outages[0].down);
  REQUIRE(outages[0].bad == 2);
}

TEST_CASE("three bad ones in a row end UP even where their share in a wide window would not") {
  Settings fast;
  fast.rate = 5000;
  fast.length = 20s;
  REQUIRE(Case(failing(5000, {50'000, 50'001}), fast).outages().empty());
  auto outages = Case(failing(5000, {50'000, 50'001, 50'002}), fast).outages();
  REQUIRE(outages.size() == 1);
  REQUIRE(outages[0].onset.to == 10s);
}

TEST_CASE("a stray just before a hard outage is not its beginning") {
  auto service = [](Time sent) { return sent == 19'400ms ? kDown : down_between(20s, 22s)(sent); };
  auto outages = Case(service).outages();
  REQUIRE(outages.size() == 1);
  REQUIRE(outages[0].onset.to == 20s);
}

TEST_CASE("a brown-out is degraded, not down") {
  auto service = [](Time sent) { return sent >= 20s && sent < 30s && sent.count() / 20'000'000 % 5 == 0 ? kDown : kUp; };
  Case c(service);
  auto found = find_outages(c.stream);
  REQUIRE(found.all.size() == 1);
  REQUIRE_FALSE(found.all[0].down);
  REQUIRE(found.down == 0ms);
  REQUIRE(found.degraded >= 9'800ms);
  REQUIRE(found.degraded <= 10s);
  REQUIRE(found.all[0].bad == 100);
}

TEST_CASE("answers that are right but later than L are bad") {
  auto service = [](Time sent) { return sent >= 20s && sent < 25s ? Answer{Outcome::ok, 501ms, 0} : kUp; };
  Case c(service);
  auto outages = c.outages();
  REQUIRE(outages.size() == 1);
  REQUIRE(outages[0].down);
  REQUIRE(outages[0].known == 20'500ms);
  SeriesMeasures m = measure(c.stream, 19s);
  REQUIRE(m.late == 250);
  REQUIRE(m.ok == 3000);
  REQUIRE(m.good == 2750);
  REQUIRE(m.downtime == 5s);
}

TEST_CASE("an answer exactly L after its scheduled time is good, and the delay of sending counts") {
  auto slow = [](Time) { return Answer{Outcome::ok, 500ms, 0}; };
  REQUIRE(Case(slow).outages().empty());
  Settings lagging;
  lagging.lag = [](Time) { return Duration(1); };
  REQUIRE(Case(slow, lagging).outages().size() == 1);
}

TEST_CASE("a return that does not last the hold is a flap and merged") {
  auto service = then(down_between(20s, 23s), 26s, down_between(26s, 28s));
  auto outages = Case(service).outages();
  REQUIRE(outages.size() == 1);
  REQUIRE(outages[0].flaps == 1);
  REQUIRE(outages[0].onset.to == 20s);
  REQUIRE(holds(outages[0].recovery, 28s));
  REQUIRE(*outages[0].first_success == 23'002ms);
  REQUIRE(outages[0].first_success_after == 22'980ms);
}

TEST_CASE("a return that lasts the hold ends the outage") {
  auto outages = Case(then(down_between(20s, 23s), 28'100ms, down_between(28'100ms, 30s))).outages();
  REQUIRE(outages.size() == 2);
  REQUIRE(holds(outages[0].recovery, 23s));
  REQUIRE(holds(outages[1].recovery, 30s));
}

TEST_CASE("a stray in the hold does not undo a recovery, one in its opening window does") {
  auto outages = Case([](Time sent) { return sent == 26s ? kDown : down_between(20s, 23s)(sent); }).outages();
  REQUIRE(outages.size() == 1);
  REQUIRE(holds(outages[0].recovery, 23s));
  outages = Case([](Time sent) { return sent == 23'400ms ? kDown : down_between(20s, 23s)(sent); }).outages();
  REQUIRE(outages.size() == 1);
  REQUIRE(outages[0].recovery.from == 23'400ms);
  REQUIRE(outages[0].flaps == 0);
}

TEST_CASE("strays that are too many for the objective break a hold though none ends UP by itself") {
  auto service = [](Time sent) {
    bool stray = sent > 23s && sent < 40s && sent % 1'500ms == 0ms;
    return stray ? kDown : down_between(20s, 23s)(sent);
  };
  auto outages = Case(service).outages();
  REQUIRE(outages.size() == 1);
  REQUIRE(outages[0].recovery.from >= 34s);
}

TEST_CASE("what is not seen to recover for a whole hold is censored") {
  auto never = Case(down_between(20s, 100s)).outages();
  REQUIRE(never.size() == 1);
  REQUIRE(never[0].censored);
  REQUIRE_FALSE(never[0].recovery.known());
  REQUIRE_FALSE(never[0].first_success);
  auto too_late = Case(down_between(20s, 56s)).outages();
  REQUIRE(too_late[0].censored);
  REQUIRE(too_late[0].first_success);
  REQUIRE_FALSE(Case(down_between(20s, 54'900ms)).outages()[0].censored);
}

TEST_CASE("an outage from the first operation on has an onset all the same") {
  auto outages = Case(down_between(0s, 10s)).outages();
  REQUIRE(outages.size() == 1);
  REQUIRE(outages[0].onset == Bracket{0s, 0s});
}

TEST_CASE("operations in another order than their schedule give the same") {
  Case sorted(down_between(20s, 24s));
  std::mt19937 random(7);
  ProbeRecord mixed = sorted.record;
  std::shuffle(mixed.operations.begin(), mixed.operations.end(), random);
  auto again = find_outages(streams_of(mixed)[0]).all;
  REQUIRE(again.size() == 1);
  REQUIRE(again[0].recovery == sorted.outages()[0].recovery);
}

TEST_CASE("random outages are measured within their ±") {
  std::mt19937_64 random(20261121);
  auto between = [&](double from, double to) { return std::uniform_real_distribution<double>(from, to)(random); };
  for (int i = 0; i < 300; ++i) {
    Settings settings;
    settings.rate = between(5, 400);
    Time fault = from_seconds(between(15, 20));
    // At least the three operations in a row that make an outage.
    Duration length = from_seconds(between(4.2 / settings.rate, 20));
    settings.lag = [&](Time) { return from_seconds(between(0, 0.002)); };
    Case c(down_between(fault, fault + length), settings);
    Injection injected = injection("kill", {fault - from_seconds(between(0, 0.2)), fault + from_seconds(between(0, 0.2))});
    SeriesMeasures m = measure(c.stream, injected.effect.from);
    auto rtos = rtos_of(c.stream, m, {injected});
    INFO("rate " << settings.rate << " fault " << fault.count() << " length " << length.count());
    REQUIRE(rtos.size() == 1);
    REQUIRE(rtos[0].impact);
    REQUIRE(std::chrono::abs(rtos[0].rto.value - length) <= rtos[0].rto.plus_minus);
    REQUIRE(std::chrono::abs(rtos[0].perceived.value - length) <= rtos[0].perceived.plus_minus);
    REQUIRE(std::chrono::abs(rtos[0].first_success->value - length) <= rtos[0].first_success->plus_minus);
    REQUIRE(rtos[0].rto.plus_minus <= 250ms + from_seconds(1 / settings.rate));
  }
}

TEST_CASE("random outages of a service that hangs instead of refusing are measured within their ±") {
  std::mt19937_64 random(4711);
  auto between = [&](double from, double to) { return std::uniform_real_distribution<double>(from, to)(random); };
  for (int i = 0; i < 200; ++i) {
    Settings settings;
    settings.rate = between(10, 200);
    Time fault = from_seconds(between(15, 20));
    Time back = fault + from_seconds(between(1, 20));
    // What comes while the service hangs is answered when it is back, if its deadline of 2 s lets it wait so long.
    auto hanging = [=](Time sent) {
      if (sent + kLatency <= fault || sent >= back) return kUp;
      return back - sent < 2s ? Answer{Outcome::ok, back - sent + kLatency, 0} : Answer{Outcome::indeterminate, 2s, kTimedOut};
    };
    Case c(hanging, settings);
    Injection injected = injection("freeze", {fault - from_seconds(between(0, 0.1)), fault + from_seconds(between(0, 0.1))});
    auto rtos = rtos_of(c.stream, measure(c.stream, injected.effect.from), {injected});
    INFO("rate " << settings.rate << " fault " << fault.count() << " back " << back.count());
    REQUIRE(rtos.size() == 1);
    REQUIRE(rtos[0].impact);
    REQUIRE(std::chrono::abs(rtos[0].rto.value - (back - fault)) <= rtos[0].rto.plus_minus);
    REQUIRE(rtos[0].rto.plus_minus <= 400ms + from_seconds(1 / settings.rate));
  }
}
