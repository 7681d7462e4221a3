#include "runner/live.h"

#include <catch2/catch.hpp>

namespace blackstart {
namespace {

struct Next final : OperationSink {
  std::vector<Operation> operations;
  int flushes = 0;
  void record(const Operation& operation) override { operations.push_back(operation); }
  void flush() override { ++flushes; }
};

// Two series at 10 a second, answers after 20 ms unless a test says otherwise, the schedule starts at 5 s.
struct Rig {
  Next next;
  LiveProbe probe{info(), next};
  std::uint64_t numbers[2] = {0, 0};

  static ProbeInfo info() {
    ProbeInfo info;
    info.name = "bank";
    info.hold = 3s;
    info.series = {{"transfer", 10, 2s, 500ms, true}, {"inquiry", 10, 2s, 500ms, false}};
    return info;
  }
  static Time due(std::uint64_t number) { return 5s + 100ms * static_cast<std::int64_t>(number); }
  static Operation operation(std::uint16_t series, std::uint64_t number, Outcome outcome = Outcome::ok, Duration took = 20ms) {
    Operation o;
    o.series = series;
    o.number = number;
    o.outcome = outcome;
    o.scheduled = o.sent = due(number);
    o.done = o.scheduled + took;
    return o;
  }
  // The next operations of one series, up to those due before `until`.
  void run(std::uint16_t series, Time until, Outcome outcome = Outcome::ok, Duration took = 20ms) {
    for (std::uint64_t& n = numbers[series]; due(n) < until; ++n) probe.record(operation(series, n, outcome, took));
  }
  void both(Time until, Outcome outcome = Outcome::ok, Duration took = 20ms) {
    for (std::uint16_t series : {0, 1}) run(series, until, outcome, took);
  }
  bool steady(Time now, Duration length = 5s, double required = 0.99) const {
    const auto checks = probe.steady(now, length, required);
    return std::all_of(checks.begin(), checks.end(), [](const SteadyCheck& c) { return c.steady; });
  }
};

TEST_CASE("every operation and flush goes on to the next sink, as it is") {
  Rig rig;
  const Operation operation = Rig::operation(1, 0, Outcome::indeterminate);
  rig.probe.record(operation);
  rig.probe.flush();
  CHECK(rig.next.operations == std::vector<Operation>{operation});
  CHECK(rig.next.flushes == 1);
}

TEST_CASE("before its schedule has started a probe is neither steady nor recovered, and lacks nothing") {
  Rig rig;
  rig.both(60s);
  CHECK_FALSE(rig.steady(60s));
  CHECK_FALSE(rig.probe.recovered(0s));
  CHECK(rig.probe.without_success(0s, 60s) == 0s);
}

TEST_CASE("steady: all good over the whole length, once that length has gone by") {
  Rig rig;
  rig.probe.started(5s);
  rig.both(30s);
  CHECK(rig.steady(30s));
  const auto checks = rig.probe.steady(30s, 5s, 0.99);
  REQUIRE(checks.size() == 2);
  CHECK((checks[0].probe == "bank" && checks[0].series == "transfer" && checks[1].series == "inquiry"));
  CHECK((checks[0].operations == 50 && checks[0].observed == 1.0 && checks[0].length == 5s && checks[0].required == 0.99));
  CHECK(rig.steady(10500ms));
  CHECK_FALSE(rig.steady(10400ms));
}

TEST_CASE("steady: bad ones, slow ones, missing ones and silence count against it") {
  Rig rig;
  rig.probe.started(5s);
  rig.both(26s);
  SECTION("failed") { rig.both(30s, Outcome::failed); }
  SECTION("indeterminate") { rig.both(30s, Outcome::indeterminate); }
  SECTION("never sent by the generator") { rig.both(30s, Outcome::unsent); }
  SECTION("good, but too slow") { rig.both(30s, Outcome::ok, 501ms); }
  SECTION("no outcome at all") {}
  SECTION("one series only") {
    rig.run(0, 30s);
    rig.run(1, 30s, Outcome::failed);
  }
  CHECK_FALSE(rig.steady(30s));
}

TEST_CASE("steady: the required share is what decides") {
  Rig rig;
  rig.probe.started(5s);
  rig.both(28s);
  rig.both(28100ms, Outcome::failed);  // 1 of 50 in the 5 s
  rig.both(30s);
  CHECK_FALSE(rig.steady(30s, 5s, 0.99));
  CHECK(rig.steady(30s, 5s, 0.98));
  CHECK(rig.probe.steady(30s, 5s, 0.98)[0].observed == Approx(0.98));
}

TEST_CASE("steady: exactly at the bound of good-within is good") {
  Rig rig;
  rig.probe.started(5s);
  rig.both(30s, Outcome::ok, 500ms);
  CHECK(rig.steady(30s));
}

TEST_CASE("steady: without any operation it is not") {
  Rig rig;
  rig.probe.started(5s);
  CHECK_FALSE(rig.steady(30s));
  CHECK(rig.probe.steady(30s, 5s, 0.99)[0].observed == 0.0);
}

TEST_CASE("recovered: a whole hold of good operations since the effect, in every series") {
  Rig rig;
  rig.probe.started(5s);
  rig.both(20s);
  CHECK(rig.probe.recovered(10s));
  CHECK_FALSE(rig.probe.recovered(18s));
  rig.both(24s, Outcome::failed);  // the last bad one was due at 23.9 s
  CHECK_FALSE(rig.probe.recovered(18s));
  rig.run(0, 27s);
  CHECK_FALSE(rig.probe.recovered(18s));
  rig.run(0, 27100ms);
  rig.run(1, 27s);
  CHECK_FALSE(rig.probe.recovered(18s));
  rig.run(1, 27100ms);
  CHECK(rig.probe.recovered(18s));
  CHECK_FALSE(rig.probe.recovered(24100ms));
}

TEST_CASE("recovered: one bad operation begins the hold anew") {
  Rig rig;
  rig.probe.started(5s);
  rig.both(12s);
  rig.both(12100ms, Outcome::ok, 1s);
  rig.both(15100ms);
  CHECK_FALSE(rig.probe.recovered(6s));  // the hold begins with the first good one
  rig.both(15200ms);
  CHECK(rig.probe.recovered(6s));
}

TEST_CASE("recovered: an operation without its outcome holds it back, even when later ones are good") {
  Rig rig;
  rig.probe.started(5s);
  rig.both(10s);
  rig.numbers[0] = 51;  // number 50, due at 10 s, has no outcome yet
  rig.both(20s);
  CHECK_FALSE(rig.probe.recovered(8s));
  rig.probe.record(Rig::operation(0, 50, Outcome::ok, 400ms));
  CHECK(rig.probe.recovered(8s));
}

TEST_CASE("recovered: a late outcome that is bad counts from when it was due") {
  Rig rig;
  rig.probe.started(5s);
  rig.both(10s);
  rig.numbers[0] = 51;
  rig.both(12s);
  rig.probe.record(Rig::operation(0, 50, Outcome::indeterminate, 2s));
  rig.both(13100ms);
  CHECK_FALSE(rig.probe.recovered(6s));  // 10.1 s + the hold is 13.1 s
  rig.both(13200ms);
  CHECK(rig.probe.recovered(6s));
}

TEST_CASE("recovered: a slow series needs twenty of its operations, however short the hold is") {
  ProbeInfo info = Rig::info();
  info.series = {{"boot", 0.5, 60s, 60s, false}};
  Next next;
  LiveProbe probe(info, next);
  probe.started(0s);
  auto recovered_after = [&, number = std::uint64_t{0}](std::uint64_t operations) mutable {
    for (; number < operations; ++number) {
      Operation o = Rig::operation(0, number);
      o.scheduled = o.sent = o.done = 2s * static_cast<std::int64_t>(number);
      probe.record(o);
    }
    return probe.recovered(0s);
  };
  CHECK_FALSE(recovered_after(3));
  CHECK_FALSE(recovered_after(20));
  CHECK(recovered_after(22));
}

TEST_CASE("without success: since the last good answer, of the series that waits longest") {
  Rig rig;
  rig.probe.started(5s);
  CHECK(rig.probe.without_success(0s, 9s) == 4s);
  rig.both(10s);
  CHECK(rig.probe.without_success(0s, 12s) == 12s - (9900ms + 20ms));
  rig.run(0, 20s);
  rig.run(1, 20s, Outcome::failed);
  CHECK(rig.probe.without_success(0s, 20s) == 20s - (9900ms + 20ms));
  rig.run(1, 20100ms);
  // What went by while nobody looked counts too, as far as it lies in the time that is asked for.
  CHECK(rig.probe.without_success(0s, 20100ms) == 20020ms - (9900ms + 20ms));
  CHECK(rig.probe.without_success(15s, 20100ms) == 20020ms - 15s);
  CHECK(rig.probe.without_success(20050ms, 20100ms) == 50ms);
}

TEST_CASE("pulse: outcomes of the last second and the share of good ones") {
  Rig rig;
  rig.probe.started(5s);
  CHECK(rig.probe.pulse(10s).rate == 0.0);
  rig.both(10s);
  CHECK(rig.probe.pulse(10s).rate == 20.0);
  CHECK(rig.probe.pulse(10s).success == 1.0);
  rig.both(10500ms, Outcome::failed);
  CHECK(rig.probe.pulse(10500ms).success == Approx(0.5));
  CHECK(rig.probe.pulse(20s).rate == 0.0);
}

TEST_CASE("hours of operations are forgotten, the newest hour is not") {
  Rig rig;
  rig.probe.started(5s);
  for (std::uint64_t n = 0; n < 100; ++n) {
    Operation o = Rig::operation(0, n);
    o.scheduled = 5s + 2min * static_cast<std::int64_t>(n);
    o.done = o.scheduled + 20ms;
    rig.probe.record(o);
  }
  CHECK(rig.probe.steady(5s + 2min * 99 + 1s, 200 * 2min, 0.0)[0].operations == 31);
}

}  // namespace
}  // namespace blackstart
