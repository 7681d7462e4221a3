// Is there room for all operations of an outage: descriptors and local ports.
#include <sys/resource.h>

#include <catch2/catch.hpp>

#include "base/fields.h"
#include "probes/http_probe.h"
#include "probes/ledger_settings.h"
#include "probes/room.h"
#include "probes/tcp_probe.h"
#include "tests/support/error_of.h"

using namespace blackstart;
using Catch::Contains;

namespace {

RoomWanted files(const std::string& probe, std::int64_t count) { return {probe, {count, {}}}; }

RoomWanted fresh(const std::string& probe, const std::string& host, double rate) { return {probe, {0, {{host, 443, rate}}}}; }

MachineRoom machine(std::int64_t soft, std::int64_t hard) {
  MachineRoom room;
  room.open = 44, room.soft = soft, room.hard = hard;
  return room;
}

MachineRoom reusing(std::int64_t how, bool timestamps = true) {
  MachineRoom room = machine(1024, 1024);
  room.reuse = how, room.timestamps = timestamps;
  return room;
}

Room room_of(const ProbeSettings& settings, const Cloud& cloud = {}) { return settings.make("web", cloud)->room(); }

}  // namespace

TEST_CASE("room: rate times deadline, rounded up, and the one that is being sent", "[room]") {
  CHECK(most_under_way(1000, 5s) == 5001);
  CHECK(most_under_way(0.5, 1s) == 2);
  CHECK(most_under_way(3, 500ms) == 3);
}

TEST_CASE("room: the descriptors of all probes together must be allowed", "[room]") {
  // 44 are open, and 256 are for everything else.
  CHECK(require_room({files("bank", 400), files("web", 300)}, machine(1024, 4096)) == 1000);
  CHECK(require_room({files("bank", 3796)}, machine(1024, 4096)) == 4096);
  CHECK(require_room({files("arp", 0)}, machine(64, 64)) == 0);
  CHECK(require_room({}, machine(64, 64)) == 0);
  const Error error = error_of([] { require_room({files("bank", 402), files("web", 5001)}, machine(1024, 4096)); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Contains("the probes bank, web") && Contains("up to 5703 descriptors") &&
                               Contains("bank 402, web 5001; 44 are open now") && Contains("even the hard limit is 4096") &&
                               Contains("1607 are missing"));
  CHECK_THAT(error.hint(), Contains("'ulimit -n 5703'") && Contains("LimitNOFILE=5703") && Contains("deadline of probe web"));
  CHECK_THAT(error_of([] { require_room({files("web", 5001)}, machine(1024, 4096)); }).doing(), Contains("for probe web"));
  const Error alone = error_of([] { require_room({files("arp", 0), files("web", 5001)}, machine(1024, 4096)); });
  CHECK_THAT(alone.doing(), Contains("for probe web"));  // who takes nothing is not named
}

TEST_CASE("room: the ledger asks for what the connections of its kind of server hold", "[room]") {
  LedgerSettings bank;
  bank.transfers = 100, bank.inquiries = 0, bank.deadline = 1s, bank.connections = 10;
  const auto descriptors = [&](const std::string& kind) {
    Cloud cloud;
    cloud.database.kind = kind;
    cloud.database.host = "vip";
    cloud.database.replicas = {{"c1", "198.18.0.11", 3307}};
    return room_of(bank, cloud).descriptors;
  };
  CHECK(descriptors(kMariadb) == bank.most_in_flight() + 10);
  CHECK(descriptors(kPostgresql) == 2 * descriptors(kMariadb));
}

TEST_CASE("room: fresh connections must leave local ports, counted for each address", "[room]") {
  CHECK_NOTHROW(require_room({fresh("web", "api.example", 470)}, reusing(2)));
  const Error error = error_of([] {
    require_room({fresh("web", "api.example", 400), fresh("api", "api.example", 100)}, reusing(2));
  });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Contains("500/s fresh connections to api.example port 443 may keep up to 30000 local ports") &&
                               Contains("there are 28232: 1768 are missing") && Contains("web, api"));
  CHECK_THAT(error.hint(), Contains("net.ipv4.tcp_tw_reuse=1"));
  CHECK_NOTHROW(require_room({fresh("web", "api.example", 400), fresh("api", "other.example", 100)}, reusing(2)));
}

TEST_CASE("room: the kernel uses a closed connection's port again where it is told to", "[room]") {
  const auto refused = [](const std::string& host, double rate, const MachineRoom& room) {
    try {
      require_room({fresh("web", host, rate)}, room);
      return false;
    } catch (const Error&) {
      return true;
    }
  };
  CHECK(refused("198.18.0.1", 1000, reusing(0)));
  CHECK_FALSE(refused("198.18.0.1", 1000, reusing(1)));
  CHECK(refused("198.18.0.1", 1000, reusing(1, false)));  // only with timestamps
  CHECK(refused("198.18.0.1", 1000, reusing(2)));         // on loopback only
  for (const char* here : {"127.0.0.1", "127.3.2.1", "::1", "localhost"}) {
    CHECK_FALSE(refused(here, 1000, reusing(2)));
    CHECK(refused(here, 1000, reusing(0)));
  }
  CHECK(refused("127.0.0.1", 15'000, reusing(2)));  // after more than a second, not at once
  MachineRoom few = reusing(0);
  few.time_waits = 8192;  // beyond these the kernel keeps none
  CHECK_FALSE(refused("198.18.0.1", 1000, few));
}

TEST_CASE("room: an operation that hangs keeps its port until its deadline", "[room]") {
  const auto web = [](double rate, Duration deadline) {
    HttpProbeSettings settings;
    settings.url = "http://198.18.0.1/";
    settings.connections = "fresh";
    settings.rate = rate;
    settings.limits.deadline = deadline;
    return RoomWanted{"web", {0, room_of(settings).fresh}};
  };
  const Error error = error_of([&] { require_room({web(6000, 5s)}, reusing(1)); });
  CHECK_THAT(error.what(), Contains("6000/s fresh connections") && Contains("up to 30000 local ports") &&
                               Contains("keeps its own until its deadline") && Contains("1768 are missing"));
  CHECK_THAT(error.hint(), Contains("lower the rate or the deadline"));
  CHECK_NOTHROW(require_room({web(6000, 4s)}, reusing(1)));
  CHECK_THAT(error_of([&] { require_room({web(6000, 2s), web(3000, 6s)}, reusing(1)); }).what(), Contains("up to 30000"));
  MachineRoom few = reusing(0);
  few.time_waits = 8192;  // what hangs is not among these
  CHECK_THAT(error_of([&] { require_room({web(6000, 5s)}, few); }).what(), Contains("up to 30000"));
}

TEST_CASE("room: a rate is as high as this machine's ports allow, and not by a number of ours", "[room]") {
  const auto read = [](ProbeSettings& settings, const std::string& text) {
    read_text(text, "p.yaml", [&](Fields& f) { settings.describe(f); });
    return room_of(settings, [] {
      Cloud cloud;
      cloud.database.host = "vip";
      cloud.database.replicas = {{"c1", "198.18.0.11", 3307}};
      return cloud;
    }());
  };
  HttpProbeSettings web;
  TcpProbeSettings tcp;
  LedgerSettings bank;
  for (const Room& one : {read(web, "{url: \"http://198.18.0.1/\", rate: 1000/s, connections: fresh, deadline: 1s}"),
                          read(tcp, "{host: 198.18.0.1, port: 80, rate: 1000/s, deadline: 1s}"),
                          read(bank, "{inquiries: 1000/s, transfers: 10/s, deadline: 1s}")}) {
    REQUIRE(one.fresh.size() == 1);
    CHECK(one.fresh[0].rate == 1000);
    MachineRoom room = reusing(1);
    room.hard = 10'000;
    CHECK_NOTHROW(require_room({{"p", one}}, room));
    room.reuse = 0;
    CHECK_THAT(error_of([&] { require_room({{"p", one}}, room); }).what(), Contains("31768 are missing"));
  }
}

TEST_CASE("room: this machine's limits are read, and ours is raised as far as it must", "[room]") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const MachineRoom room = machine_room();
  CHECK(static_cast<rlim_t>(room.soft) == before.rlim_cur);
  CHECK(room.hard >= room.soft);
  CHECK(room.open >= 3);
  CHECK(room.ports > 0);
  CHECK(room.time_waits > 0);
  CHECK((room.reuse >= 0 && room.reuse <= 2));

  rlimit low = before;
  low.rlim_cur = static_cast<rlim_t>(room.open + 20);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  make_room({files("web", 100)});
  rlimit now{};
  ::getrlimit(RLIMIT_NOFILE, &now);
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(now.rlim_cur >= static_cast<rlim_t>(room.open + 100));
  CHECK(now.rlim_max == before.rlim_max);
}

TEST_CASE("room: what probes ask for", "[room]") {
  HttpProbeSettings web;
  web.url = "https://api.example:8443/health";
  web.rate = 100;
  web.limits.deadline = 2s;
  const Room both = room_of(web);
  CHECK(both.descriptors == 2 * 201 + 20);
  REQUIRE(both.fresh.size() == 1);
  CHECK((both.fresh[0].host == "api.example" && both.fresh[0].port == 8443 && both.fresh[0].rate == 100 &&
         both.fresh[0].held == 2s));
  web.connections = "persistent";
  CHECK(room_of(web).fresh.empty());
  CHECK(room_of(web).descriptors == 201 + 20);
  web.connections = "fresh";
  CHECK(room_of(web).descriptors == 201);

  TcpProbeSettings tcp;
  tcp.host = "h", tcp.port = 22, tcp.rate = 10;
  const Room dial = room_of(tcp);
  CHECK((dial.descriptors == 21 && dial.fresh.size() == 1 && dial.fresh[0].rate == 10));
  CHECK(dial.fresh[0].held == tcp.limits.deadline);

  Cloud cloud;
  cloud.database.host = "vip";
  cloud.database.replicas = {{"c1", "198.18.0.11", 3307}};
  LedgerSettings bank;
  const Room books = room_of(bank, cloud);
  CHECK(books.descriptors == bank.most_in_flight() + bank.connections);
  REQUIRE(books.fresh.size() == 1);
  CHECK((books.fresh[0].host == "vip" && books.fresh[0].port == 3306 && books.fresh[0].rate == bank.inquiries));
  CHECK(books.fresh[0].held == bank.deadline);
  bank.at = "c1";
  CHECK(room_of(bank, cloud).fresh[0].port == 3307);
  bank.inquiry_connections = "kept";
  CHECK(room_of(bank, cloud).fresh.empty());
}
