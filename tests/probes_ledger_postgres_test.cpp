// The ledger against a real PostgreSQL server: what it records when the server works, hangs, dies, or hides its answer.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "probes/sql_errors.h"
#include "tests/support/commit_proxy.h"
#include "tests/support/ledger_rehearsal.h"
#include "tests/support/postgres_server.h"

using namespace blackstart;
using namespace blackstart::test;
using Catch::Contains;

namespace {

constexpr const char* kTables = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'bank'";

// One server for the tests that leave it in order.
PostgresServer& server() {
  static PostgresServer server;
  return server;
}

Database through(const CommitProxy& proxy) {
  Database database = server().database();
  database.port = proxy.port();
  return database;
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

TEST_CASE("on a healthy PostgreSQL every operation is acknowledged, and in the books", "[ledger][postgres]") {
  server();
  const std::size_t files = open_files();
  {
    LedgerSettings settings = ledger_settings_for_tests();
    settings.transfers = settings.inquiries = 30;
    settings.deadline = 5s;
    settings.connect_timeout = 3s;
    Rehearsal it(server().database(), settings);
    it.start();
    real_clock().pause(3s);
    it.stop();
    require_complete(it);
    CHECK(it.sink.count(Outcome::ok) == it.sink.operations.size());
    const auto snapshot = it.audit();
    require_sound(it, snapshot);
    CHECK(snapshot.transfers.size() == it.stopped.planned[0]);
    CHECK(snapshot.accounts.size() == 100);
    it.probe->clean_up(within(5s));
    CHECK(server().ask(kTables)[0][0] == "0");
  }
  CHECK(open_files() == files);
}

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

TEST_CASE("a PostgreSQL that hangs gives timeouts at the deadline, and service is seen again when it goes on",
          "[ledger][postgres]") {
  PostgresServer own;
  Rehearsal it(own.database(), ledger_settings_for_tests());
  it.start();
  real_clock().pause(500ms);
  own.signal(SIGSTOP);
  const Time frozen = real_clock().now() - it.zero;
  real_clock().pause(1500ms);
  const Time thawing = real_clock().now() - it.zero;
  own.signal(SIGCONT);
  CHECK(wait_until([&] { return own.ask("SELECT 1").size() == 1; }, within(5s), 20ms));
  real_clock().pause(1s);
  it.stop();
  require_complete(it);
  CHECK(it.sink.count(Outcome::failed) >= 20);
  CHECK(it.sink.operations.back().outcome == Outcome::ok);
  for (const auto& o : it.sink.operations) {
    CAPTURE(o.number, o.series, name_of(o.outcome), o.error);
    CHECK(o.done - o.scheduled < 600ms + 2s);  // its deadline, and a busy machine
    if (o.scheduled > frozen && o.scheduled + 600ms < thawing) CHECK(o.outcome != Outcome::ok);
  }
  require_sound(it, it.audit());
}

TEST_CASE("a PostgreSQL that dies in the middle of transfers leaves books that agree with their outcomes",
          "[ledger][postgres]") {
  PostgresServer own;
  LedgerSettings settings = ledger_settings_for_tests();
  settings.transfers = 300;
  settings.accounts = 10;  // many wait for each other's locks when it happens
  Rehearsal it(own.database(), settings);
  it.start();
  real_clock().pause(500ms);
  SECTION("killed") { own.kill(); }
  SECTION("shut down at once") { own.shut_down_at_once(); }
  SECTION("shut down") { own.shut_down(); }
  const Time down = real_clock().now() - it.zero;
  real_clock().pause(400ms);
  const Time starting = real_clock().now() - it.zero;
  own.start();
  real_clock().pause(1s);
  it.stop();
  require_complete(it);
  CHECK(it.sink.count(Outcome::ok, 0) > 20);
  CHECK(it.sink.operations.back().outcome == Outcome::ok);
  for (const auto& o : it.sink.operations) {
    CAPTURE(o.number, o.series, name_of(o.outcome), o.error);
    if (o.scheduled > down && o.scheduled + 100ms < starting) CHECK((o.outcome == Outcome::failed && o.error == kRefused));
  }
  require_sound(it, it.audit());
}

TEST_CASE("no answer to COMMIT is indeterminate with PostgreSQL too, and the transfer may well stand in the books",
          "[ledger][postgres]") {
  CommitProxy proxy(server().port());
  Rehearsal it(through(proxy), ledger_settings_for_tests());
  it.start();
  real_clock().pause(300ms);
  proxy.swallow_answers(true);
  real_clock().pause(300ms);
  proxy.swallow_answers(false);
  real_clock().pause(300ms);
  it.stop();
  require_complete(it);
  const auto snapshot = it.audit();
  require_sound(it, snapshot);
  const auto found = by_posting(snapshot);
  CHECK(it.sink.count(Outcome::indeterminate) >= 3);
  CHECK(it.sink.count(Outcome::indeterminate) == static_cast<std::size_t>(proxy.swallowed()));
  for (const auto& o : it.sink.operations)
    if (o.outcome == Outcome::indeterminate) CHECK((o.error == kTimedOut && found.count(o.posting) == 1));
  it.probe->clean_up(within(5s));
}

TEST_CASE("a transaction that never began in PostgreSQL has an effect that can't be ruled out", "[ledger][postgres]") {
  CommitProxy proxy(server().port());
  Rehearsal it(through(proxy), ledger_settings_for_tests());
  it.start();
  proxy.spoil_transactions(true);
  real_clock().pause(300ms);
  it.stop();
  require_complete(it);
  const auto snapshot = it.audit();
  require_sound(it, snapshot);
  CHECK(it.sink.count(Outcome::ok, 0) + it.sink.count(Outcome::failed, 0) <= 2);  // one may have begun before
  CHECK(it.sink.count(Outcome::indeterminate, 0) >= 5);
  CHECK(snapshot.transfers.size() >= it.sink.count(Outcome::indeterminate, 0));
  it.probe->clean_up(within(5s));
}

TEST_CASE("transfers that wait for a lock in PostgreSQL are given up at their deadline and leave nothing",
          "[ledger][postgres]") {
  Rehearsal it(server().database(), ledger_settings_for_tests());
  it.start();
  Time locked{0}, released{0};
  {
    SqlSession holder(endpoint_of(server().database()), within(10s));
    holder.ask("locking", "START TRANSACTION; SELECT * FROM bank.accounts FOR UPDATE");
    locked = real_clock().now() - it.zero;
    real_clock().pause(1s);
    released = real_clock().now() - it.zero;
  }
  real_clock().pause(700ms);
  it.stop();
  require_complete(it);
  std::size_t given_up = 0;
  for (const auto& o : it.sink.operations) {
    if (o.series != 0 || o.scheduled < locked || o.scheduled + 600ms > released) continue;
    ++given_up;
    CHECK((o.outcome == Outcome::failed && o.error == kTimedOut && o.done - o.scheduled >= 600ms));
  }
  CHECK(given_up >= 10);
  require_sound(it, it.audit());
  it.probe->clean_up(within(10s));
}

TEST_CASE("kept connections that PostgreSQL has closed are noticed before they are used", "[ledger][postgres]") {
  LedgerSettings settings = ledger_settings_for_tests();
  settings.transfers = settings.inquiries = 2;  // something is due every 250 ms, and the killer comes half-way between
  settings.inquiry_connections = "kept";
  settings.deadline = 5s;
  settings.connect_timeout = 3s;
  Rehearsal it(server().database(), settings);
  it.start();
  SqlSession killer(endpoint_of(server().database()), within(10s));
  std::size_t killed = 0;
  for (int i = 0; i < 7; ++i) {
    real_clock().pause(i == 0 ? 130ms : 250ms);
    killed +=
        killer
            .ask("killing", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle' AND usename = 'bank'")
            .size();
  }
  it.stop();
  require_complete(it);
  CHECK(killed >= 5);
  CHECK(it.sink.count(Outcome::ok) + 1 >= it.sink.operations.size());  // a busy machine: one may be asked while it is closed
  require_sound(it, it.audit());
  it.probe->clean_up(within(5s));
}

TEST_CASE("stop() ends within the deadline though PostgreSQL hangs, and loses no socket", "[ledger][postgres]") {
  PostgresServer own;
  const std::size_t files = open_files();
  {
    Rehearsal it(own.database(), ledger_settings_for_tests());
    it.start();
    real_clock().pause(300ms);
    own.signal(SIGSTOP);
    real_clock().pause(400ms);
    const Time before = real_clock().now();
    it.stop();
    CHECK(real_clock().now() - before < 600ms + 3s);  // a machine under load: the point is that it ends
    require_complete(it);
    CHECK(it.sink.count(Outcome::ok) > 0);
    CHECK(it.sink.count(Outcome::ok) < it.sink.operations.size());
  }
  CHECK(open_files() == files);
}

TEST_CASE("what preflight refuses of PostgreSQL, it says with its reason and a hint", "[ledger][postgres]") {
  Database database = server().database();
  LedgerSettings settings = ledger_settings_for_tests();
  const auto preflight = [&] { settings.make("bank", cloud_of(database))->preflight(within(4s)); };
  SECTION("everything is in order") { CHECK_NOTHROW(preflight()); }
  SECTION("wrong password") {
    test::Folder folder;
    database.password_file = (folder.path() / "wrong").string();
    std::ofstream(database.password_file) << "nonsense\n";
    CHECK_THROWS_WITH(preflight(), Contains("SQLSTATE 28P01") && Contains("'bank'") && Contains("password-file"));
  }
  SECTION("nobody listens") {
    database.port = free_port();
    CHECK_THROWS_WITH(preflight(),
                      Contains("connecting") && Contains(std::to_string(database.port)) && Contains("is the database up"));
  }
  SECTION("somebody listens and says nothing") {
    Bound silent;
    REQUIRE(::listen(silent.handle(), 8) == 0);
    database.port = silent.port();
    CHECK_THROWS_WITH(settings.make("bank", cloud_of(database))->preflight(within(200ms)), Contains("no answer within"));
  }
  SECTION("no such database") {
    database.name = "nowhere";
    CHECK_THROWS_WITH(preflight(), Contains("\"nowhere\" does not exist (SQLSTATE 3D000)"));
  }
  SECTION("the user may not make tables") {
    database.user = "other";
    CHECK_THROWS_WITH(preflight(), Contains("may not make tables") && Contains("OWNER TO"));
  }
  SECTION("a replica does not answer") {
    database.replicas.push_back({"c2", "127.0.0.1", free_port()});
    CHECK_THROWS_WITH(preflight(), Contains(std::to_string(database.replicas[1].port)));
  }
  SECTION("more operations than the server takes connections") {
    settings.transfers = 1000;
    CHECK_THROWS_WITH(preflight(), Contains("max_connections") && Contains("are missing"));
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
  SECTION("a table of somebody else") {
    server().ask("CREATE SCHEMA IF NOT EXISTS bank; CREATE TABLE bank.accounts (id INT)");
    auto probe = settings.make("bank", cloud_of(database));
    CHECK_THROWS_WITH(preflight(), Contains("'accounts'") && Contains("not ours"));
    CHECK_THROWS_WITH(probe->prepare(within(2s)), Contains("not ours"));
    CHECK_THROWS_WITH(probe->clean_up(within(2s)), Contains("not ours"));
    CHECK(server().ask(kTables)[0][0] == "1");
    server().ask("DROP TABLE bank.accounts");
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

TEST_CASE("what an earlier run left behind in PostgreSQL is replaced", "[ledger][postgres]") {
  LedgerSettings settings = ledger_settings_for_tests();
  settings.accounts = 2500;
  auto probe = settings.make("bank", cloud_of(server().database()));
  probe->prepare(within(5s));
  server().ask(
      "UPDATE bank.accounts SET balance = 7; INSERT INTO bank.transfers (posting, src, dst, amount) VALUES (1, 1, 2, 3)");
  probe->prepare(within(5s));
  const auto snapshot = snapshots_of(*probe, within(5s)).at(0);
  REQUIRE(snapshot.complete);
  CHECK(snapshot.transfers.empty());
  REQUIRE(snapshot.accounts.size() == 2500);
  CHECK(std::all_of(snapshot.accounts.begin(), snapshot.accounts.end(), [](auto& a) { return a.balance == 100'000; }));
  probe->clean_up(within(5s));
}

TEST_CASE("a snapshot of PostgreSQL reads more than one page, and shows what is wrong in the books", "[ledger][postgres]") {
  auto probe = ledger_settings_for_tests().make("bank", cloud_of(server().database()));
  probe->prepare(within(5s));
  server().ask(
      "INSERT INTO bank.transfers (posting, src, dst, amount) SELECT n, 1, 2, 3 FROM generate_series(1, 25000) n;"
      "INSERT INTO bank.history (posting, account, amount) SELECT n, 1, -3 FROM generate_series(1, 25000) n;"
      "INSERT INTO bank.history (posting, account, amount) SELECT n, 2, 3 FROM generate_series(1, 25000) n;"
      "DELETE FROM bank.transfers WHERE posting = 12345; DELETE FROM bank.history WHERE posting = 20000 AND amount > 0;"
      "INSERT INTO bank.transfers (posting, src, dst, amount) VALUES (7, 1, 2, 3);"
      "UPDATE bank.transfers SET amount = 4 WHERE posting = 9; DELETE FROM bank.transfers WHERE posting = 24999;"
      "DELETE FROM bank.history WHERE posting = 24999");
  const auto snapshot = snapshots_of(*probe, within(10s)).at(0);
  INFO(snapshot.problem);
  REQUIRE(snapshot.complete);
  REQUIRE(snapshot.transfers.size() == 25'000);
  CHECK(snapshot.transfers[6] == PostedTransfer{7, 1, 2, 3, 2, 3, 3});
  CHECK(snapshot.transfers[7] == snapshot.transfers[6]);
  CHECK(snapshot.transfers[9] == PostedTransfer{9, 1, 2, 4, 2, 3, 3});
  CHECK(snapshot.transfers[12'345] == PostedTransfer{12'345, 0, 0, 0, 2, 3, 3});
  CHECK(snapshot.transfers[20'000] == PostedTransfer{20'000, 1, 2, 3, 1, 3, 0});
  CHECK(snapshot.transfers[24'999] == PostedTransfer{25'000, 1, 2, 3, 2, 3, 3});
  // A number that would be one of our accounts if its upper half were cut off.
  server().ask("UPDATE bank.transfers SET src = src + 4294967296 WHERE posting = 11");
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
