// The probe `openstack`: its control-plane audit, and the operations on standing servers, against a small OpenStack in memory.
#include <catch2/catch.hpp>

#include "probes/openstack_book.h"
#include "probes/openstack_probe.h"
#include "reports/audit_resources.h"
#include "reports/words.h"
#include "tests/support/error_of.h"
#include "tests/support/openstack_site.h"

using namespace blackstart;
using namespace blackstart::test;
using Kind = ResourceFinding::Kind;

namespace {

// One rehearsal of the probe: a schedule, a fault in the middle, the audit.
struct Audited {
  Audited(FakeOpenStack& fake, const ApiSite& site, const std::string& operations, const std::function<void()>& fault,
          const std::string& more = "audit-patience: 0s\n") {
    auto probe = site.probe(settings_of(operations, more));
    probe->preflight(within(10s));
    controllers = probe->info().controllers;
    probe->prepare(within(10s));
    probe->start(real_clock(), real_clock().now(), sink);
    real_clock().pause(400ms);
    fault();
    real_clock().pause(400ms);
    probe->stop();
    evidence = probe->resources(within(10s));
    {
      auto guard = fake.lock();
      fake.intercept = nullptr;
    }
    if (evidence) audit = audit_resources("api", controllers, *evidence);
    probe->clean_up(within(10s));
    for (const ResourceFinding& finding : audit.findings) UNSCOPED_INFO(finding_text(finding));
  }

  ResourceFinding only() const {
    INFO(audit.problem);
    REQUIRE(audit.complete);
    REQUIRE(audit.findings.size() == 1);
    return audit.findings[0];
  }

  Recorder sink;
  std::vector<std::string> controllers;
  std::optional<ResourceEvidence> evidence;
  ResourceAudit audit;
};

constexpr const char* kLives = "{server-boot: {rate: 5/s, deadline: 2s, good-within: 2s}, port-create: {rate: 5/s}}";
constexpr const char* kStanding = "{servers-home: {rate: 5/s}}";

}  // namespace

TEST_CASE("openstack audit: what was made and removed is so on each controller") {
  FakeOpenStack fake;
  ApiSite site(fake);
  site.add_controller("c2", "localhost");
  Audited run(fake, site, kLives, [] {});
  CHECK(run.controllers == std::vector<std::string>{"c1", "c2"});
  CHECK((run.audit.complete && run.audit.findings.empty()));
  CHECK(run.audit.created == run.sink.operations.size());
  CHECK(run.audit.deleted == run.audit.created);
  CHECK(run.audit.created >= 6);
}

TEST_CASE("openstack audit: a standing server that is lost, in BUILD, or listed otherwise by one controller is named") {
  FakeOpenStack fake;
  ApiSite site(fake);
  SECTION("lost") {
    Audited run(fake, site, kStanding, [&] { fake.drop("servers", "server-2"); });
    CHECK(run.only().kind == Kind::lost);
    CHECK(run.only().what == "server 'blackstart-pool-1' (server-2)");
  }
  SECTION("stuck") {
    Audited run(fake, site, kStanding, [&] { fake.each("servers", [](auto& s) { s["status"] = "BUILD"; }); });
    CHECK(run.audit.findings.size() == 3);
    CHECK(run.audit.findings.at(0).kind == Kind::stuck);
  }
  SECTION("one controller says otherwise") {
    site.add_controller("c2", "localhost");
    Audited run(fake, site, kStanding, [&] {
      auto guard = fake.lock();
      fake.intercept = [](const HttpSeen& seen) -> std::optional<HttpReply> {
        const bool c2 = seen.headers.at("host").rfind("localhost", 0) == 0;
        return c2 && seen.target.find("/servers/detail") != seen.target.npos
                   ? std::optional(HttpReply{200, R"({"servers": []})"})
                   : std::nullopt;
      };
    });
    REQUIRE(run.audit.findings.size() == 3);
    CHECK((run.audit.findings[0].kind == Kind::lost && run.audit.findings[0].controller == "c2"));
  }
}

TEST_CASE("openstack audit: orphans are ports and allocations of servers that are gone") {
  FakeOpenStack fake;
  ApiSite site(fake);
  Audited run(fake, site, kLives, [&] {
    fake.put("ports", {{"id", "left"}, {"name", ""}, {"status", "DOWN"}, {"device_id", "server-1"}, {"project_id", "p1"}});
    fake.put("ports", {{"id", "his"}, {"name", ""}, {"status", "DOWN"}, {"device_id", "of-another"}});
    auto guard = fake.lock();
    fake.allocations["server-1"] = {{"resources", {{"VCPU", 1}}}};
    fake.allocations["of-another"] = {{"resources", {{"VCPU", 1}}}};
  });
  REQUIRE(run.audit.findings.size() == 2);
  CHECK((run.audit.findings[0].kind == Kind::orphaned && run.audit.findings[1].kind == Kind::orphaned));
  CHECK(run.audit.findings[0].what == "port (left)");
  CHECK(run.audit.findings[1].what == "allocation of server server-1 on k1");
}

TEST_CASE("openstack audit: the port of a server that is gone is removed with the rest, another project's is only named") {
  FakeOpenStack fake;
  ApiSite site(fake);
  const auto leave = [&](const char* id, const char* server, const char* project) {
    fake.put("ports", {{"id", id}, {"name", ""}, {"status", "DOWN"}, {"device_id", server}, {"project_id", project}});
  };
  const std::size_t before = fake.count("ports");
  Audited run(fake, site, kStanding, [&] { leave("left", "server-1", "p1"), leave("his", "of-another", "p1"); });
  CHECK(fake.count("ports") == before + 1);

  auto probe = site.probe(settings_of(kStanding));
  Recorder sink;
  probe->prepare(within(10s));
  probe->start(real_clock(), real_clock().now(), sink);
  probe->stop();
  for (const char* id : {"4", "5", "6"}) leave(id, (std::string("server-") + id).c_str(), "p2");
  const Error error = error_of([&] { probe->clean_up(within(2s)); });
  CHECK_THAT(error.what(),
             Catch::Contains("port (5) of our server server-5, which is gone") && Catch::Contains("project 'p2'"));
}

TEST_CASE("openstack audit: what is on a second page is seen and removed, and a list that is missing is not an empty one") {
  FakeOpenStack fake;
  ApiSite site(fake);
  fake.longest_page = 2;
  Audited run(fake, site, kStanding, [] {});
  CHECK(run.audit.complete);
  CHECK(run.audit.findings.empty());
  REQUIRE(run.audit.controllers.size() == 1);
  CHECK(run.audit.controllers[0].listed == 3);
  CHECK(fake.count("servers") == 0);

  Audited broken(fake, site, kStanding, [&] {
    auto guard = fake.lock();
    fake.intercept = [](const HttpSeen& seen) {
      return seen.target.find("/servers/detail") != seen.target.npos ? std::optional(HttpReply{200, "{}"}) : std::nullopt;
    };
  });
  CHECK_FALSE(broken.audit.complete);
  CHECK_THAT(broken.audit.problem, Catch::Contains("the answer has no 'servers'"));
}

TEST_CASE("openstack audit: a list whose next page is refused is read again, for what it should go on from may have gone") {
  FakeOpenStack fake;
  ApiSite site(fake);
  int refused = 0;
  Audited run(fake, site, kStanding, [&] {
    auto guard = fake.lock();
    fake.intercept = [&](const HttpSeen& seen) {
      return seen.target.find("/servers/detail") != seen.target.npos && seen.target.find("marker=") != seen.target.npos &&
                     ++refused < 3
                 ? std::optional(HttpReply{400, R"({"badRequest": {"message": "marker not found"}})"})
                 : std::nullopt;
    };
  });
  CHECK(run.audit.complete);
  CHECK(run.audit.findings.empty());
  CHECK(refused >= 3);
}

TEST_CASE("openstack audit: a server that was made twice is one too many") {
  FakeOpenStack fake;
  ApiSite site(fake);
  Audited run(fake, site, kStanding, [&] {
    fake.put(
        "servers",
        {{"id", "twin"}, {"name", "blackstart-pool-1"}, {"status", "ACTIVE"}, {"metadata", {{"blackstart", "blackstart-"}}}});
  });
  CHECK(run.only().kind == Kind::phantom);
  CHECK(run.only().what == "server 'blackstart-pool-1' (twin)");
  CHECK(fake.count("servers") == 0);
}

TEST_CASE("openstack audit: a server that stays in BUILD is kept for the audit, and removed after it") {
  FakeOpenStack fake;
  ApiSite site(fake);
  Audited run(fake, site, "{server-boot: {rate: 5/s, deadline: 300ms, good-within: 300ms}}", [&] {
    auto guard = fake.lock();
    fake.looks_until_reached = 1'000'000;
  });
  CHECK_FALSE(run.audit.findings.empty());
  CHECK(run.audit.findings.size() <= 5);
  for (const auto& finding : run.audit.findings) CHECK(finding.kind == Kind::stuck);
  CHECK(fake.count("servers") == 0);
}

TEST_CASE("openstack audit: a deletion that was acknowledged and has no effect is told") {
  FakeOpenStack fake;
  ApiSite site(fake);
  Audited run(fake, site, "{port-create: {rate: 5/s, deadline: 300ms, good-within: 300ms}}", [&] {
    auto guard = fake.lock();
    fake.intercept = [](const HttpSeen& seen) {
      return seen.method == "DELETE" ? std::optional(HttpReply{204, ""}) : std::nullopt;
    };
  });
  CHECK_FALSE(run.audit.findings.empty());
  for (const auto& finding : run.audit.findings) CHECK(finding.kind == Kind::resurrected);
}

TEST_CASE("openstack audit: what takes a moment to settle is waited for, a controller that is dead is said") {
  FakeOpenStack fake;
  ApiSite site(fake);
  Audited patient(
      fake, site, kStanding,
      [&] {
        fake.each("servers", [](auto& s) {
          s["status"] = "REBUILD";
          s["left"] = 4;
          s["moves_to"] = "k2";
        });
      },
      "audit-patience: 10s\n");
  CHECK((patient.audit.complete && patient.audit.findings.empty()));

  site.add_controller("c2", "localhost");
  Audited dead(fake, site, kStanding, [&] {
    auto guard = fake.lock();
    fake.intercept = [](const HttpSeen& seen) {
      return seen.headers.at("host").rfind("localhost", 0) == 0 ? std::optional(HttpReply{503, ""}) : std::nullopt;
    };
  });
  CHECK_FALSE(dead.audit.complete);
  CHECK_THAT(dead.audit.problem, Catch::Contains("controller c2") && Catch::Contains("503"));
}

TEST_CASE("openstack audit: whom it asks is the scenario's and the cloud file's to say, and is tried before anything is done") {
  FakeOpenStack fake;
  ApiSite site(fake);
  site.add_controller("c2", "127.0.0.2");
  const Error dead = error_of([&] { site.probe(settings_of(kLives))->preflight(within(5s)); });
  CHECK_THAT(dead.what(), Catch::Contains("asking controller c2"));
  CHECK_THAT(dead.hint(), Catch::Contains("audit: endpoint"));
  CHECK(site.probe(settings_of(kLives, "audit: endpoint\n"))->info().controllers == std::vector<std::string>{"endpoint"});
  CHECK(site.probe(settings_of(kLives, "audit: none\n"))->info().controllers.empty());
  CHECK(site.probe(settings_of("{token-issue: {}}"))->info().controllers.empty());
  CHECK_FALSE(site.probe(settings_of("{token-issue: {}}"))->resources(within(1s)));
  site.cloud.nodes.clear();
  const Error none = error_of([&] { site.probe(settings_of(kLives)); });
  CHECK_THAT(none.what(), Catch::Contains("no node of cloud 'lab' has the role 'controller'"));
}

TEST_CASE("openstack audit: a user who may not ask Placement is told so, the rest is audited") {
  FakeOpenStack fake;
  ApiSite site(fake);
  fake.intercept = [](const HttpSeen& seen) {
    return seen.target.rfind("/placement", 0) == 0 ? std::optional(HttpReply{403, R"({"error": {"message": "not allowed"}})"})
                                                   : std::nullopt;
  };
  auto probe = site.probe(settings_of(kLives));
  probe->preflight(within(5s));
  CHECK_THAT(probe->info().description,
             Catch::Contains("audited on c1") && Catch::Contains("without allocations: it answers 403: not allowed"));
  Recorder sink;
  probe->prepare(within(10s));
  probe->start(real_clock(), real_clock().now(), sink);
  real_clock().pause(300ms);
  probe->stop();
  const auto evidence = probe->resources(within(10s));
  probe->clean_up(within(10s));
  REQUIRE(evidence);
  CHECK_THAT(resources_text(audit_resources("api", {"c1"}, *evidence)),
             Catch::Contains("not looked at: allocations: it answers 403: not allowed"));
}

TEST_CASE("openstack book: what was lost before its first deletion stays lost, what went with a second request has gone") {
  OpenStackBook book(real_clock(), real_clock().now(), 1);
  const ResourceKind& server = resource_kind("server");
  for (const char* name : {"a", "b", "c"}) {
    book.creating(server, name);
    book.created(name, std::string("id-") + name);
    book.deleting(name);
  }
  book.not_there("a");
  book.deleting("b"), book.not_there("b");
  book.not_deleted("c");
  book.creating(server, "d"), book.refused("d");
  const auto all = book.read().resources;
  REQUIRE(all.size() == 4);
  CHECK((all[0].created == Told::yes && all[0].deleted == Told::no));
  CHECK(all[1].deleted == Told::yes);
  CHECK(all[2].deleted == Told::no);
  CHECK(all[3].created == Told::no);
  CHECK_FALSE(book.keep("d"));
  CHECK(book.keep("a"));
  CHECK_FALSE(book.keep("c"));  // one of each kind
}

TEST_CASE("openstack: live-migrate moves a server of the pool, each in its turn") {
  FakeOpenStack fake;
  ApiSite site(fake);
  const std::string moving = "{live-migrate: {rate: 5/s, deadline: 500ms, good-within: 500ms}}";
  auto probe = site.probe(settings_of(moving, "servers: 4\n"));
  auto operations = run(*probe, 900ms);
  CHECK(operations.size() >= 4);
  CHECK(all_ok(operations));
  CHECK_THAT(trouble_with(moving), Catch::Contains("up to 4 migrations") && Catch::Contains("there are 3 servers"));

  fake.moves = false;
  auto stuck = outcomes(run(*site.probe(settings_of(moving, "servers: 4\n")), 900ms));
  CHECK(stuck[{Outcome::indeterminate, static_cast<int>(kTimedOut)}] >= 3);
  CHECK(stuck[{Outcome::ok, 0}] == 0);
}

TEST_CASE("openstack: after the loss of a host its servers are evacuated, and servers-home says when all are well") {
  FakeOpenStack fake;
  ApiSite site(fake);
  auto probe = site.probe(settings_of("{servers-home: {rate: 10/s}, evacuate: {rate: 2/s, deadline: 3s, good-within: 3s}}"));
  auto operations = run(*probe, 1500ms, [&] {
    real_clock().pause(300ms);
    fake.set_host("k1", "down");
  });
  int home = 0, away = 0, evacuated = 0;
  for (const Operation& o : operations) {
    if (o.series == 0) ++(o.outcome == Outcome::ok ? home : away);
    if (o.series == 1 && o.outcome == Outcome::ok) ++evacuated;
  }
  CHECK((home >= 2 && away >= 1 && evacuated >= 2));
  CHECK(operations.back().outcome == Outcome::ok);
  int asked = 0;
  for (const std::string& line : fake.log()) asked += line.find("/action") != line.npos ? 1 : 0;
  CHECK(asked == 3);  // each of the pool once
}

TEST_CASE("openstack: a server that is about to leave its host is not told to a second time, one that was refused is") {
  const auto [status, more_than_once] = GENERATE(table<int, bool>({{202, false}, {409, true}}));
  FakeOpenStack fake;
  ApiSite site(fake);
  fake.intercept = [code = status](const HttpSeen& seen) {  // nothing comes of it
    return seen.target.find("/action") != seen.target.npos ? std::optional(HttpReply{code, "{}"}) : std::nullopt;
  };
  run(*site.probe(settings_of("{evacuate: {rate: 20/s, deadline: 1s, good-within: 1s}}")), 600ms,
      [&] { fake.set_host("k1", "down"); });
  int asked = 0;
  for (const std::string& line : fake.log()) asked += line.find("/action") != line.npos ? 1 : 0;
  CHECK((more_than_once ? asked > 3 : asked == 3));
}

TEST_CASE("openstack: nobody's evacuation is waited for, but seen: without it servers-home stays bad") {
  FakeOpenStack fake;
  ApiSite site(fake);
  auto operations = run(*site.probe(settings_of(kStanding)), 500ms, [&] { fake.set_host("k1", "down"); });
  CHECK(operations.back().outcome == Outcome::failed);
  CHECK(operations.back().error == kWrongAnswer);
}

TEST_CASE("openstack: moving servers needs administrators' rights and somewhere to go") {
  FakeOpenStack fake;
  ApiSite site(fake);
  const OpenStackSettings moving = settings_of(kStanding);
  fake.hosts = {{"k1", "up"}};
  CHECK_THAT(preflight_error(site, moving).what(), Catch::Contains("nova-compute is up on one only: k1"));
  fake.hosts = {{"k1", "up"}, {"k2", "up"}, {"k3", "down"}};
  CHECK_THAT(preflight_error(site, moving).what(), Catch::Contains("nova-compute is down on k3"));
  fake.intercept = [](const HttpSeen& seen) {
    return seen.target.find("os-services") != seen.target.npos
               ? std::optional(HttpReply{403, R"({"forbidden": {"message": "Policy doesn't allow it."}})"})
               : std::nullopt;
  };
  const Error denied = preflight_error(site, moving);
  CHECK_THAT(denied.what(), Catch::Contains("403: Policy doesn't allow it"));
  CHECK_THAT(denied.hint(), Catch::Contains("role"));
}
