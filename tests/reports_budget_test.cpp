#include "reports/budget.h"

#include <catch2/catch.hpp>
#include <limits>

#include "reports/budget_words.h"
#include "reports/outages.h"
#include "tests/support/trace.h"

using namespace blackstart;
using namespace blackstart::trace;

namespace {

// 10 operations a second for `length`, and the promise of 99.9 % over 30 days: 2592 s, or 25,920 operations.
struct Case {
  ProbeRecord record;
  explicit Case(const Service& service, Duration length = 1h, double slo = 0.999, Duration window = 30 * 24h) {
    Settings settings;
    settings.rate = 10;
    settings.length = length;
    record = probe(service, settings);
    record.info.slo = slo;
    record.info.slo_window = window;
  }
  Budget budget(bool recovered = true) const { return budget_of(streams_of(record).at(0), recovered); }
};

Service down(Time from, Time to) {
  return [=](Time sent) { return sent >= from && sent < to ? kDown : kUp; };
}

}  // namespace

TEST_CASE("a service that is always good spends nothing and calls nobody") {
  const Budget b = Case(always_up()).budget();
  CHECK(b.bad == 0);
  CHECK(b.spent == 0);
  CHECK(b.whole == 2592s);
  CHECK(b.whole_operations == Approx(25'920));
  REQUIRE(b.alerts.size() == 3);
  for (const BurnAlert& alert : b.alerts) {
    CHECK(alert.highest == 0);
    CHECK(alert.highest_at == Time(-1));
    CHECK(alert.alarms.empty());
  }
}

TEST_CASE("an outage of 25.92 s spends one percent of 99.9 % over 30 days") {
  const Budget b = Case(down(100s, 125'920ms), 10min).budget();
  CHECK(b.bad == 260);  // those of 100.0 s to 125.9 s
  CHECK(b.spent == Approx(260 / 25'920.0));
}

// 1 h · 10/s · 0.001 = 36 bad ones are a burn rate of 1 over an hour, 3 over five minutes; 216 and 18 over 6 h and 30 min.
TEST_CASE("the highest burn rate is that of the window that burns less") {
  const Budget b = Case(down(100s, 120s), 10min).budget();
  CHECK(b.bad == 200);
  CHECK(b.alerts[0].highest == Approx(200 / 36.0));
  CHECK(b.alerts[0].highest_at == 119'901ms);  // the last one was due at 119.9 s and failed 1 ms later
  CHECK(b.alerts[1].highest == Approx(200 / 216.0));
  CHECK(b.alerts[2].highest == Approx(200 / 2592.0));
  CHECK(b.alerts[0].alarms.empty());
}

// 14.4 · 36 = 518.4: the 519th bad one, due at 100 s + 51.8 s. Five minutes after the 600 bad ones have become known, they
// leave the short window one by one, and at 43 (14.33) it is no more than the factor: when the 557th leaves.
TEST_CASE("a full outage of a minute calls after 51.8 s, until five minutes after it") {
  const Budget b = Case(down(100s, 160s)).budget();
  REQUIRE(b.alerts[0].alarms.size() == 1);
  CHECK(b.alerts[0].alarms[0].fired == 151'801ms);
  CHECK(b.alerts[0].alarms[0].cleared == 155'601ms + 5min);
  CHECK_FALSE(b.alerts[0].alarms[0].after_end);
  CHECK(b.alerts[0].highest == Approx(600 / 36.0));
  CHECK(b.alerts[1].alarms.empty());
  CHECK(b.alerts[2].alarms.empty());
}

TEST_CASE("an alarm that is on when the record ends counts what comes after as good") {
  const Budget b = Case(down(100s, 160s), 200s).budget();
  REQUIRE(b.alerts[0].alarms.size() == 1);
  CHECK(b.alerts[0].alarms[0].cleared == 155'601ms + 5min);
  CHECK(b.alerts[0].alarms[0].after_end);
  CHECK(alarm_text(b.alerts[0].alarms[0]) == "151.801 s to 455.601 s if all stays well after the end");
}

TEST_CASE("without a recovery an alarm has no end") {
  const Budget b = Case(down(100s, 300s), 200s).budget(false);
  REQUIRE(b.alerts[0].alarms.size() == 1);
  CHECK(b.alerts[0].alarms[0].cleared == Time(-1));
  CHECK(alarm_text(b.alerts[0].alarms[0]) == "from 151.801 s, no recovery was seen");
}

TEST_CASE("what hangs is bad from the moment that it can be good no more") {
  const auto hangs = [](Time sent) {
    return sent >= 100s && sent < 160s ? Answer{Outcome::indeterminate, 2s, kTimedOut} : kUp;
  };
  CHECK(Case(hangs).budget().alerts[0].alarms.at(0).fired == 151'800ms + 500ms);
  const auto late = [](Time sent) { return sent >= 100s && sent < 160s ? Answer{Outcome::ok, 2s, 0} : kUp; };
  CHECK(Case(late).budget().alerts[0].alarms.at(0).fired == 151'800ms + 500ms);
}

TEST_CASE("a factor that is just reached calls nobody, one more does") {
  // 99 %: 360 bad ones an hour are a burn rate of 1, so 14.4 are 5184.
  CHECK(Case(down(100s, 618'400ms), 20min, 0.99).budget().alerts[0].alarms.empty());
  const Budget b = Case(down(100s, 618'500ms), 20min, 0.99).budget();
  CHECK(b.bad == 5185);
  CHECK(b.alerts[0].alarms.size() == 1);
}

TEST_CASE("a slow burn opens a ticket and wakes nobody") {
  // Every 400th one, one in 40 s, is 2.5 times what is allowed. Over 3 days 2592 bad ones are a burn rate of 1: the 2593rd
  // comes after 28 h 48 min. An hour never holds more than 90 of the 518 that 14.4 takes.
  const auto burn = [](Time sent) { return sent.count() / 100'000'000 % 400 == 0 ? kDown : kUp; };
  const Budget b = Case(burn, 30h).budget();
  CHECK(b.bad == 2700);
  CHECK(b.alerts[0].alarms.empty());
  CHECK(b.alerts[1].alarms.empty());
  REQUIRE(b.alerts[2].alarms.size() == 1);
  CHECK(b.alerts[2].alarms[0].fired == 40s * 2592 + 1ms);
}

TEST_CASE("an alarm that is back within a minute is the same, a later one another") {
  // The second burst comes while the first is still in the long window; the short one decides.
  const auto twice = [](Time second) {
    return [=](Time sent) { return (sent >= 100s && sent < 160s) || (sent >= second && sent < second + 20s) ? kDown : kUp; };
  };
  // Cleared at 455.6 s; the second burst needs 44 bad ones in five minutes.
  const Budget same = Case(twice(480s)).budget();
  REQUIRE(same.alerts[0].alarms.size() == 1);
  CHECK(same.alerts[0].alarms[0].cleared > 780s);
  CHECK(Case(twice(520s)).budget().alerts[0].alarms.size() == 2);
}

TEST_CASE("alerts over a longer time than the promise are left out") {
  const Budget day = Case(always_up(), 10s, 0.999, 24h).budget();
  REQUIRE(day.alerts.size() == 2);
  CHECK(day.alerts[1].long_window == 6h);
  CHECK(day.whole == 86'400ms);
  CHECK(Case(always_up(), 10s, 0.999, 10min).budget().alerts.empty());
}

TEST_CASE("an objective of 100 % has the budget of one operation") {
  const Budget b = Case(down(3s, 4s), 10s, 1).budget();
  CHECK(b.whole == 100ms);
  CHECK(b.spent == Approx(10));
  CHECK(b.alerts[2].highest == Approx(10 * 10));  // one in thirty days is 1; ten in three days are ten times ten
}

TEST_CASE("what was never sent is not bad") {
  Case c(down(3s, 4s), 10s);
  for (Operation& o : c.record.operations)
    if (o.outcome != Outcome::ok) o.outcome = Outcome::unsent;
  CHECK(c.budget().bad == 0);
}

TEST_CASE("a damaged record gives no alarm and no crash") {
  Case c(down(3s, 4s), 10s);
  for (double rate : {0.0, -1.0, 1e300, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    c.record.info.series[0].rate = rate;
    CHECK(c.budget().alerts.empty());
    CHECK(c.budget().spent == 0);
  }
  c.record.info.series[0].rate = 10;
  c.record.info.slo_window = 0s;
  CHECK(c.budget().alerts.empty());
  c.record.operations.clear();
  c.record.info.slo_window = 30 * 24h;
  CHECK(c.budget().alerts[0].alarms.empty());
}

TEST_CASE("the measures take the budget, and an outage without end leaves the alarm on") {
  Case c(down(100s, 300s), 200s);
  const SeriesMeasures m = measure(streams_of(c.record).at(0), 99s);
  CHECK_FALSE(m.recovered());
  CHECK(m.budget.bad == 1000);
  CHECK(m.downtime == 100s);
  CHECK(m.budget.alerts[0].alarms.at(0).cleared == Time(-1));
}

TEST_CASE("budgets in words") {
  BurnAlert alert{"page", 1h, 5min, 14.4, 16.666, 160s, {}};
  CHECK(alert_name(alert) == "page 1h/5min");
  CHECK(burn_text(alert) == "16.7 of 14.4");
  CHECK(alarms_text(alert) == "none");
  alert.alarms.assign(7, {1s, 2s, false});
  CHECK(alarms_text(alert) ==
        "1.000 s to 2.000 s; 1.000 s to 2.000 s; 1.000 s to 2.000 s; 1.000 s to 2.000 s; 1.000 s to 2.000 s; and 2 more");
  Budget b;
  b.spent = 0.0017;
  b.bad = 88;
  b.whole_operations = 51'840;
  CHECK(spent_text(b) == "0.170 %: 88 of 51,840 operations");
}
