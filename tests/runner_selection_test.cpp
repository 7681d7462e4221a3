#include "runner/selection.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/support/error_of.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_remote.h"

namespace blackstart {
namespace {

using Names = std::vector<std::string>;

Cloud three_sites() {
  Cloud cloud;
  cloud.name = "lab";
  cloud.vip = "198.18.0.5";
  for (const char* n : {"1", "2", "3"}) {
    Node node;
    node.name = std::string("c") + n;
    node.site = std::string("dc") + n;
    node.roles = {"controller", "database"};
    if (node.name == "c3") node.roles = {"controller", "witness"};
    cloud.nodes.push_back(node);
  }
  return cloud;
}

Selection pick(const std::string& what, const std::string& role = "", const std::string& site = "") {
  return {{}, what, role, site, ""};
}

TEST_CASE("candidates are narrowed by role and site, in the cloud's order") {
  const Cloud cloud = three_sites();
  CHECK(candidates(pick("all"), cloud) == Names{"c1", "c2", "c3"});
  CHECK(candidates(pick("all", "database"), cloud) == Names{"c1", "c2"});
  CHECK(candidates(pick("any", "", "dc3"), cloud) == Names{"c3"});
  CHECK(candidates(pick("any", "database", "dc2"), cloud) == Names{"c2"});
  CHECK(candidates({{"c3", "c1"}, "", "", "", ""}, cloud) == Names{"c3", "c1"});
}

TEST_CASE("no candidate and unknown names are errors with a hint") {
  const Cloud cloud = three_sites();
  const Error none = error_of([&] { candidates(pick("all", "compute"), cloud); });
  CHECK(none.kind() == ErrorKind::unmet);
  CHECK_THAT(none.what(), Catch::Contains("cloud lab has no node for 'every compute'"));
  const Error unknown = error_of([&] { candidates({{"c1", "c9"}, "", "", "", ""}, cloud); });
  CHECK(unknown.kind() == ErrorKind::unmet);
  CHECK_THAT(unknown.what(), Catch::Contains("cloud lab has no node 'c9'") && Catch::Contains("did you mean 'c1'?"));
}

TEST_CASE("the seed alone decides, the same on every machine") {
  const Names all = {"c1", "c2", "c3"};
  // Written down, so that another compiler or a later version that chooses differently is found out.
  Names first;
  for (std::uint64_t seed = 0; seed < 8; ++seed) first.push_back(chosen(all, seed, "kill-writer"));
  CHECK(first == Names{"c3", "c1", "c3", "c2", "c2", "c2", "c3", "c3"});
  CHECK(fraction(1, "jitter kill-writer") == fraction(1, "jitter kill-writer"));
}

TEST_CASE("choices and fractions spread evenly over seeds and over injections") {
  const Names all = {"c1", "c2", "c3"};
  std::map<std::string, int> by_seed, by_id;
  double sum = 0;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    ++by_seed[chosen(all, i, "kill")];
    ++by_id[chosen(all, 42, "kill-" + std::to_string(i))];
    const double f = fraction(i, "jitter");
    REQUIRE((f >= 0 && f < 1));
    sum += f;
  }
  for (const auto& name : all) {
    CHECK(std::abs(by_seed[name] - 1000) < 150);
    CHECK(std::abs(by_id[name] - 1000) < 150);
  }
  CHECK(sum / 3000 == Approx(0.5).margin(0.03));
}

struct Resolving {
  Cloud cloud = three_sites();
  FakeRemote remote;
  FakeClock clock;

  Names operator()(const Selection& on, std::uint64_t seed = 1) {
    InjectStep step;
    step.id = "k";
    step.on = on;
    return resolve(step, cloud, seed, remote, Deadline(clock, 10s));
  }
};

TEST_CASE("explicit names, all and any need no question to the cloud") {
  Resolving resolving;
  CHECK(resolving({{"c2"}, "", "", "", ""}) == Names{"c2"});
  CHECK(resolving(pick("all", "database")) == Names{"c1", "c2"});
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Names one = resolving(pick("any"), seed);
    REQUIRE(one.size() == 1);
    CHECK(one == Names{chosen({"c1", "c2", "c3"}, seed, "k")});
    seen.insert(one[0]);
  }
  CHECK(seen.size() == 3);
  CHECK(resolving.remote.calls().empty());
}

std::string addresses(const std::string& more) {
  return "1: lo    inet 127.0.0.1/8 scope host lo\n2: eth1    inet 198.18.0.51/24 brd 198.18.0.255 scope global eth1\n" + more;
}

TEST_CASE("the holder of the virtual IP is the one node that has exactly this address") {
  Resolving resolving;
  resolving.remote.on("ip -o addr show", [](const std::string& node, const std::string&) {
    return answered(addresses(node == "c2" ? "2: eth1    inet 198.18.0.5/32 scope global eth1\n" : ""));
  });
  CHECK(resolving(pick("vip-holder")) == Names{"c2"});
  CHECK(resolving.remote.calls().size() == 3);
}

TEST_CASE("no holder, two holders, no VIP, a node that does not say: each is an error") {
  Resolving resolving;
  auto refusal = [&] { return error_of([&] { resolving(pick("vip-holder")); }); };
  SECTION("nobody") {
    resolving.remote.on("ip -o addr show", answered(addresses("")));
    CHECK_THAT(refusal().what(), Catch::Contains("no node has it"));
  }
  SECTION("two: a split brain") {
    resolving.remote.on("ip -o addr show", [](const std::string& node, const std::string&) {
      return answered(addresses(node == "c2" ? "" : "2: eth1 inet 198.18.0.5/32\n"));
    });
    CHECK_THAT(refusal().what(), Catch::Contains("2 nodes have it: c1, c3"));
  }
  SECTION("no VIP in the cloud file") {
    resolving.cloud.vip.clear();
    CHECK_THAT(refusal().what(), Catch::Contains("names no 'vip'"));
  }
  SECTION("a node is away: it may be the one") {
    resolving.remote.on("ip -o addr show", answered(addresses("")));
    resolving.remote.cut_off("c3");
    CHECK(refusal().kind() == ErrorKind::unreachable);
  }
  SECTION("a node refuses") {
    resolving.remote.on("ip -o addr show", refused(127, "ip: not found"));
    CHECK_THAT(refusal().what(), Catch::Contains("ip: not found"));
  }
}

TEST_CASE("the writer needs a database in the cloud file") {
  Resolving resolving;
  const Error error = error_of([&] { resolving(pick("writer")); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Catch::Contains("names no 'database'") && Catch::Contains("add a 'database' block"));
}

}  // namespace
}  // namespace blackstart
