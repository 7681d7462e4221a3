// What the probe `redundancy` reads from OpenStack's APIs: services, agents, networks of DHCP agents, instances.
#include <catch2/catch.hpp>

#include "base/error.h"
#include "probes/redundancy.h"
#include "tests/support/error_of.h"
#include "tests/support/redundancy_ground.h"

using namespace blackstart;
using namespace blackstart::test;
using Catch::Contains;
using Json = nlohmann::json;

namespace {

// Answers to GET by the end of their path, before the query.
struct Api {
  Api() {
    openstack.intercept = [this](const HttpSeen& seen) -> std::optional<HttpReply> {
      const std::string path = seen.target.substr(0, seen.target.find('?'));
      for (const auto& [end, body] : answers)
        if (path.size() >= end.size() && path.compare(path.size() - end.size(), end.size(), end) == 0)
          return HttpReply{200, (seen.target.find("marker=") == path.npos && seen.target.find("offset=") == path.npos
                                     ? body
                                     : Json{{body.begin().key(), Json::array()}})
                                    .dump()};
      return std::nullopt;
    };
  }
  void say(const std::string& end, const Json& body) {
    auto guard = openstack.lock();
    answers[end] = body;
  }
  FakeOpenStack openstack;
  std::map<std::string, Json> answers;
  RedundancyGround it{openstack.credentials()};
};

Json service(const char* binary, const char* host, const char* state = "up", const char* status = "enabled",
             const char* updated = "2026-11-21T12:00:00.000000") {
  return {{"binary", binary}, {"host", host}, {"state", state}, {"status", status}, {"updated_at", updated}};
}

Json agent(const char* host, bool alive = true, bool wanted = true) {
  return {{"id", std::string("id-") + host},
          {"binary", "neutron-dhcp-agent"},
          {"host", host},
          {"alive", alive},
          {"admin_state_up", wanted},
          {"heartbeat_timestamp", "2026-11-21 12:00:00"}};
}

Json networks(const std::vector<std::string>& ids) {
  Json all = Json::array();
  for (const std::string& id : ids) all.push_back({{"id", id}, {"name", "net-" + id}});
  return {{"networks", all}};
}

Json server(const char* id, const char* host) {
  return {{"id", id}, {"name", std::string("bank-") + id}, {"OS-EXT-SRV-ATTR:host", host ? Json(host) : Json(nullptr)}};
}

}  // namespace

TEST_CASE("nova, cinder: a service that is down, disabled or gone", "[redundancy]") {
  Api api;
  const std::string which = GENERATE("nova", "cinder");
  const auto say = [&](const Json& second) {
    Json all = Json::array({service("nova-conductor", "c1")});
    if (!second.is_null()) all.push_back(second);
    api.say("os-services", {{"services", all}});
  };
  say(service("nova-compute", "k1"));
  const RedundancyLook before = api.it.whole(which);
  CHECK(before.find("nova-compute on k1")->signs.at("nova-compute on k1") == "2026-11-21T12:00:00.000000");
  say(service("nova-compute", "k1", "down"));
  CHECK(api.it.missing(which, before) == "nova-compute on k1: down, enabled");
  say(service("nova-compute", "k1", "up", "disabled"));
  CHECK(api.it.missing(which, before) == "nova-compute on k1: up, disabled");
  say(nullptr);
  CHECK(api.it.missing(which, before) == "nova-compute on k1: gone");
}

TEST_CASE("nova: a service that was disabled before is not demanded", "[redundancy]") {
  Api api;
  api.say("os-services", {{"services", {service("nova-conductor", "c1"), service("nova-compute", "k1", "down", "disabled")}}});
  const RedundancyLook before = api.it.whole("nova");
  CHECK(api.it.missing("nova", before).empty());
}

TEST_CASE("neutron: an agent that is dead or disabled", "[redundancy]") {
  Api api;
  api.say("/agents", {{"agents", {agent("k1"), agent("k2")}}});
  const RedundancyLook before = api.it.whole("neutron");
  api.say("/agents", {{"agents", {agent("k1"), agent("k2", false)}}});
  CHECK(api.it.missing("neutron", before) == "neutron-dhcp-agent on k2: not alive");
  api.say("/agents", {{"agents", {agent("k1"), agent("k2", true, false)}}});
  CHECK(api.it.missing("neutron", before) == "neutron-dhcp-agent on k2: alive, disabled");
}

TEST_CASE("dhcp: a network with an agent less, and one that never had two", "[redundancy]") {
  Api api;
  api.say("/agents", {{"agents", {agent("k1"), agent("k2")}}});
  api.say("/agents/id-k1/dhcp-networks", networks({"n1", "n2"}));
  api.say("/agents/id-k2/dhcp-networks", networks({"n1"}));
  const RedundancyLook before = api.it.whole("dhcp");
  CHECK(before.find("net-n1 (n1)")->signs.size() == 2);  // each agent has to report
  CHECK(before.find("net-n1 (n1)")->signs.at("neutron-dhcp-agent on k2") == "2026-11-21 12:00:00");
  CHECK(some_of(single_in(before)) == "net-n2 (n2) (DHCP by k1)");
  api.say("/agents", {{"agents", {agent("k1"), agent("k2", false)}}});
  CHECK(api.it.missing("dhcp", before) == "net-n1 (n1): 1 of 2 copies, DHCP by k1");
  api.say("/agents", {{"agents", {agent("k1", false), agent("k2")}}});
  CHECK_THAT(api.it.missing("dhcp", before), Contains("net-n2 (n2): no live DHCP agent"));
  api.say("/agents/id-k1/dhcp-networks", networks({}));  // users remove networks
  api.say("/agents/id-k2/dhcp-networks", networks({"n3"}));
  CHECK(api.it.missing("dhcp", before).empty());
}

TEST_CASE("dhcp: a network that no agent lists any more is removed, or served by nobody", "[redundancy]") {
  Api api;
  api.say("/agents", {{"agents", {agent("k1")}}});
  api.say("/agents/id-k1/dhcp-networks", networks({"removed", "kept"}));
  const auto check = api.it.check("dhcp");
  const auto look = [&] { return check->look(Deadline(real_clock(), 5s)); };
  const RedundancyLook before = look();
  REQUIRE(before.parts.size() == 2);
  api.say("/agents/id-k1/dhcp-networks", networks({}));
  api.say("/networks/kept", {{"network", {{"id", "kept"}}}});
  for (int i = 0; i < 2; ++i) CHECK(some_of(missing_in(look(), before, true)) == "net-kept (kept): no live DHCP agent");
  api.say("/agents/id-k1/dhcp-networks", networks({"kept"}));
  CHECK(missing_in(look(), before, true).empty());
}

TEST_CASE("anti-affinity: a member that the list leaves out counts until it is removed", "[redundancy]") {
  Api api;
  const auto group = [&](const Json& members) {
    api.say("os-server-groups", {{"server_groups", {{{"id", "g1"}, {"policy", "anti-affinity"}, {"members", members}}}}});
  };
  group({"s1", "s2"});
  api.say("servers/detail", {{"servers", {server("s1", "k1"), server("s2", "k2")}}});
  const auto check = api.it.check("anti-affinity");
  const auto look = [&] { return check->look(Deadline(real_clock(), 5s)); };
  const RedundancyLook before = look();
  REQUIRE(before.parts.size() == 1);
  api.say("servers/detail", {{"servers", {server("s1", "k1")}}});
  api.say("servers/s2", {{"server", server("s2", "k1")}});
  group({"s1"});
  CHECK_THAT(some_of(missing_in(look(), before, true)), Contains("bank-s1 on k1; bank-s2 on k1"));
  {
    auto guard = api.openstack.lock();
    api.answers.erase("servers/s2");
  }
  CHECK(look().parts.empty());
}

TEST_CASE("redundancy: a component of nothing is refused when it is named, and left out when it is not", "[redundancy]") {
  Api api;
  api.say("os-server-groups", {{"server_groups", Json::array()}});
  api.say("os-services", {{"services", {service("nova-compute", "k1")}}});
  api.say("/agents", {{"agents", {agent("k1")}}});
  api.say("/agents/id-k1/dhcp-networks", networks({"n1"}));
  api.it.cloud = small_cloud({"k1"});
  api.it.cloud.openstack.present = true;
  const auto checked = [&](const std::vector<std::string>& components) {
    RedundancySettings settings;
    settings.components = components;
    auto probe = make_redundancy(
        "whole", settings, api.it.cloud, [&] { return std::make_unique<SharedRemote>(api.it.remote); },
        api.openstack.credentials());
    probe->preflight(Deadline(real_clock(), 5s));
    return probe->info().components;
  };
  CHECK(checked({}) == std::vector<std::string>{"nova", "neutron", "cinder", "dhcp"});
  CHECK(checked({"dhcp", "anti-affinity"}).size() == 2);  // a probe may make groups before it starts
  api.say("/agents/id-k1/dhcp-networks", networks({}));
  const Error error = error_of([&] { checked({"dhcp", "anti-affinity"}); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Contains("'dhcp': the cloud has no networks"));
}

TEST_CASE("anti-affinity: members of a group on one host, or on none", "[redundancy]") {
  Api api;
  const Json policy = GENERATE(Json{{"policies", {"anti-affinity"}}}, Json{{"policy", "soft-anti-affinity"}});
  Json group{{"id", "g1"}, {"name", "bank"}, {"members", {"s1", "s2", "deleted"}}};
  group.update(policy);
  const Json other{{"id", "g2"}, {"name", "near"}, {"policies", {"affinity"}}, {"members", {"s1", "s2"}}};
  api.say("os-server-groups", {{"server_groups", {group, other}}});
  api.say("servers/detail", {{"servers", {server("s1", "k1"), server("s2", "k2")}}});
  const RedundancyLook before = api.it.whole("anti-affinity");
  CHECK(before.parts.size() == 1);
  api.say("servers/detail", {{"servers", {server("s1", "k1"), server("s2", "k1")}}});
  CHECK(api.it.missing("anti-affinity", before) == "group bank (g1): 1 of 2 copies, bank-s1 on k1; bank-s2 on k1");
  api.say("servers/detail", {{"servers", {server("s1", "k1"), server("s2", nullptr)}}});
  CHECK(api.it.missing("anti-affinity", before) == "group bank (g1): bank-s1 on k1; bank-s2 on no host");
}

namespace {

Json settled(const char* id, const char* host, const char* status) {
  Json one = server(id, host);
  one["status"] = status;
  return one;
}

// A group, and where its members are.
void group_of(Api& api, const char* policy, const Json& servers) {
  Json members = Json::array();
  for (const Json& one : servers) members.push_back(one["id"]);
  api.say("os-server-groups",
          {{"server_groups", {{{"id", "g1"}, {"name", "bank"}, {"policy", policy}, {"members", members}}}}});
  api.say("servers/detail", {{"servers", servers}});
}

}  // namespace

TEST_CASE("anti-affinity: a member on a host that is down counts as none until it lives elsewhere", "[redundancy]") {
  Api api;
  group_of(api, "anti-affinity", {server("s1", "k1"), server("s2", "k2")});
  const RedundancyLook before = api.it.whole("anti-affinity");
  CHECK(before.parts[0].copies == 2);
  api.openstack.set_host("k1", "down");
  CHECK(api.it.missing("anti-affinity", before) == "group bank (g1): bank-s1 on k1, which is down; bank-s2 on k2");
  group_of(api, "anti-affinity", {settled("s1", "k3", "REBUILD"), server("s2", "k2")});  // Nova has it there already
  CHECK(api.it.missing("anti-affinity", before) == "group bank (g1): bank-s1 on k3 (REBUILD); bank-s2 on k2");
  group_of(api, "anti-affinity", {settled("s1", "k3", "ERROR"), server("s2", "k2")});
  CHECK_THAT(api.it.missing("anti-affinity", before), Contains("bank-s1 on k3 (ERROR)"));
  group_of(api, "anti-affinity", {settled("s1", "k2", "ACTIVE"), server("s2", "k2")});  // evacuated to where its other is
  CHECK_THAT(api.it.missing("anti-affinity", before), Contains("1 of 2 copies, bank-s1 on k2; bank-s2 on k2"));
  group_of(api, "anti-affinity", {settled("s1", "k3", "ACTIVE"), server("s2", "k2")});
  CHECK(api.it.missing("anti-affinity", before).empty());
  api.openstack.set_host("k3", "unknown");
  CHECK_THAT(api.it.missing("anti-affinity", before), Contains("bank-s1 on k3, which is down"));
}

TEST_CASE("anti-affinity: a group that its tenant makes smaller needs no more hosts than it has members", "[redundancy]") {
  Api api;
  group_of(api, "anti-affinity", {server("s1", "k1"), server("s2", "k2"), server("s3", "k3")});
  const RedundancyLook before = api.it.whole("anti-affinity");
  group_of(api, "anti-affinity", {server("s1", "k1"), server("s2", "k2")});
  CHECK(api.it.missing("anti-affinity", before).empty());
  group_of(api, "anti-affinity", {server("s1", "k1"), server("s2", "k1")});
  CHECK_THAT(api.it.missing("anti-affinity", before), Contains("1 of 2 copies"));
}

TEST_CASE("anti-affinity: a group that shares hosts even when all is well has no second", "[redundancy]") {
  Api api;
  group_of(api, "anti-affinity", {server("s1", "k1"), server("s2", "k1")});
  const RedundancyLook before = api.it.whole("anti-affinity");
  CHECK(some_of(single_in(before)) == "group bank (g1) (bank-s1 on k1; bank-s2 on k1)");
  group_of(api, "anti-affinity", {server("s1", "k1"), server("s2", "k1"), server("s3", "k2")});
  CHECK(single_in(api.it.look("anti-affinity")).size() == 1);
  group_of(api, "soft-anti-affinity", {server("s1", "k1"), server("s2", "k1"), server("s3", "k2")});
  CHECK(single_in(api.it.look("anti-affinity")).empty());  // as well as can be
  group_of(api, "soft-anti-affinity", {server("s1", "k1"), server("s2", "k1")});
  CHECK(single_in(api.it.look("anti-affinity")).size() == 1);
}

TEST_CASE("anti-affinity: which hosts are up is not guessed", "[redundancy]") {
  Api api;
  group_of(api, "anti-affinity", {server("s1", "k1"), server("s2", "k2")});
  api.say("os-services", {{"services", "none"}});
  CHECK_THAT(error_of([&] { api.it.look("anti-affinity"); }).what(), Contains("Nova's answer has no list"));
}

TEST_CASE("anti-affinity: groups that a probe makes after preflight are watched", "[redundancy]") {
  Api api;
  api.say("os-server-groups", {{"server_groups", Json::array()}});
  api.it.cloud.openstack.present = true;
  RedundancySettings settings;
  settings.components = {"anti-affinity"};
  struct Nowhere final : OperationSink {
    void record(const Operation&) override { FAIL("there are no operations"); }
    void flush() override {}
  } nowhere;
  const auto ready = [&] {
    auto probe = make_redundancy(
        "whole", settings, api.it.cloud, [&] { return std::make_unique<SharedRemote>(api.it.remote); },
        api.openstack.credentials());
    probe->preflight(Deadline(real_clock(), 5s));
    return probe;
  };
  FakeClock clock;
  {
    const auto probe = ready();
    const Error error = error_of([&] { probe->start(clock, clock.now(), nowhere); });
    CHECK(error.kind() == ErrorKind::unmet);
    CHECK_THAT(error.what(), Contains("'anti-affinity': the cloud has no groups"));
  }
  const auto probe = ready();
  group_of(api, "anti-affinity", {server("s1", "k1"), server("s2", "k2")});
  probe->start(real_clock(), real_clock().now(), nowhere);
  group_of(api, "anti-affinity", {server("s1", "k1"), server("s2", "k1")});
  REQUIRE(wait_until([&] { return !probe->await_redundancy(0s, Deadline(real_clock(), 0s), {}).at(0).losses.empty(); },
                     Deadline(real_clock(), 20s), 50ms));
  probe->stop();
}

TEST_CASE("anti-affinity: instances without a group that are all on one host have no second", "[redundancy]") {
  Api api;
  api.it.spread = {"bank-", "none-"};
  api.say("os-server-groups", {{"server_groups", Json::array()}});
  api.say("servers/detail", {{"servers", {server("s1", "k1"), server("s2", "k1")}}});
  const auto single = single_in(api.it.look("anti-affinity"));
  REQUIRE(single.size() == 2);
  CHECK(single[0] == "instances bank-* (bank-s1 on k1; bank-s2 on k1)");
  CHECK(single[1] == "instances none-* (there is none)");
  api.say("servers/detail", {{"servers", {server("s1", "k1"), server("s2", "k3")}}});
  CHECK(single_in(api.it.look("anti-affinity")).size() == 1);
}

TEST_CASE("api: one token for many looks, a new one when it is not taken, no answer is told", "[redundancy]") {
  Api api;
  api.say("/agents", {{"agents", {agent("k1")}}});
  for (int i = 0; i < 3; ++i) api.it.look("neutron");
  CHECK(api.openstack.tokens() == 1);
  api.answers.clear();  // the fake then checks the token
  api.openstack.revoke_tokens();
  CHECK_THAT(error_of([&] { api.it.look("neutron"); }).what(), Contains("401"));
  api.say("/agents", {{"agents", {agent("k1")}}});
  api.it.look("neutron");
  CHECK(api.openstack.tokens() == 2);
  api.say("/agents", {{"agents", "none"}});
  CHECK_THAT(error_of([&] { api.it.look("neutron"); }).what(), Contains("list of agents"));
  api.openstack.stop();
  CHECK(error_of([&] { api.it.look("neutron"); }).kind() == ErrorKind::unreachable);
}

TEST_CASE("api: without OpenStack in the cloud file nothing is asked", "[redundancy]") {
  RedundancyGround it;
  const Error error = error_of([&] { it.look("nova"); });
  CHECK((error.kind() == ErrorKind::unmet && std::string(error.what()).find("cloud.yaml") != std::string::npos));
}
