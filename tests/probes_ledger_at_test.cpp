// A ledger whose clients talk to one replica, past the endpoint.
#include <atomic>
#include <catch2/catch.hpp>

#include "tests/support/ledger_rehearsal.h"
#include "tests/support/mariadb_server.h"

using namespace blackstart;
using namespace blackstart::test;
using Catch::Contains;

namespace {

struct Counter final : OperationSink {
  void record(const Operation& operation) override { (operation.outcome == Outcome::ok ? good : bad) += 1; }
  void flush() override {}
  std::atomic<int> good = 0, bad = 0;
};

// Two servers that know nothing of each other: what reaches the one is not on the other.
struct TwoServers {
  TwoServers() {
    cloud = cloud_of(first.database());
    cloud.database.replicas.push_back({"c2", "127.0.0.1", second.port()});
  }
  static std::vector<SqlRow> tables(const MariadbServer& server) { return server.ask("SHOW TABLES FROM bank"); }
  MariadbServer first, second;
  Cloud cloud;
};

LedgerSettings settings_at(const std::string& node) {
  LedgerSettings settings;
  settings.replication = "none";
  settings.at = node;
  settings.prefix = "minority-";
  return settings;
}

}  // namespace

TEST_CASE("a ledger at a node works on that node's replica alone", "[ledger]") {
  TwoServers servers;
  auto probe = settings_at("c2").make("minority", servers.cloud);
  CHECK_THAT(probe->info().description, Contains("at the replica on c2") && Contains("audited on c1, c2"));
  probe->preflight(within(5s));
  probe->prepare(within(5s));
  CHECK(TwoServers::tables(servers.first).empty());
  REQUIRE(TwoServers::tables(servers.second).size() == 3);
  Counter sink;
  probe->start(real_clock(), real_clock().now(), sink);
  CHECK(wait_until([&] { return servers.second.ask("SELECT COUNT(*) FROM bank.`minority-transfers`")[0][0] != "0"; },
                   within(5s), 20ms));
  SECTION("and not when that replica is gone") {
    servers.second.kill();
    CHECK(wait_until([&] { return sink.bad > 0; }, within(5s), 20ms));
    probe->stop();
    CHECK(TwoServers::tables(servers.first).empty());
  }
  SECTION("and cleans up there") {
    probe->stop();
    CHECK(sink.bad == 0);
    probe->clean_up(within(5s));
    CHECK(TwoServers::tables(servers.second).empty());
  }
}

TEST_CASE("a ledger at a node without a replica is refused", "[ledger]") {
  Cloud cloud;
  cloud.name = "test";
  cloud.database.host = "127.0.0.1";
  cloud.database.replicas = {{"c1", "127.0.0.1"}, {"c2", "127.0.0.1"}};
  CHECK_THROWS_WITH(settings_at("c3").make("minority", cloud), Contains("no replica on 'c3'") && Contains("did you mean"));
  CHECK_NOTHROW(settings_at("c2").make("minority", cloud));
}
