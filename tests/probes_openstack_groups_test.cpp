// Standing servers that are to stand apart: server groups of the probe `openstack`, and what users of an application see.
#include <catch2/catch.hpp>

#include "probes/openstack_probe.h"
#include "tests/support/openstack_site.h"

using namespace blackstart;
using namespace blackstart::test;
using Json = nlohmann::json;
using Catch::Contains;

namespace {

constexpr const char* kServed = "{groups-served: {rate: 10/s}}";
constexpr const char* kPairs = "servers: 6\napart: 2\n";

// The hosts of the servers of each group.
std::map<std::string, std::multiset<std::string>> hosts_of_groups(FakeOpenStack& fake) {
  std::map<std::string, std::string> host_of;
  fake.each("servers", [&](Json& server) { host_of[server["id"]] = server["OS-EXT-SRV-ATTR:host"]; });
  std::map<std::string, std::multiset<std::string>> hosts;
  fake.each("os-server-groups", [&](Json& group) {
    for (const Json& member : group["members"]) hosts[group["name"]].insert(host_of[member]);
  });
  return hosts;
}

// The last look, after the fault.
Operation last_of(FakeOpenStack& fake, const std::function<void()>& fault) {
  return run(*ApiSite(fake).probe(settings_of(kServed, kPairs)), 600ms, fault).back();
}

}  // namespace

TEST_CASE("openstack groups: servers stand in groups of their own, neither outlives the probe", "[openstack]") {
  FakeOpenStack fake;
  fake.keeps_apart = true;
  ApiSite site(fake);
  auto probe = site.probe(settings_of(kServed, kPairs));
  std::map<std::string, std::multiset<std::string>> hosts;
  CHECK(all_ok(run(*probe, 300ms, [&] { hosts = hosts_of_groups(fake); })));
  REQUIRE(hosts.size() == 3);
  for (int i = 0; i < 3; ++i) CHECK(hosts["blackstart-apart-" + std::to_string(i)] == std::multiset<std::string>{"k1", "k2"});
  CHECK((fake.count("servers") == 0 && fake.count("os-server-groups") == 0));
}

TEST_CASE("openstack groups: a tenant's group that is named alike stays", "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  fake.put("os-server-groups", {{"id", "theirs"}, {"name", "blackstart-apart-db"}, {"members", Json::array()}});
  fake.put("os-server-groups", {{"id", "used"}, {"name", "blackstart-apart-7"}, {"members", Json::array({"db-1"})}});
  fake.put("servers", {{"id", "db-1"}, {"name", "db-1"}, {"status", "ACTIVE"}, {"OS-EXT-SRV-ATTR:host", "k1"}});
  auto probe = site.probe(settings_of(kServed, kPairs));
  CHECK(all_ok(run(*probe, 300ms, [] {})));
  CHECK(fake.count("os-server-groups") == 2);
}

TEST_CASE("openstack groups: each server begins after the others are there, so that schedulers know of them", "[openstack]") {
  const auto [operations, more] =
      GENERATE(table<const char*, const char*>({{kServed, kPairs}, {"{servers-home: {rate: 10/s}}", "servers: 6\n"}}));
  FakeOpenStack fake;
  fake.looks_until_reached = 2;
  ApiSite site(fake);
  auto probe = site.probe(settings_of(operations, more));
  CHECK(probe->prepare_limit() == 60s + 6 * 10s);
  probe->prepare(within(20s));
  int made = 0, looked = 0;
  for (const std::string& line : fake.log()) {
    if (line == "POST /compute/v2.1/servers") CHECK(looked >= 2 * made++);
    looked += line.rfind("GET /compute/v2.1/servers/server-", 0) == 0 ? 1 : 0;
  }
  CHECK(made == 6);
  probe->clean_up(within(10s));
}

TEST_CASE("openstack groups: who moves needs a host more than they stand on, and one that is in use", "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  const auto refusal = [&](const char* operations) {
    return std::string(preflight_error(site, settings_of(operations, "servers: 6\napart: 3\n")).what());
  };
  CHECK_THAT(refusal("{groups-served: {}, evacuate: {}}"), Contains("'apart' is 3, and who moves needs one more"));
  {
    auto guard = fake.lock();
    fake.disabled_hosts = {"k3"};
  }
  CHECK_THAT(refusal(kServed), Contains("nova-compute is up on 2 of them, and 'apart' is 3"));
  fake.set_host("k3", "down");  // its operator knows
  site.probe(settings_of(kServed, kPairs))->preflight(within(5s));
}

TEST_CASE("openstack groups: those that a killed run left don't count against the quota", "[openstack]") {
  FakeOpenStack fake;
  fake.most_groups = 3;
  ApiSite site(fake);
  for (const char* name : {"blackstart-apart-0", "blackstart-apart-1"})
    fake.put("os-server-groups", {{"id", name}, {"name", name}, {"members", Json::array()}});
  auto probe = site.probe(settings_of(kServed, kPairs));
  probe->preflight(within(5s));
  probe->prepare(within(10s));
  CHECK(fake.count("os-server-groups") == 3);
  probe->clean_up(within(10s));
  CHECK(fake.count("os-server-groups") == 0);
}

TEST_CASE("openstack groups: without 'apart' there are none, and no hint", "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  run(*site.probe(settings_of("{servers-home: {rate: 10/s}}")), 200ms);
  for (const std::string& line : fake.log()) CHECK(line != "POST /compute/v2.1/os-server-groups");
}

TEST_CASE("openstack groups: served while one of each group is on a host that is up", "[openstack]") {
  FakeOpenStack fake;
  fake.keeps_apart = true;
  CHECK(last_of(fake, [&] { fake.set_host("k1", "down"); }).outcome == Outcome::ok);
  fake.set_host("k1", "up");
  const Operation lost = last_of(fake, [&] {
    fake.set_host("k1", "down");
    fake.set_host("k2", "down");
  });
  CHECK((lost.outcome == Outcome::failed && lost.error == kWrongAnswer));
}

TEST_CASE("openstack groups: a group whose servers share the host that is lost is not served", "[openstack]") {
  FakeOpenStack fake;  // all begin on k1
  CHECK(last_of(fake, [&] { fake.set_host("k2", "down"); }).outcome == Outcome::ok);
  fake.set_host("k2", "up");
  CHECK(last_of(fake, [&] { fake.set_host("k1", "down"); }).outcome == Outcome::failed);
}

TEST_CASE("openstack groups: a group is not served by one that is broken, nor another group by its servers", "[openstack]") {
  FakeOpenStack fake;
  fake.keeps_apart = true;
  const auto broken = [&](const std::vector<std::string>& names) {
    return last_of(fake,
                   [&] {
                     fake.each("servers", [&](Json& server) {
                       for (const std::string& name : names)
                         if (server["name"] == name) server["status"] = "ERROR";
                     });
                   })
        .outcome;
  };
  CHECK(broken({"blackstart-pool-0", "blackstart-pool-1", "blackstart-pool-2"}) == Outcome::ok);
  CHECK(broken({"blackstart-pool-1", "blackstart-pool-4"}) == Outcome::failed);
}

TEST_CASE("openstack groups: those of a killed run are removed, those of somebody else stay", "[openstack]") {
  FakeOpenStack fake;
  const auto put = [&](const std::string& id, const std::string& name) {
    fake.put("os-server-groups", {{"id", id}, {"name", name}, {"policies", {"anti-affinity"}}, {"members", Json::array()}});
  };
  put("g1", "blackstart-apart-7"), put("g2", "blackstart"), put("g3", "bank");
  fake.longest_page = 2;
  ApiSite site(fake);
  auto probe = site.probe(settings_of("{servers-home: {rate: 10/s}}"));  // without 'apart', this time
  probe->prepare(within(5s));
  CHECK(fake.count("os-server-groups") == 2);
  probe->clean_up(within(5s));
  CHECK(fake.count("os-server-groups") == 2);
}

TEST_CASE("openstack groups: one that can't be removed is named, and never before its servers are gone", "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  auto probe = site.probe(settings_of(kServed, kPairs));
  probe->prepare(within(10s));
  const auto refuse = [&](const std::string& what) {
    auto guard = fake.lock();
    fake.intercept = [what](const HttpSeen& seen) {
      return seen.method == "DELETE" && seen.target.find(what) != seen.target.npos
                 ? std::optional(HttpReply{409, R"({"conflictingRequest": {"message": "It is in use."}})"})
                 : std::nullopt;
    };
  };
  refuse("/servers/");
  CHECK_THAT(error_of([&] { probe->clean_up(within(1s)); }).what(), Contains("server 'blackstart-pool-0'"));
  CHECK(fake.count("os-server-groups") == 3);
  refuse("/os-server-groups/");
  CHECK_THAT(error_of([&] { probe->clean_up(within(2s)); }).what(),
             Contains("server group 'blackstart-apart-0'") && Contains("It is in use"));
  CHECK(fake.count("servers") == 0);
}

TEST_CASE("openstack groups: what does not fit is told before anything is made", "[openstack]") {
  CHECK_THAT(trouble_with(kServed), Contains("groups-served needs 'apart'"));
  CHECK_THAT(trouble_with(kServed, "servers: 5\napart: 2\n"), Contains("5 servers don't make groups of 2"));
  CHECK_THAT(trouble_with(kServed, "servers: 4\napart: 1\n"), Contains("apart from nothing"));
  CHECK_THAT(trouble_with(kServed, "servers: 22\napart: 11\n"), Contains("apart"));
  CHECK_THAT(trouble_with("{token-issue: {}}", kPairs), Contains("no operation here works on standing servers"));
  CHECK_THAT(trouble_with(kServed, std::string(kPairs) + "availability-zone: nova:k2\n"), Contains("names one host"));

  FakeOpenStack fake;
  ApiSite site(fake);
  fake.most_groups = 2;
  CHECK_THAT(preflight_error(site, settings_of(kServed, kPairs)).what(), Contains("server groups: 0 of 2 are used"));
  CHECK_THAT(preflight_error(site, settings_of(kServed, "servers: 4\napart: 4\n")).what(),
             Contains("nova-compute is up on 3 of them, and 'apart' is 4"));
  CHECK(fake.names_made().empty());
}
