// What the ledger does with PostgreSQL alone; what both kinds do stands in probes_ledger_test.cpp.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "probes/sql_errors.h"
#include "tests/support/ledger_rehearsal.h"
#include "tests/support/postgres_server.h"

using namespace blackstart;
using namespace blackstart::test;
using Catch::Contains;

namespace {

// One server for the tests that leave it in order.
PostgresServer& server() {
  static PostgresServer server;
  return server;
}

// What one query on a connection of its own is answered with.
SqlAnswer answer_to(const std::vector<std::string>& queries) {
  boost::asio::io_context io;
  const auto connection = make_sql_connection(io, endpoint_of(server().database()));
  SqlAnswer last;
  const auto take = [&](SqlAnswer given) { last = std::move(given); };
  connection->connect(5s, take);
  io.run();
  for (const std::string& sql : queries) {
    io.restart();
    connection->query(sql, 5s, take);
    io.run();
  }
  return last;
}

}  // namespace

TEST_CASE("an answer of PostgreSQL has rows, changes, and whether a transaction can be committed", "[ledger][postgres]") {
  SqlAnswer answer = answer_to({"SELECT 1, NULL, 'a;b'"});
  CHECK((answer.ok() && answer.rows == std::vector<SqlRow>{{"1", std::nullopt, "a;b"}} && !answer.in_transaction));
  answer = answer_to(
      {"START TRANSACTION; CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1), (2); UPDATE t SET a = 3 WHERE a = 1"});
  CHECK((answer.changed == std::vector<std::uint64_t>{0, 0, 2, 1} && answer.in_transaction));
  answer = answer_to({"START TRANSACTION; SELECT 1/0; SELECT 2"});
  CHECK((answer.error == sqlstate("22012") && !answer.in_transaction));
  CHECK_THAT(answer.message, Contains("division by zero (SQLSTATE 22012)"));
  // COMMIT of a transaction that failed is answered with success and the word ROLLBACK.
  answer = answer_to({"START TRANSACTION; SELECT 1/0", "COMMIT"});
  CHECK(answer.error == sqlstate("25P02"));
  // COMMIT of none is answered with success and a warning.
  answer = answer_to({"COMMIT"});
  CHECK(answer.error == kWrongAnswer);
  CHECK(answer_to({"START TRANSACTION", "COMMIT"}).ok());
  CHECK(answer_to({"COPY (SELECT 1) TO STDOUT"}).error == kWrongAnswer);
  CHECK(answer_to({"SELECT pg_terminate_backend(pg_backend_pid())"}).error == sqlstate("57P01"));
  CHECK(answer_to({"SELECT repeat('x', 3000000)"}).rows.at(0).at(0).value().size() == 3'000'000);
  CHECK(answer_to({"SELECT length('" + std::string(5'000'000, 'x') + "')"}).rows.at(0).at(0) == "5000000");
}

TEST_CASE("a PostgreSQL that dies in the middle of transfers leaves books that agree with their outcomes",
          "[ledger][postgres]") {
  PostgresServer own;
  LedgerSettings settings = ledger_settings_for_tests();
  settings.transfers = 300;
  settings.accounts = 10;  // many wait for each other's locks when it happens
  Rehearsal it(own.database(), settings);
  it.start();
  const auto booked = [&] { return std::stoi(own.ask("SELECT COUNT(*) FROM bank.transfers")[0][0].value()); };
  REQUIRE(wait_until([&] { return booked() > 60; }, within(30s), 20ms));
  SECTION("killed") { own.kill(); }
  SECTION("shut down at once") { own.shut_down_at_once(); }
  SECTION("shut down") { own.shut_down(); }
  const Time down = real_clock().now() - it.zero;
  real_clock().pause(400ms);
  const Time starting = real_clock().now() - it.zero;
  own.start();
  const int before = booked();
  REQUIRE(wait_until([&] { return booked() > before + 10; }, within(30s), 20ms));
  it.stop();
  require_complete(it);
  CHECK(it.sink.count(Outcome::ok, 0) > 20);
  CHECK(answered_after(it, starting));
  int refused = 0;
  for (const auto& o : it.sink.operations) {
    CAPTURE(o.number, o.series, name_of(o.outcome), o.error);
    if (o.scheduled <= down || o.scheduled + 100ms >= starting) continue;
    // A server process that was just being made keeps the socket open for a moment when the first one is gone: nobody accepts.
    CHECK((o.outcome == Outcome::failed && (o.error == kRefused || o.error == kTimedOut)));
    refused += o.error == kRefused;
  }
  CHECK(refused > 0);
  require_sound(it, it.audit());
}

TEST_CASE("what preflight refuses of PostgreSQL alone, it says with its reason and a hint", "[ledger][postgres]") {
  Database database = server().database();
  LedgerSettings settings = ledger_settings_for_tests();
  const auto preflight = [&] { settings.make("bank", cloud_of(database))->preflight(within(4s)); };
  SECTION("no such database") {
    database.name = "nowhere";
    CHECK_THROWS_WITH(preflight(), Contains("\"nowhere\" does not exist (SQLSTATE 3D000)"));
  }
  SECTION("more than its user may have") {
    server().order_as_superuser("ALTER ROLE bank CONNECTION LIMIT 20");
    CHECK_THROWS_WITH(preflight(), Contains("connection limit of its user is 20"));
    server().order_as_superuser("ALTER ROLE bank CONNECTION LIMIT -1");
  }
  SECTION("a replication of the other kind") {
    settings.replication = "galera";
    CHECK_THROWS_WITH(preflight(),
                      Contains("'replication: galera' does not go with 'kind: postgresql'") && Contains("streaming"));
    database.kind = kMariadb;
    settings.replication = "streaming";
    CHECK_THROWS_WITH(preflight(), Contains("'replication: streaming' does not go with 'kind: mariadb'") && Contains("galera"));
  }
}

TEST_CASE("a user that may make tables in the schema needs no right on the database", "[ledger][postgres]") {
  server().order_as_superuser("CREATE SCHEMA IF NOT EXISTS bank AUTHORIZATION bank; GRANT ALL ON SCHEMA bank TO other");
  Database database = server().database();
  database.user = "other";
  auto probe = ledger_settings_for_tests().make("bank", cloud_of(database));
  CHECK_NOTHROW(probe->preflight(within(5s)));
  CHECK_NOTHROW(probe->prepare(within(5s)));
  CHECK_NOTHROW(probe->clean_up(within(5s)));
  server().order_as_superuser("REVOKE ALL ON SCHEMA bank FROM other");
}

TEST_CASE("a number in PostgreSQL's books that can be no account is not read as one", "[ledger][postgres]") {
  auto probe = ledger_settings_for_tests().make("bank", cloud_of(server().database()));
  probe->prepare(within(5s));
  // One that would be one of our accounts if its upper half were cut off.
  server().ask("INSERT INTO bank.transfers (posting, src, dst, amount) VALUES (11, 4294967297, 2, 3)");
  const auto strange = snapshots_of(*probe, within(10s)).at(0);
  CHECK((!strange.complete && strange.problem.find("4294967297 is no account") != std::string::npos));
  probe->clean_up(within(5s));
}

TEST_CASE("read-backs on one PostgreSQL see each mark", "[ledger][postgres]") {
  LedgerSettings settings = ledger_settings_for_tests();
  settings.transfers = settings.inquiries = 1;
  settings.read_backs = 40;
  settings.deadline = 1500ms;
  settings.connect_timeout = 1s;
  Rehearsal it(server().database(), settings);
  it.start();
  real_clock().pause(2s);
  it.stop();
  REQUIRE(it.stopped.planned.size() == 3);
  CHECK(it.stopped.planned[2] >= 70);  // more than there are rows
  for (const Operation& o : it.sink.operations) {
    CAPTURE(o.number, o.series, name_of(o.outcome), o.error);
    CHECK((o.outcome == Outcome::ok && o.error == 0));
  }
  it.probe->clean_up(within(5s));
}
