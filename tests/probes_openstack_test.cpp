// The probe `openstack` against a small OpenStack in memory.
#include <catch2/catch.hpp>

#include <atomic>
#include <fstream>
#include <set>

#include "probes/openstack_ground.h"
#include "probes/openstack_probe.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_clock.h"
#include "tests/support/openstack_site.h"

using namespace blackstart;
using namespace blackstart::test;

namespace {

const std::string kReads =
    "{token-issue: {rate: 10/s, connections: both}, token-validate: {rate: 10/s}, server-list: {rate: 10/s}, server-show: "
    "{rate: 10/s}, "
    "flavor-list: {rate: 10/s}, flavor-show: {rate: 10/s}, network-list: {rate: 10/s}, network-show: {rate: 10/s}, "
    "image-list: {rate: 10/s}, image-show: {rate: 10/s}, volume-list: {rate: 10/s}, "
    "volume-show: {rate: 10/s, connections: persistent}}";
const std::string kLives =
    "{server-boot: {rate: 4/s, deadline: 5s, good-within: 4s}, network-create: {rate: 4/s}, port-create: {rate: 4/s}, "
    "volume-create: {rate: 4/s, deadline: 5s, good-within: 4s}, image-upload: {rate: 4/s}}";

}  // namespace

TEST_CASE("openstack: operations, rates and series as a scenario gives them", "[openstack]") {
  OpenStackSettings s =
      settings_of("{token-issue: {rate: 2/s, connections: both}, server-boot: {rate: 6/min, deadline: 100s}}");
  REQUIRE(s.operations.size() == 2);
  CHECK((s.operations[0].limits.deadline == 5s && s.operations[1].limits.deadline == 100s));
  CHECK(s.operations[1].limits.good_within == 60s);
  auto series = ApiSite("http://127.0.0.1:1").probe(s)->info().series;
  REQUIRE(series.size() == 3);
  CHECK((series[0].name == "token-issue" && series[1].name == "token-issue-persistent" && series[2].name == "server-boot"));
  CHECK((series[1].rate == 2 && series[2].deadline == 100s));
  CHECK(s.most_of("server") == 11 + 5);  // and those that stay for the audit
  CHECK(s.stands_on() == "OpenStack resources named blackstart-");
  CHECK(settings_of("{token-issue: {}}").stands_on().empty());
}

TEST_CASE("openstack: what is wrong in a scenario is told", "[openstack]") {
  CHECK_THAT(trouble_with("{server-lst: {}}"),
             Catch::Contains("no operation 'server-lst'") && Catch::Contains("did you mean 'server-list'"));
  CHECK_THAT(trouble_with("{}"), Catch::Contains("it names none"));
  CHECK_THAT(trouble_with("{token-issue: {}}", "prefix: bs\n"), Catch::Contains("too short"));
  CHECK_THAT(trouble_with("{token-issue: {deadline: 1s, good-within: 2s}}"), Catch::Contains("longer than the deadline"));
  CHECK_THAT(trouble_with("{token-issue: {rate: 450/s}}"), Catch::Contains("this machine's ports"));
  CHECK_THAT(trouble_with("{server-list: {rate: 300/s, deadline: 60s}}"), Catch::Contains("more than 4000"));
  CHECK_THAT(error_of([&] {
               OpenStackSettings settings;
               read_text("operations: {server-boot: {}}\n", "s.yaml", [&](Fields& f) { settings.describe(f); });
             }).what(),
             Catch::Contains("server-boot needs 'flavor'") && Catch::Contains("'image'") && Catch::Contains("'network'"));
}

TEST_CASE("openstack: all reads succeed, on fresh and on kept connections", "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  auto probe = site.probe(settings_of(kReads));
  auto operations = run(*probe, 500ms);
  CHECK(operations.size() >= 13 * 4);
  CHECK(outcomes(operations) ==
        std::map<std::pair<Outcome, int>, int>{{{Outcome::ok, 0}, static_cast<int>(operations.size())}});
  std::set<int> series;
  for (const auto& o : operations) series.insert(o.series);
  CHECK(series.size() == 13);
  CHECK((fake.count("servers") == 0 && fake.count("volumes") == 0));  // the standing ones are gone
}

TEST_CASE("openstack: lives go from create to gone, and nothing stays", "[openstack]") {
  FakeOpenStack fake;
  fake.looks_until_reached = 2;
  ApiSite site(fake);
  auto probe = site.probe(settings_of(kLives));
  auto operations = run(*probe, 1200ms);
  CHECK(operations.size() >= 5 * 4);
  CHECK(outcomes(operations) ==
        std::map<std::pair<Outcome, int>, int>{{{Outcome::ok, 0}, static_cast<int>(operations.size())}});
  for (const char* collection : {"servers", "ports", "volumes"}) CHECK(fake.count(collection) == 0);
  CHECK((fake.count("networks") == 1 && fake.count("images") == 1));
  CHECK(fake.names_made().size() == operations.size());
  for (const auto& o : operations)
    CHECK(o.done - o.scheduled >= (o.series == 2 || o.series == 4 ? 0ms : 50ms));  // ports and images are there at once
}

TEST_CASE("openstack: an end state that is not reached is not good, and what it left is removed meanwhile", "[openstack]") {
  FakeOpenStack fake;
  fake.looks_until_reached = 1'000'000;
  ApiSite site(fake);
  auto probe = site.probe(settings_of("{server-boot: {rate: 5/s, deadline: 400ms, good-within: 300ms}}", "audit: none\n"));
  Recorder sink;
  probe->preflight(within(5s));
  probe->prepare(within(5s));
  probe->start(real_clock(), real_clock().now(), sink);
  real_clock().pause(2500ms);
  const std::size_t made = fake.names_made().size(), there = fake.count("servers");
  probe->stop();
  CHECK(made >= 10);
  CHECK(there < made - 3);  // before the clean-up
  for (const auto& o : sink.operations) CHECK((o.outcome == Outcome::indeterminate && o.error == kTimedOut));
  probe->clean_up(within(10s));
  CHECK(fake.count("servers") == 0);
}

TEST_CASE("openstack: outcomes of a creation say what may be there", "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  auto creation = [&](const HttpReply& reply) {
    auto probe = site.probe(settings_of("{network-create: {rate: 10/s, deadline: 1s, good-within: 1s}}"));
    auto operations = run(*probe, 150ms, [&] {
      auto guard = fake.lock();
      fake.intercept = [reply](const HttpSeen& seen) {
        return seen.method == "POST" && seen.target == "/network/v2.0/networks" ? std::optional(reply) : std::nullopt;
      };
    });
    auto guard = fake.lock();
    fake.intercept = nullptr;
    auto all = outcomes(operations);
    REQUIRE(all.size() == 1);
    return all.begin()->first;
  };
  using Manner = HttpReply::Manner;
  CHECK(creation({409, R"({"NeutronError": {"message": "Quota exceeded for resources: ['network']."}})"}) ==
        std::pair(Outcome::failed, 409));
  CHECK(creation({503, "<html>"}) == std::pair(Outcome::indeterminate, 503));
  CHECK(creation({201, "no json"}) == std::pair(Outcome::indeterminate, static_cast<int>(kWrongAnswer)));
  CHECK(creation({200, "", {}, Manner::stall}) == std::pair(Outcome::indeterminate, static_cast<int>(kTimedOut)));
  CHECK(creation({200, "", {}, Manner::reset}) == std::pair(Outcome::indeterminate, static_cast<int>(kBroken)));
}

TEST_CASE("openstack: a creation whose answer is lost is found by its name and removed", "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  auto probe = site.probe(settings_of("{network-create: {rate: 2/s, deadline: 600ms, good-within: 600ms}}"));
  Recorder sink;
  probe->prepare(within(5s));
  {
    auto guard = fake.lock();
    fake.intercept = [&](const HttpSeen& seen) -> std::optional<HttpReply> {
      // Looking it up is the only way to it: the creation's answer, and each look at its state, break off.
      if (seen.method == "GET" && seen.target.rfind("/network/v2.0/networks/network-", 0) == 0) return HttpReply{503, ""};
      return std::nullopt;
    };
  }
  probe->start(real_clock(), real_clock().now(), sink);
  real_clock().pause(300ms);
  probe->stop();
  REQUIRE(sink.operations.size() >= 1);
  CHECK(sink.operations[0].outcome == Outcome::indeterminate);
  CHECK(fake.count("networks") > 1);
  probe->clean_up(within(5s));
  CHECK(fake.count("networks") == 1);
}

TEST_CASE("openstack: tokens are renewed at half of their life, and again when they are not taken", "[openstack]") {
  FakeOpenStack fake;
  fake.token_life = 2;
  ApiSite site(fake);
  auto probe = site.probe(settings_of("{flavor-list: {rate: 20/s}}"));
  int before = 0;
  auto operations = run(*probe, 1300ms, [&] { before = fake.tokens(); });
  CHECK(fake.tokens() > before);
  CHECK(all_ok(operations));
  {
    auto guard = fake.lock();
    fake.token_life = 3600;
  }
  auto second = site.probe(settings_of("{flavor-list: {rate: 20/s}}"));
  operations = run(*second, 2s, [&] { fake.revoke_tokens(); });
  auto all = outcomes(operations);
  CHECK(all[{Outcome::failed, 401}] >= 10);  // a second's worth: that is how long it waits
  CHECK(all[{Outcome::ok, 0}] >= 10);
  CHECK(operations.back().outcome == Outcome::ok);
}

TEST_CASE("openstack: preflight tells what is wrong before anything is injected", "[openstack]") {
  FakeOpenStack fake;
  const OpenStackSettings reads = settings_of(kReads), lives = settings_of(kLives);
  const std::string keystone = fake.url() + "/identity";

  Error credentials = preflight_error(ApiSite(keystone, "wrong-pass"), reads);
  CHECK(credentials.kind() == ErrorKind::unmet);
  CHECK_THAT(credentials.what(),
             Catch::Contains("401") && Catch::Contains("requires authentication") && !Catch::Contains("wrong-pass"));
  CHECK_THAT(credentials.hint(), Catch::Contains("openstack token issue"));

  CHECK_THAT(preflight_error(ApiSite(fake.url() + "/nothing"), reads).hint(), Catch::Contains("auth_url"));
  CHECK_THAT(preflight_error(ApiSite("ftp://x"), reads).what(), Catch::Contains("no http or https address"));

  ApiSite elsewhere(fake);
  elsewhere.cloud.openstack.region = "RegionOn";
  CHECK_THAT(preflight_error(elsewhere, reads).what(),
             Catch::Contains("no region 'RegionOn'") && Catch::Contains("did you mean 'RegionOne'"));
  elsewhere.cloud.openstack.region = "";
  elsewhere.cloud.openstack.interface = "internal";
  CHECK_THAT(preflight_error(elsewhere, reads).what(), Catch::Contains("no internal endpoint"));

  ApiSite site(fake);
  fake.regions = {"RegionOne", "RegionTwo"};
  CHECK_THAT(preflight_error(site, reads).what(), Catch::Contains("several regions: RegionOne, RegionTwo"));
  fake.regions = {"RegionOne"};

  OpenStackSettings unknown = reads;
  unknown.flavor = "m1.nanoo";
  CHECK_THAT(preflight_error(site, unknown).what(),
             Catch::Contains("flavor 'm1.nanoo'") && Catch::Contains("did you mean 'm1.nano'"));

  fake.most_servers = 10;
  Error quota = preflight_error(site, lives);
  CHECK(quota.kind() == ErrorKind::unmet);
  CHECK_THAT(quota.what(), Catch::Contains("instances: 0 of 10 are used") && Catch::Contains("up to 26 more"));
  fake.most_servers = 100, fake.most_ports = 3;
  CHECK_THAT(preflight_error(site, lives).what(), Catch::Contains("ports: 0 of 3"));
  fake.most_ports = -1, fake.most_volumes = 0;
  CHECK_THAT(preflight_error(site, lives).what(), Catch::Contains("volumes: 0 of 0"));
  fake.most_volumes = 100;

  fake.put("ports", {{"id", "x"}, {"name", "blackstart-by-somebody"}, {"status", "ACTIVE"}});
  CHECK_THAT(preflight_error(site, lives).what(),
             Catch::Contains("'blackstart-by-somebody'") && Catch::Contains("not made by Blackstart"));
  CHECK(fake.count("ports") == 1);
  for (const std::string& line : fake.log()) CHECK((line.rfind("GET ", 0) == 0 || line.find("/auth/tokens") != line.npos));

  fake.intercept = [](const HttpSeen& seen) {
    return seen.target.rfind("/compute", 0) == 0
               ? std::optional(HttpReply{401, R"({"error": {"message": "The token expired."}})"})
               : std::nullopt;
  };
  Error expired = preflight_error(site, reads);
  CHECK(expired.kind() == ErrorKind::unmet);
  CHECK_THAT(expired.what(), Catch::Contains("compute service") && Catch::Contains("401: The token expired."));
  CHECK_THAT(expired.hint(), Catch::Contains("the token was not taken"));
  fake.intercept = nullptr;

  fake.stop();
  Error down = preflight_error(site, reads);
  CHECK(down.kind() == ErrorKind::unreachable);
  CHECK_THAT(down.what(), Catch::Contains("asking Keystone at"));
}

TEST_CASE("openstack: a quota that only the service itself knows is told when the standing ones are made", "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  auto probe = site.probe(settings_of("{server-show: {}}"));
  probe->preflight(within(5s));
  fake.intercept = [](const HttpSeen& seen) {
    return seen.method == "POST" && seen.target == "/compute/v2.1/servers"
               ? std::optional(HttpReply{403, R"({"forbidden": {"message": "Quota exceeded for instances: 10 of 10."}})"})
               : std::nullopt;
  };
  Error error = error_of([&] { probe->prepare(within(5s)); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Catch::Contains("403: Quota exceeded for instances"));
  CHECK_THAT(error.hint(), Catch::Contains("raise the project's quota"));
}

TEST_CASE("openstack: a certificate that is not trusted is told in preflight, with what to do", "[openstack]") {
  test::Certificate certificate("IP:127.0.0.1");
  FakeOpenStack fake(&certificate);
  ApiSite site(fake);
  Error error = preflight_error(site, settings_of("{token-issue: {}}"));
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Catch::Contains("self-signed"));
  CHECK_THAT(error.hint(), Catch::Contains("cacert"));
  site.cloud.openstack.cacert = certificate.file();
  auto operations = run(*site.probe(settings_of("{token-issue: {rate: 10/s, connections: both}}")), 300ms);
  CHECK(all_ok(operations));
}

TEST_CASE("openstack: what an earlier run left is removed, and what is nobody's of ours stays", "[openstack]") {
  FakeOpenStack fake;
  fake.put("servers", {{"id", "old"},
                       {"name", "blackstart-server-boot-7"},
                       {"status", "ERROR"},
                       {"metadata", {{"blackstart", "blackstart-"}}}});
  fake.put("servers",
           {{"id", "his"}, {"name", "database"}, {"status", "ACTIVE"}, {"metadata", {{"blackstart", "blackstart-"}}}});
  ApiSite site(fake);
  auto probe = site.probe(settings_of("{server-boot: {rate: 5/s, deadline: 5s, good-within: 5s}}"));
  run(*probe, 300ms);
  CHECK(fake.count("servers") == 1);
}

TEST_CASE("openstack: what can't be removed is named", "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  auto probe = site.probe(settings_of("{volume-create: {rate: 5/s, deadline: 5s, good-within: 5s}}"));
  probe->prepare(within(5s));
  fake.put("volumes",
           {{"id", "v9"}, {"name", "blackstart-stuck"}, {"status", "deleting"}, {"metadata", {{"blackstart", "blackstart-"}}}});
  fake.intercept = [](const HttpSeen& seen) {
    return seen.method == "DELETE" ? std::optional(HttpReply{400, R"({"badRequest": {"message": "Volume is attached."}})"})
                                   : std::nullopt;
  };
  Error error = error_of([&] { probe->clean_up(within(1s)); });
  CHECK_THAT(error.what(), Catch::Contains("volume 'blackstart-stuck' (v9)") && Catch::Contains("Volume is attached"));
  fake.intercept = [](const HttpSeen&) { return std::optional(HttpReply{503, ""}); };
  Error down = error_of([&] { probe->clean_up(within(1s)); });
  CHECK_THAT(down.what(), Catch::Contains("503"));
}

TEST_CASE("openstack: removing goes on where it had to end, and tells what was never asked to go", "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  auto probe = site.probe(settings_of("{volume-create: {rate: 5/s, deadline: 5s, good-within: 5s}}"));
  CHECK(probe->clean_up_limit() > 300s);  // up to 25 in flight
  for (int i = 0; i < 20; ++i)
    fake.put("volumes", {{"id", fmt::format("v{}", i)},
                         {"name", fmt::format("blackstart-{}", i)},
                         {"status", "deleting"},
                         {"metadata", {{"blackstart", "blackstart-"}}}});
  std::atomic<int> asked = 0;
  Duration takes = 0ms;
  fake.intercept = [&](const HttpSeen& seen) {
    if (seen.method != "DELETE") return std::optional<HttpReply>();
    ++asked;
    real_clock().pause(takes);
    return std::optional(HttpReply{202, ""});
  };
  CHECK_THAT(error_of([&] { probe->clean_up(within(2s)); }).what(), !Catch::Contains("not yet asked"));
  CHECK(asked == 20);
  takes = 100ms;
  CHECK_THAT(error_of([&] { probe->clean_up(within(1s)); }).what(),
             Catch::Contains("asked to go, its state was deleting") && Catch::Contains("not yet asked to go"));
  CHECK(asked < 32);
}

TEST_CASE("openstack: what is stuck is not waited for as long as many would need to go", "[openstack]") {
  FakeOpenStack fake;
  ApiSite site(fake);
  auto probe = site.probe(settings_of("{volume-create: {rate: 5/s, deadline: 5s, good-within: 5s}}"));
  fake.put("volumes",
           {{"id", "v9"}, {"name", "blackstart-stuck"}, {"status", "deleting"}, {"metadata", {{"blackstart", "blackstart-"}}}});
  int asked = 0;
  fake.intercept = [&](const HttpSeen& seen) {
    if (seen.method != "DELETE") return std::optional<HttpReply>();
    ++asked;
    return std::optional(HttpReply{202, ""});
  };
  FakeClock clock;
  const Time before = clock.now();
  CHECK_THAT(error_of([&] { probe->clean_up(Deadline(clock, probe->clean_up_limit())); }).what(), Catch::Contains("stuck"));
  CHECK(clock.now() - before < 70s);
  CHECK(asked == 7);  // every 10 s
}

TEST_CASE("openstack: a cloud without OpenStack, and a probe that was not prepared", "[openstack]") {
  Cloud bare;
  bare.name = "bare";
  CHECK_THAT(error_of([&] { settings_of("{token-issue: {}}").make("api", bare); }).what(),
             Catch::Contains("says nothing of OpenStack"));
  FakeOpenStack fake;
  auto probe = ApiSite(fake).probe(settings_of("{token-issue: {}}"));
  Recorder sink;
  CHECK(error_of([&] { probe->start(real_clock(), real_clock().now(), sink); }).kind() == ErrorKind::internal);
}
