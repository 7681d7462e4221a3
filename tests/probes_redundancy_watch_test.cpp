// The thread that looks at one component: what it makes of looks that fail, and of members that others only remember.
#include <catch2/catch.hpp>
#include <semaphore>

#include "base/error.h"
#include "probes/redundancy_watch.h"
#include "tests/support/error_of.h"
#include "tests/support/redundancy_ground.h"

using namespace blackstart;
using namespace blackstart::test;
using Catch::Contains;

namespace {

std::function<RedundancyLook()> script;  // what the check of these tests sees

struct ScriptedCheck final : RedundancyCheck {
  RedundancyLook look(const Deadline&) override { return script(); }
};

const RedundancyKind kScripted{
    "scripted",
    "parts",
    "",
    1s,
    false,
    false,
    [](const Cloud&) { return true; },
    [](const RedundancyWays&) { return std::unique_ptr<RedundancyCheck>(std::make_unique<ScriptedCheck>()); }};

RedundancyLook seen(bool good, const std::string& stamp = "") {
  std::map<std::string, std::string> signs;
  if (!stamp.empty()) signs["a"] = stamp;
  return {{{"a", good, good ? "up" : "down", signs, 2}}, ""};
}

// A watch whose looks come when the test turns the crank, one second apart.
class Cranked {
 public:
  Cranked() : watch(kScripted, RedundancyWays{ground.cloud, ground.remote, api, "", {}}) {
    clock.on_pause = [this](Duration) {
      looked_.release();
      go_.acquire();
    };
  }
  ~Cranked() {
    go_.release(1000);  // as many looks as it takes until the thread sees the stop
    watch.stop();
  }
  void start() {
    REQUIRE(watch.baseline(Deadline(clock, 5s)).empty());
    watch.start(clock, clock.now());
    looked_.acquire();
  }
  void look(int times = 1) {
    for (int i = 0; i < times; ++i) {
      go_.release();
      looked_.acquire();
    }
  }

  RedundancyGround ground;
  RedundancyApi api{std::nullopt};
  FakeClock clock;
  RedundancyWatch watch;

 private:
  std::counting_semaphore<> looked_{0}, go_{0};
};

}  // namespace

TEST_CASE("watch: a component that is lost and comes back", "[redundancy]") {
  script = [] { return seen(true); };
  Cranked it;
  it.start();
  it.look(2);
  CHECK(it.watch.whole_for(1s, 0s));
  script = [] { return seen(false); };
  it.look();
  CHECK_FALSE(it.watch.whole_for(0s, 0s));
  const Redundancy lost = it.watch.redundancy(1s, 0s);
  CHECK((lost.observed == "a: down" && !lost.restored));
  script = [] { return seen(true); };
  it.look(3);
  const Redundancy back = it.watch.redundancy(1s, 0s);
  CHECK((back.what == "scripted" && back.restored && back.every == 1s && back.observed == "1 of 1 parts"));
  REQUIRE(back.losses.size() == 1);
  CHECK(back.losses[0].lost == Bracket{2s, 3s});
  CHECK(back.losses[0].back == Bracket{3s, 4s});
}

TEST_CASE("watch: how far apart its looks really were", "[redundancy]") {
  script = [] { return seen(true); };
  Cranked it;
  it.start();
  it.look(2);
  CHECK(it.watch.redundancy(1s, 0s).every == 1s);
  script = [&it] {
    it.clock.advance(3s + 10ms);
    return seen(true);
  };
  it.look();
  CHECK(it.watch.redundancy(1s, 0s).every == 4100ms);  // from the begin of the look before to its end
  it.clock.advance(60s);                               // no look in all this time
  CHECK(it.watch.redundancy(1s, 0s).every == 63100ms);
  script = [] { return seen(true); };
  it.look(5);
  CHECK(it.watch.redundancy(1s, 0s).every > 60s);
}

TEST_CASE("watch: what can't be read is not whole", "[redundancy]") {
  script = [] { return seen(true); };
  Cranked it;
  it.start();
  script = []() -> RedundancyLook { throw Error(ErrorKind::unreachable, "asking", "no answer"); };
  it.look();
  CHECK_FALSE(it.watch.whole_for(0s, 0s));
  CHECK(it.watch.redundancy(1s, 0s).observed == "can't be read: asking: no answer");
  script = []() -> RedundancyLook { throw std::runtime_error("odd"); };
  it.look();
  CHECK(it.watch.redundancy(1s, 0s).observed == "can't be read: odd");
  CHECK(it.watch.redundancy(1s, 0s).losses.back().unread);
  script = [] { return RedundancyLook{}; };
  it.look();
  CHECK_THAT(it.watch.redundancy(1s, 0s).observed, Contains("a: gone"));
  CHECK_FALSE(it.watch.redundancy(1s, 0s).losses.back().unread);
}

TEST_CASE("watch: a member that others only remember is not alive", "[redundancy]") {
  script = [] { return seen(true, "12:00:00"); };
  Cranked it;
  it.start();
  it.look(10);
  CHECK_FALSE(it.watch.whole_for(1s, 5s));  // nothing has come from it
  CHECK(it.watch.redundancy(1s, 5s).observed == "a: no sign of life since 12:00:00");
  script = [] { return seen(true, "12:00:10"); };
  it.look(3);
  CHECK(it.watch.whole_for(1s, 5s));
  CHECK_FALSE(it.watch.whole_for(1s, 11s));  // it may have come before that
  CHECK(it.watch.redundancy(1s, 11s).observed == "a: no sign of life since 12:00:10");
}

TEST_CASE("watch: a report that came before looks went unanswered is no sign of life since then", "[redundancy]") {
  script = [] { return seen(true, "12:00:00"); };
  Cranked it;
  it.start();
  it.look();
  script = []() -> RedundancyLook { throw Error(ErrorKind::unreachable, "asking", "no answer"); };
  it.look(10);  // it reported once more, and died, right after the look before
  script = [] { return seen(true, "12:00:10"); };
  it.look(5);
  CHECK_FALSE(it.watch.whole_for(1s, 5s));
  CHECK(it.watch.redundancy(1s, 5s).observed == "a: no sign of life since 12:00:10");
  script = [] { return seen(true, "12:00:20"); };
  it.look(2);
  CHECK(it.watch.whole_for(1s, 5s));
}

TEST_CASE("watch: what several keep up is alive when each of them has reported", "[redundancy]") {
  const auto group = [](const char* first, const char* second) {
    return RedundancyLook{{{"group", true, "up", {{"k1", first}, {"k2", second}}, 2}}, ""};
  };
  script = [=] { return group("12:00:02", "12:00:05"); };
  Cranked it;
  it.start();
  it.look(5);
  script = [=] { return group("12:00:12", "12:00:05"); };
  it.look(5);
  CHECK_FALSE(it.watch.whole_for(1s, 3s));
  CHECK(it.watch.redundancy(1s, 3s).observed == "group: k2: no sign of life since 12:00:05");
  script = [=] { return group("12:00:12", "12:00:15"); };
  it.look(2);
  CHECK(it.watch.whole_for(1s, 3s));
}

TEST_CASE("watch: a baseline that can't be read is told, one that never can be is refused", "[redundancy]") {
  RedundancyGround ground;
  RedundancyApi api{std::nullopt};
  FakeClock clock;
  RedundancyWatch watch(kScripted, RedundancyWays{ground.cloud, ground.remote, api, "", {}});
  script = [] { return seen(false); };
  CHECK(some_of(watch.baseline(Deadline(clock, 5s))) == "a: down");
  script = []() -> RedundancyLook { throw Error(ErrorKind::unreachable, "asking", "no answer"); };
  CHECK(some_of(watch.baseline(Deadline(clock, 5s))) == "can't be read: asking: no answer");
  script = []() -> RedundancyLook { throw Error(ErrorKind::unmet, "asking", "it answers 403"); };
  CHECK(error_of([&] { watch.baseline(Deadline(clock, 5s)); }).kind() == ErrorKind::unmet);
}
