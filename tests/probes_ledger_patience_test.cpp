// A cluster that hiccups while the bank is made, or taken away: tried again, told, and given up at the deadline.
#include <catch2/catch.hpp>

#include "probes/sql_errors.h"
#include "probes/sql_patience.h"
#include "tests/support/commit_proxy.h"
#include "tests/support/error_of.h"
#include "tests/support/ledger_rehearsal.h"
#include "tests/support/mariadb_server.h"

using namespace blackstart;
using namespace blackstart::test;
using Catch::Contains;

namespace {

// A ledger at this database, and what it told; `mend` is called at the first line.
struct Bench {
  std::unique_ptr<Probe> probe;
  std::vector<std::string> told;

  Bench(const Database& database, std::function<void()> mend) {
    LedgerSettings settings;
    settings.replication = "none";
    settings.accounts = 1500;
    probe = settings.make("bank", cloud_of(database));
    probe->tell([this, mend](const std::string& line) {
      told.push_back(line);
      if (told.size() == 1) mend();
    });
  }
  void require_whole_bank() {
    const ReplicaSnapshot bank = snapshots_of(*probe, within(5s)).at(0);
    INFO(bank.problem);
    REQUIRE(bank.complete);
    CHECK(bank.accounts.size() == 1500);
    CHECK(std::all_of(bank.accounts.begin(), bank.accounts.end(), [](auto& a) { return a.balance == 100'000; }));
    CHECK(bank.transfers.empty());
  }
};

}  // namespace

TEST_CASE("a lock that somebody holds for a moment does not keep the bank from being made, or taken away", "[ledger]") {
  const MariadbServer server({false, {"--lock-wait-timeout=1"}});
  std::optional<SqlSession> holder;
  const auto hold = [&] {
    holder.emplace(endpoint_of(server.database()), within(60s));
    holder->ask("holding it", "START TRANSACTION; SELECT * FROM bank.accounts WHERE id = 1");
  };
  Bench bench(server.database(), [&] { holder.reset(); });
  bench.probe->prepare(within(20s));
  CHECK(bench.told.empty());
  hold();
  bench.probe->prepare(within(20s));
  REQUIRE(bench.told.size() == 1);
  CHECK_THAT(bench.told[0], Contains("try 1 failed, trying again: dropping table `bank`.`accounts`") && Contains("error 1205"));
  bench.require_whole_bank();
  bench.told.clear();
  hold();
  bench.probe->clean_up(within(20s));
  CHECK(bench.told.size() == 1);
  CHECK(server.ask("SHOW TABLES IN bank").empty());
}

TEST_CASE("a lock that stays ends the making of the bank at its deadline, with the last error", "[ledger]") {
  const MariadbServer server({false, {"--lock-wait-timeout=1"}});
  Bench bench(server.database(), [] {});
  bench.probe->prepare(within(20s));
  SqlSession holder(endpoint_of(server.database()), within(60s));
  holder.ask("holding it", "START TRANSACTION; SELECT * FROM bank.accounts WHERE id = 1");
  const Time began = real_clock().now();
  const Error error = error_of([&] { bench.probe->prepare(within(4s)); });
  CHECK(real_clock().now() - began < 6s);
  CHECK_THAT(error.what(), Contains("dropping table `bank`.`accounts`") && Contains(" times"));
  CHECK(bench.told.size() >= 1);
}

TEST_CASE("a node that is not prepared yet is waited for", "[ledger][galera]") {
  const MariadbServer server({true, {}});
  server.order_as_root("SET GLOBAL wsrep_reject_queries = ALL");
  Bench bench(server.database(), [&] { server.order_as_root("SET GLOBAL wsrep_reject_queries = NONE"); });
  bench.probe->prepare(within(20s));
  REQUIRE(bench.told.size() == 1);
  CHECK_THAT(bench.told[0], Contains("WSREP has not yet prepared node for application use (error 1047)"));
  bench.require_whole_bank();
}

TEST_CASE("accounts that were opened though nobody heard of it are not opened twice", "[ledger]") {
  const MariadbServer server;
  CommitProxy proxy(server.port());
  Database database = server.database();
  database.port = proxy.port();
  proxy.swallow_answers_to("INSERT INTO");
  Bench bench(database, [&] { proxy.swallow_answers_to(nullptr); });
  bench.probe->prepare(within(4s));
  REQUIRE(bench.told.size() == 1);
  CHECK_THAT(bench.told[0], Contains("opening the accounts") && Contains("no answer within"));
  CHECK(proxy.swallowed() == 1);
  bench.require_whole_bank();
}

TEST_CASE("what does not pass by itself is told at once", "[ledger]") {
  const MariadbServer server;
  Database database = server.database();
  database.user = "other";
  Bench bench(database, [] {});
  CHECK_THROWS_WITH(bench.probe->prepare(within(20s)), Contains("denied") && !Contains("times"));
  CHECK(bench.told.empty());
  constexpr int kAccessDenied = 1045, kTableAccessDenied = 1142, kSyntax = 1064;
  for (const std::uint16_t error : {kAccessDenied, kTableAccessDenied, kSyntax}) CHECK_FALSE(mariadb_sense(error).may_pass);
}
