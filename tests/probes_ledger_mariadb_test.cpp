// What the ledger does with MariaDB alone; what both kinds do stands in probes_ledger_test.cpp.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <optional>

#include "probes/galera.h"
#include "probes/ledger_operation.h"
#include "probes/ledger_pages.h"
#include "probes/mariadb_connection.h"
#include "tests/support/ledger_rehearsal.h"
#include "tests/support/mariadb_server.h"
#include "tests/support/small_network.h"

using namespace blackstart;
using namespace blackstart::test;
using Catch::Contains;

namespace {

// One server for the tests that leave it in order.
MariadbServer& server() {
  static MariadbServer server;
  return server;
}

}  // namespace

TEST_CASE("a killed server fails operations at once; after its restart fresh connections find it", "[ledger]") {
  MariadbServer own;
  Rehearsal it(own.database(), ledger_settings_for_tests());
  it.start();
  real_clock().pause(500ms);
  own.kill();
  Time killed = real_clock().now() - it.zero;
  real_clock().pause(500ms);
  own.start();
  Time back = real_clock().now() - it.zero;
  real_clock().pause(1s);
  it.stop();
  require_complete(it);
  for (const auto& o : it.sink.operations) {
    CAPTURE(o.number, o.series, name_of(o.outcome), o.error);
    if (o.scheduled > killed && o.scheduled < killed + 400ms)
      CHECK((o.outcome == Outcome::failed && o.done - o.scheduled < 250ms));
    if (o.scheduled > back + 100ms) CHECK(o.outcome == Outcome::ok);
  }
  require_sound(it, it.audit());
}

TEST_CASE("an address where nobody answers costs no more than the time it is given, and no socket", "[ledger]") {
  const BoundSocket silent;  // the first finds a server that says nothing; its queue is then full, and SYNs go unanswered
  silent.listen(0);
  SqlTarget target{"127.0.0.1", silent.port, "bank", "secret"};
  std::size_t files = open_files();
  for (int i = 0; i < 4; ++i) {
    Time before = real_clock().now();
    CHECK_THROWS_WITH(SqlSession(target, within(150ms)), Contains("no answer within 0.1") && Contains("127.0.0.1"));
    CHECK(real_clock().now() - before < 3s);  // a machine under load: the point is that it ends
  }
  CHECK(open_files() == files);
}

TEST_CASE("ports of this machine that are used up are our fault; a server that refuses is not", "[ledger]") {
  on_own_thread([] {
    const SmallNetwork network({});
    run_checked("bringing it up", {"ip", "link", "set", "lo", "up"}, 5s);
    const BoundSocket silent;
    silent.listen(5);
    const auto closed = static_cast<std::uint16_t>(silent.port == 65000 ? 65001 : 65000);
    run_checked("leaving one port", {"sysctl", "-qw", "net.ipv4.ip_local_port_range=40000 40000"}, 5s);
    boost::asio::io_context io;
    const auto error_at = [&](MariadbConnection& connection) {
      std::optional<SqlAnswer> got;
      connection.connect(5s, [&](const SqlAnswer& answer) { got = answer; });
      while (!got) io.run_one();
      INFO(got->message);
      return got->error;
    };
    MariadbConnection refused(io, {"127.0.0.1", closed, "bank", "secret"});
    CHECK_FALSE(outcome_of(SqlKind::mariadb, Stage::connecting, error_at(refused)).outcome == Outcome::unsent);
    MariadbConnection first(io, {"127.0.0.1", silent.port, "bank", "secret"});
    MariadbConnection second(io, {"127.0.0.1", silent.port, "bank", "secret"});
    first.connect(5s, [](const SqlAnswer&) {});
    const std::uint16_t error = error_at(second);
    CHECK(error == kNoSocket);
    CHECK(outcome_of(SqlKind::mariadb, Stage::connecting, error).outcome == Outcome::unsent);
  });
}

TEST_CASE("a server that is no member of a Galera cluster is refused, unless one says so", "[ledger]") {
  LedgerSettings settings = ledger_settings_for_tests();
  settings.replication.clear();  // MariaDB's own
  auto probe = settings.make("bank", cloud_of(server().database()));
  CHECK_THROWS_WITH(probe->preflight(within(4s)), Contains("c1") && Contains("replication: none"));
}

TEST_CASE("a server that would lock its clients out after a hang is refused", "[ledger]") {
  MariadbServer own({false, {"--skip-name-resolve=OFF"}});
  auto probe = ledger_settings_for_tests().make("bank", cloud_of(own.database()));
  CHECK_THROWS_WITH(probe->preflight(within(5s)), Contains("max_connect_errors is 100") && Contains("skip_name_resolve = ON"));
}

TEST_CASE("a table that by itself is not what was read of it by posting is not taken for whole", "[ledger]") {
  auto read_all = [](const std::string& amount) {
    server().ask(
        "CREATE DATABASE IF NOT EXISTS bank; CREATE OR REPLACE TABLE bank.sound (seq INT, amount INT); INSERT INTO "
        "bank.sound VALUES (1, 3), (2, 3), (3, 3); CREATE OR REPLACE VIEW bank.odd AS SELECT seq AS posting, seq, " +
        amount + " AS amount FROM bank.sound");
    SqlSession session(endpoint_of(server().database()), within(10s));
    LedgerPages pages(session, {"bank.odd", "seq", "amount"});
    std::int64_t rows = 0;
    for (; !pages.done(); pages.next()) CHECK(pages.posting() == static_cast<std::uint64_t>(++rows));
    CHECK(rows == 3);
    pages.require_all();
  };
  CHECK_NOTHROW(read_all("amount"));
  CHECK_THROWS_WITH(read_all("CAST(RAND() * 1000000000 AS SIGNED)"), Contains("3 rows") && Contains("index on posting"));
  server().ask("DROP VIEW bank.odd; DROP TABLE bank.sound");
}

TEST_CASE("Galera is asked who writes and whether it is whole", "[ledger][galera]") {
  MariadbServer own({true, {}});
  Cloud cloud = cloud_of(own.database());
  CHECK(current_writer(cloud, within(5s)) == "c1");
  LedgerSettings settings = ledger_settings_for_tests();
  settings.replication = "galera";
  Rehearsal it(own.database(), settings);
  it.start();
  real_clock().pause(500ms);
  it.stop();
  require_complete(it);
  CHECK(it.sink.count(Outcome::ok) == it.sink.operations.size());
  auto redundancy = it.probe->await_redundancy(0s, within(5s), {});
  REQUIRE(redundancy.size() == 1);
  CHECK(redundancy[0].restored);
  CHECK(redundancy[0].observed == "1 of 1 nodes synced");
  require_sound(it, it.audit());

  cloud.nodes[0].name = "somebody";
  CHECK_THROWS_WITH(current_writer(cloud, within(5s)), Contains("'c1'") && Contains("wsrep_node_name"));
  Database two = own.database();
  two.replicas.push_back({"c2", "127.0.0.1", own.port()});
  auto probe = settings.make("bank", cloud_of(two));
  CHECK_THROWS_WITH(probe->preflight(within(5s)), Contains("stands for both c1 and c2"));
  CHECK_THROWS_WITH(require_whole(two, within(5s)), Contains("size 1") && Contains("c2: the same server answers as for c1"));
  CHECK_FALSE(probe->await_redundancy(0s, within(300ms), {})[0].restored);
  own.ask("SELECT 1");
}
