// What settings let expect: each component's formula with values computed by hand, and where nothing may be said.
#include "reports/predict.h"

#include <catch2/catch.hpp>

#include "tests/support/settings.h"

using namespace blackstart;
using namespace blackstart::test;
using Catch::Contains;

namespace {

double seconds(Duration value) { return std::chrono::duration<double>(value).count(); }

struct Ends {
  double least, from, to, most;
};
// Of the only expectation.
void check(const std::vector<Expectation>& all, const Ends& ends) {
  REQUIRE(all.size() == 1);
  INFO(all[0].why);
  const PredictedBand band = band_of("stage", all).value();
  CHECK(seconds(least_of(all[0].time)) == Approx(ends.least));
  CHECK(seconds(band.from) == Approx(ends.from).margin(1e-4));
  CHECK(seconds(band.to) == Approx(ends.to).margin(1e-4));
  CHECK(seconds(most_of(all[0].time)) == Approx(ends.most));
}

}  // namespace

TEST_CASE("predict: how a fault looks from outside", "[predict]") {
  CHECK(hit_of(injected("service.kill", "c1")) == Hit::refuses);
  CHECK(hit_of(injected("service.stop", "c1")) == Hit::leaves);
  CHECK(hit_of(injected("service.freeze", "c1")) == Hit::stalls);
  CHECK(hit_of(injected("power.off", "c1")) == Hit::silent);
  CHECK(hit_of(injected("link.delay", "c1")) == Hit::none);
  CHECK(hit_of(injected("resource.cpu", "c1")) == Hit::none);
  CHECK(hit_of(injected("something new", "c1")) == Hit::none);
  Injection cut = injected("link.cut", "c1");
  CHECK(hit_of(cut) == Hit::silent);
  cut.parameters = {{"direction", "in"}};
  CHECK(hit_of(cut) == Hit::none);
  cut.parameters = {{"direction", "both"}, {"towards", "c2"}};
  CHECK(hit_of(cut) == Hit::none);
  Injection asked = injected("service.kill", "c1");
  asked.parameters = {{"signal", "TERM"}};
  CHECK(hit_of(asked) == Hit::none);
}

TEST_CASE("predict: Galera leaves a member out after suspicion and its check", "[predict]") {
  const std::vector<LiveSettings> settings{galera_on("c1"), galera_on("c2")};
  const Injection killed = injected("service.kill", "c1", "mariadb.service");
  // 5 s − U(0, 1 s) + U(0, 0.5 s): a trapezoid from 4 to 5.5; 5 % at 4 + √(2·1·0.5·0.05), as 1·0.5/2 of it rises.
  check(expect_galera_view({settings, killed, "", ""}), {4, 4 + std::sqrt(0.05), 5.5 - std::sqrt(0.05), 5.5});
  const Injection off = injected("power.off", "c1");
  CHECK(expect_galera_view({settings, off, "", ""}).size() == 1);
}

TEST_CASE("predict: nodes that are set alike are told once, others widen the band", "[predict]") {
  const Injection off = injected("power.off", "c1");
  std::vector<LiveSettings> settings{galera_on("c1"), galera_on("c2"), galera_on("c3")};
  const auto alike = band_of("galera-view", expect_galera_view({settings, off, "", ""}));
  REQUIRE(alike);
  CHECK_THAT(alike->why, Contains("c2") && !Contains("c3"));
  settings[2] = galera_on("c3", "30s");
  const auto apart = band_of("galera-view", expect_galera_view({settings, off, "", ""}));
  REQUIRE(apart);
  CHECK(apart->from == alike->from);
  CHECK(apart->to > 29s);
  CHECK_THAT(apart->why, Contains("c2") && Contains("c3"));
}

TEST_CASE("predict: of Galera nothing where it was not hit, left by itself, or was not read", "[predict]") {
  const std::vector<LiveSettings> settings{galera_on("c1"), galera_on("c2")};
  CHECK(expect_galera_view({settings, injected("service.kill", "c1", "haproxy.service"), "", ""}).empty());
  CHECK(expect_galera_view({settings, injected("service.stop", "c1", "mariadb.service"), "", ""}).empty());
  CHECK(expect_galera_view({settings, injected("power.off", "k1"), "", ""}).empty());
  const std::vector<LiveSettings> unread{galera_on("c1"), {"galera", "c2", {}, "no answer"}};
  CHECK(expect_galera_view({unread, injected("power.off", "c1"), "", ""}).empty());
  std::vector<LiveSettings> partly = settings;
  partly[1].settings[0].value = "soon";
  CHECK(expect_galera_view({partly, injected("power.off", "c1"), "", ""}).empty());
}

TEST_CASE("predict: HAProxy takes a server that refuses out by its interval and fall", "[predict]") {
  const std::vector<LiveSettings> settings{haproxy_on("c1"), haproxy_on("c2")};
  const Injection killed = injected("service.kill", "c1", "mariadb.service");
  // (3 − 1) · 2 s + U(0, 2 s)
  check(expect_backend_out({settings, killed, "", ""}, {"sql/c1 on c2"}), {4, 4.1, 5.9, 6});
  CHECK(expect_backend_out({settings, killed, "", ""}, {}).empty());  // of a service it is not known which server it is
}

TEST_CASE("predict: HAProxy with fastinter, and with a silent server", "[predict]") {
  std::vector<LiveSettings> settings{haproxy_on("c2")};
  settings[0].settings.push_back({"sql/c1", "fastinter", "500ms", "x"});
  const Injection killed = injected("service.kill", "c1", "mariadb.service");
  // (3 − 1) · 0.5 s + U(0, 2 s)
  check(expect_backend_out({settings, killed, "", ""}, {"sql/c1 on c2"}), {1, 1.1, 2.9, 3});
  const Injection off = injected("power.off", "c1");
  // Without `timeout check` each of three checks fails after inter: 3 · 2 s + 2 · 0.5 s + U(0, 2 s)
  check(expect_backend_out({settings, off, "", ""}, {}), {7, 7.1, 8.9, 9});
  settings[0].settings.push_back({"sql/c1", "timeout check", "10s", "x"});
  settings[0].settings.push_back({"sql/c1", "timeout connect", "1s", "x"});
  check(expect_backend_out({settings, off, "", ""}, {}), {4, 4.1, 5.9, 6});
  // A frozen one takes the connection, and then has `timeout check`: 3 · 10 s + 2 · 0.5 s + U(0, 2 s)
  check(expect_backend_out({settings, injected("service.freeze", "c1", "mariadb.service"), "", ""}, {"sql/c1 on c2"}),
        {31, 31.1, 32.9, 33});
}

TEST_CASE("predict: of HAProxy nothing where clients' errors count, or a server of those that went down is unknown",
          "[predict]") {
  std::vector<LiveSettings> settings{haproxy_on("c2")};
  const Injection killed = injected("service.kill", "c1", "mariadb.service");
  CHECK(expect_backend_out({settings, killed, "", ""}, {"sql/c1 on c2", "api/c1 on c2"}).empty());
  settings[0].settings.push_back({"sql/c1", "observe", "layer4", "x"});
  CHECK(expect_backend_out({settings, killed, "", ""}, {"sql/c1 on c2"}).empty());
}

TEST_CASE("predict: VRRP's backup with the highest priority takes a silent master's address", "[predict]") {
  const std::vector<LiveSettings> settings{keepalived_on("c1", 103), keepalived_on("c2", 100), keepalived_on("c3", 90)};
  const std::string watched = "who answers ARP for 198.18.71.10";
  const Injection off = injected("power.off", "c1");
  // 3 s + 156/256 s − U(0, 1 s) = 3.609 − U
  const double most = 3 + 156.0 / 256;
  const auto all = expect_vip_move({settings, off, "c1", watched});
  check(all, {most - 1, most - 0.95, most - 0.05, most});
  CHECK_THAT(all[0].why, Contains("keepalived on c2") && Contains("priority 100"));
}

TEST_CASE("predict: VRRPv3's skew is a share of its interval", "[predict]") {
  const std::vector<LiveSettings> settings{keepalived_on("c1", 103, "3", "100ms"), keepalived_on("c2", 100, "3", "100ms")};
  const double most = 0.3 + 0.1 * 156 / 256;
  check(expect_vip_move({settings, injected("power.off", "c1"), "c1", "198.18.71.10"}),
        {most - 0.1, most - 0.095, most - 0.005, most});
}

TEST_CASE("predict: a master that says goodbye leaves the skew; one whose script fails needs its failures first", "[predict]") {
  const std::vector<LiveSettings> settings{keepalived_on("c1", 103), keepalived_on("c2", 100)};
  const double skew = 156.0 / 256;
  check(expect_vip_move({settings, injected("service.stop", "c1", "keepalived.service"), "c1", "198.18.71.10"}),
        {skew, skew, skew, skew});
  // (3 − 1) · 2 s + U(0, 2 s) + skew
  check(expect_vip_move({settings, injected("service.kill", "c1", "haproxy.service"), "c1", "198.18.71.10"}),
        {4 + skew, 4.1 + skew, 5.9 + skew, 6 + skew});
}

TEST_CASE("predict: weights of scripts leave the skew open", "[predict]") {
  std::vector<LiveSettings> settings{keepalived_on("c1", 103), keepalived_on("c2", 100)};
  for (LiveSetting& one : settings[1].settings)
    if (one.name == "weight") one.value = "-20";
  const auto band = band_of("vip-moved", expect_vip_move({settings, injected("power.off", "c1"), "c1", "198.18.71.10"}));
  REQUIRE(band);
  CHECK(seconds(band->from) == Approx(2.05 + 156.0 / 256).margin(1e-4));
  CHECK(seconds(band->to) == Approx(2.95 + 176.0 / 256).margin(1e-4));
}

TEST_CASE("predict: of the virtual IP nothing where its holder was not hit, or another address was watched", "[predict]") {
  const std::vector<LiveSettings> settings{keepalived_on("c1", 103), keepalived_on("c2", 100)};
  CHECK(expect_vip_move({settings, injected("power.off", "c1"), "c2", "198.18.71.10"}).empty());
  CHECK(expect_vip_move({settings, injected("power.off", "c1"), "", "198.18.71.10"}).empty());
  CHECK(expect_vip_move({settings, injected("power.off", "c1"), "c1", "198.18.71.9"}).empty());
  CHECK(expect_vip_move({settings, injected("service.kill", "c1", "mariadb.service"), "c1", "198.18.71.10"}).empty());
  CHECK(expect_vip_move({{settings[0]}, injected("power.off", "c1"), "c1", "198.18.71.10"}).empty());
}

TEST_CASE("predict: an address is not the beginning of another", "[predict]") {
  const std::vector<LiveSettings> settings{keepalived_on("c1", 103), keepalived_on("c2", 100)};
  const Injection off = injected("power.off", "c1");
  CHECK(expect_vip_move({settings, off, "c1", "who answers ARP for 198.18.71.101"}).empty());
  CHECK(expect_vip_move({settings, off, "c1", "who answers ARP for 1198.18.71.10"}).empty());
  CHECK_FALSE(expect_vip_move({settings, off, "c1", "who has 198.18.71.10"}).empty());
}

TEST_CASE("predict: settings that can't be ones let expect nothing", "[predict]") {
  const Injection off = injected("power.off", "c1");
  CHECK(expect_galera_view({{galera_on("c1"), galera_on("c2", "100h")}, off, "", ""}).empty());
  const std::string huge = "9000000000000000000";
  CHECK(expect_backend_out({{haproxy_on("c2", "2s", huge)}, off, "", ""}, {}).empty());
  CHECK(expect_backend_out({{haproxy_on("c2", "2s", "0")}, off, "", ""}, {}).empty());
  CHECK(expect_backend_out({{haproxy_on("c2", "-1s", "2")}, off, "", ""}, {}).empty());
}

TEST_CASE("predict: RabbitMQ, Nova and Neutron", "[predict]") {
  const auto with = [](const char* component, const char* name, const char* value, const char* node) {
    return LiveSettings{component, node, {{"", name, value, "x"}}, ""};
  };
  const Injection off = injected("power.off", "c1");
  const std::vector<LiveSettings> rabbit{with("rabbitmq", "net_ticktime", "60s", "c1"),
                                         with("rabbitmq", "net_ticktime", "60s", "c2")};
  check(expect_rabbitmq_notice({rabbit, off, "", ""}, 1), {45, 46.5, 73.5, 75});
  CHECK(expect_rabbitmq_notice({rabbit, injected("service.kill", "c1", "rabbitmq-server.service"), "", ""}, 1).empty());
  const std::vector<LiveSettings> nova{with("nova", "report_interval", "10s", "c1"),
                                       with("nova", "service_down_time", "60s", "c2")};
  check(expect_nova_notice({nova, off, "", ""}, 1), {50, 50.5, 59.5, 60});
  CHECK(expect_nova_notice({nova, injected("service.stop", "c1", "neutron-dhcp-agent.service"), "", ""}, 1).empty());
  const std::vector<LiveSettings> neutron{with("neutron", "report_interval", "30s", "c1"),
                                          with("neutron", "agent_down_time", "75s", "c2")};
  check(expect_neutron_notice({neutron, injected("service.stop", "c1", "neutron-dhcp-agent.service"), "", ""}, 1),
        {45, 46.5, 73.5, 75});
  // The first of four agents whose last reports came 0 to 30 s before: 75 − 30 · 0.95^(1/4), 75 − 30 · 0.05^(1/4).
  const std::vector<Expectation> four = expect_neutron_notice({neutron, off, "", ""}, 4);
  const auto band = band_of("x", four);
  REQUIRE(band);
  CHECK(seconds(band->from) == Approx(45.38).margin(0.01));
  CHECK(seconds(band->to) == Approx(60.81).margin(0.01));
  CHECK_THAT(four.at(0).why, Catch::Contains("the first of 4"));
}
