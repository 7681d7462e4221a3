// The probe `redundancy` as the runner uses it.
#include "probes/redundancy.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/error.h"
#include "tests/support/error_of.h"
#include "tests/support/redundancy_ground.h"

using namespace blackstart;
using namespace blackstart::test;
using Catch::Contains;

namespace {

struct Nowhere final : OperationSink {
  void record(const Operation&) override { FAIL("there are no operations"); }
  void flush() override {}
};

// keepalived on three nodes, by default with the virtual IP on c1.
struct Entry {
  Entry() { runs(true); }
  void runs(bool on_c2) {
    remote.on("keepalived", [on_c2](const std::string& node, const std::string&) {
      return answered(node == "c1"             ? "runs\n7: data0    inet 198.18.71.10/24\n"
                      : node == "c2" && !on_c2 ? "stopped\n"
                                               : "runs\n");
    });
  }
  std::unique_ptr<Probe> probe(const std::vector<std::string>& components = {"keepalived"}) {
    RedundancySettings settings;
    settings.components = components;
    settings.hold = 1s;
    return make_redundancy(
        "whole", settings, cloud, [this] { return std::make_unique<SharedRemote>(remote); }, std::nullopt);
  }
  FakeRemote remote;
  Cloud cloud = three_controllers();
};

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

TEST_CASE("redundancy: without components it watches what the cloud file speaks of", "[redundancy]") {
  Entry it;
  CHECK(it.probe({})->info().components == std::vector<std::string>{"rabbitmq", "rabbitmq-queues", "haproxy", "keepalived"});
  it.cloud.openstack.present = true;
  it.cloud.database.host = "198.18.71.10";
  const auto with = it.probe({})->info().components;
  CHECK((has(with, "galera") && !has(with, "postgresql")));
  it.cloud.database.kind = kPostgresql;
  const auto other = it.probe({})->info().components;
  CHECK((has(other, "postgresql") && !has(other, "galera")));
  // The database is of one kind; all else is watched with either.
  CHECK(with.size() == redundancy_kinds().size() - 1);
  CHECK(other.size() == with.size());
  it.cloud = small_cloud({"c1"});
  CHECK_THAT(error_of([&] { it.probe({}); }).what(), Contains("none of the components"));
}

TEST_CASE("redundancy: a cloud that is not whole is refused, with what is missing", "[redundancy]") {
  Entry it;
  FakeClock clock;
  CHECK_NOTHROW(it.probe()->preflight(Deadline(clock, 20s)));
  it.runs(false);
  const Error error = error_of([&] { it.probe()->preflight(Deadline(clock, 20s)); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Contains("the cloud is whole") && Contains("keepalived: c2: does not run"));
}

TEST_CASE("redundancy: waits until all is whole, and tells what is not at the end", "[redundancy]") {
  Entry it;
  Nowhere nowhere;
  const auto probe = it.probe();
  probe->preflight(Deadline(real_clock(), 5s));
  const Time zero = real_clock().now();
  probe->start(real_clock(), zero, nowhere);
  const auto whole = probe->await_redundancy(0s, Deadline(real_clock(), 20s), {});
  REQUIRE(whole.size() == 1);
  CHECK((whole[0].restored && whole[0].probe == "whole" && whole[0].what == "keepalived" && whole[0].losses.empty()));
  CHECK(probe->whole(0s));
  // However late it is asked: what counts is since when.
  CHECK(probe->await_redundancy(0s, Deadline(real_clock(), 0s), {}).at(0).restored);
  CHECK_FALSE(probe->await_redundancy(real_clock().now() - zero, Deadline(real_clock(), 0s), {}).at(0).restored);
  it.runs(false);
  REQUIRE(wait_until([&] { return !probe->whole(0s); }, Deadline(real_clock(), 20s), 50ms));
  const auto broken = probe->await_redundancy(0s, Deadline(real_clock(), 0s), {});
  REQUIRE(broken.size() == 1);
  CHECK_FALSE(broken[0].restored);
  CHECK(broken[0].observed == "c2: does not run");
  REQUIRE(broken[0].losses.size() == 1);
  CHECK_FALSE(broken[0].losses[0].back.known());
  CHECK(probe->stop().planned.empty());
}

TEST_CASE("redundancy: what has no second fails the rehearsal, unless the scenario says otherwise", "[redundancy]") {
  Entry it;
  FakeRabbit rabbit;
  rabbit.classics = {"lonely"};
  it.remote.on("erl_call", answered(rabbit.text()));
  RedundancySettings settings;
  settings.components = {"rabbitmq-queues"};
  for (bool second : {true, false}) {
    settings.second = second;
    const auto probe = make_redundancy(
        "whole", settings, it.cloud, [&] { return std::make_unique<SharedRemote>(it.remote); }, std::nullopt);
    probe->preflight(Deadline(real_clock(), 5s));
    Nowhere nowhere;
    probe->start(real_clock(), real_clock().now(), nowhere);
    const std::string single = probe->await_redundancy(0s, Deadline(real_clock(), 0s), {}).at(0).single;
    CHECK(single == (second ? "lonely (a classic queue with one copy of it)" : ""));
    probe->stop();
  }
}

TEST_CASE("redundancy: parameters", "[redundancy]") {
  const auto problems = [](const std::string& yaml) {
    RedundancySettings settings;
    return check_text(yaml, "x.yaml", [&](Fields& f) { settings.describe(f); });
  };
  CHECK(problems("{components: [galera, dhcp], hold: 10s, second: false, spread: bank-}").empty());
  const auto wrong = problems("{components: [galara]}");
  REQUIRE(wrong.size() == 1);
  CHECK_THAT(wrong[0].message, Contains("'galara' is none of the components"));
  CHECK(wrong[0].hint == "did you mean 'galera'?");
}
