// The ledger against real servers of both kinds: what it records when the server works, hangs, or hides its answer. What one
// of them does alone stands in probes_ledger_mariadb_test.cpp and probes_ledger_postgres_test.cpp.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "probes/ledger.h"
#include "tests/support/commit_proxy.h"
#include "tests/support/ledger_rehearsal.h"
#include "tests/support/mariadb_server.h"
#include "tests/support/postgres_server.h"
#include "tests/support/replica_rows.h"

using namespace blackstart;
using namespace blackstart::test;
using Catch::Contains;

namespace {

struct Mariadb {
  using Server = MariadbServer;
  static constexpr std::size_t kAstray = 0;  // so many operations may fail by themselves on a busy machine
  static constexpr const char* kWrongPassword = "error 1045";
  static constexpr const char* kMayNotMake = "lacks INSERT, UPDATE, CREATE, DROP";
  static constexpr const char* kRemedy = "GRANT";
  static constexpr const char* kNumbers = "(SELECT seq AS n FROM bank.seq_1_to_25000) AS numbers";

  // For tests in which every operation must succeed.
  static LedgerSettings unhurried() {
    LedgerSettings settings = ledger_settings_for_tests();
    settings.transfers = settings.inquiries = 50;
    return settings;
  }
  static std::size_t end_idle(SqlSession& killer) {
    const auto idle = killer.ask("asking", "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND = 'Sleep'");
    for (const SqlRow& row : idle) killer.ask("killing", "KILL CONNECTION " + *row[0]);
    return idle.size();
  }
};

struct Postgres {
  using Server = PostgresServer;
  static constexpr std::size_t kAstray = 2;
  static constexpr const char* kWrongPassword = "SQLSTATE 28P01";
  static constexpr const char* kMayNotMake = "may not make tables";
  static constexpr const char* kRemedy = "OWNER TO";
  static constexpr const char* kNumbers = "generate_series(1, 25000) AS numbers (n)";

  // A log-in takes both sides milliseconds of a processor (SCRAM): on a busy machine more than the others' deadline allows.
  static LedgerSettings unhurried() {
    LedgerSettings settings = ledger_settings_for_tests();
    settings.transfers = settings.inquiries = 30;
    settings.deadline = 5s;
    settings.connect_timeout = 3s;
    return settings;
  }
  static std::size_t end_idle(SqlSession& killer) {
    return killer
        .ask("killing", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle' AND usename = 'bank'")
        .size();
  }
};

// One server of each kind for the tests that leave it in order.
template <class Kind>
typename Kind::Server& server() {
  static typename Kind::Server server;
  return server;
}

template <class Kind>
Database through(const CommitProxy& proxy) {
  Database database = server<Kind>().database();
  database.port = proxy.port();
  return database;
}

template <class Kind>
std::string tables() {
  return *server<Kind>().ask("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'bank'")[0][0];
}

}  // namespace

TEMPLATE_TEST_CASE("on a healthy server every operation is acknowledged, in time, and in the books", "[ledger]", Mariadb,
                   Postgres) {
  server<TestType>();
  const std::size_t files = open_files();
  {
    const LedgerSettings settings = TestType::unhurried();
    Rehearsal it(server<TestType>().database(), settings);
    it.start();
    real_clock().pause(5s);
    it.stop();
    require_complete(it);
    CHECK(it.sink.count(Outcome::ok) == it.sink.operations.size());
    CHECK(static_cast<double>(it.stopped.planned[0]) >= 5 * settings.transfers - 2);
    const auto snapshot = it.audit();
    require_sound(it, snapshot);
    CHECK(snapshot.transfers.size() == it.stopped.planned[0]);
    CHECK(snapshot.accounts.size() == 100);
    std::vector<Duration> lags;
    for (const auto& o : it.sink.operations) lags.push_back(o.sent - o.scheduled);
    std::sort(lags.begin(), lags.end());
    INFO("send lag: median " << lags[lags.size() / 2].count() << " ns, most " << lags.back().count() << " ns");
    CHECK(lags[lags.size() / 2] < 5ms);
    it.probe->clean_up(within(5s));
    CHECK(tables<TestType>() == "0");
  }
  CHECK(open_files() == files);
}

TEMPLATE_TEST_CASE("a server that hangs gives timeouts at the deadline, and service is seen again when it goes on", "[ledger]",
                   Mariadb, Postgres) {
  typename TestType::Server own;
  Rehearsal it(own.database(), ledger_settings_for_tests());
  it.start();
  real_clock().pause(500ms);
  own.signal(SIGSTOP);
  const Time frozen = real_clock().now() - it.zero;
  real_clock().pause(1500ms);
  const Time thawing = real_clock().now() - it.zero;
  own.signal(SIGCONT);
  CHECK(wait_until([&] { return own.ask("SELECT 1").size() == 1; }, within(5s), 20ms));
  const Time thawed = real_clock().now() - it.zero;
  real_clock().pause(1s);
  it.stop();
  require_complete(it);
  CHECK(it.sink.count(Outcome::failed) >= 20);
  CHECK(answered_after(it, thawed));
  for (const auto& o : it.sink.operations) {
    CAPTURE(o.number, o.series, name_of(o.outcome), o.error);
    CHECK(o.done - o.scheduled < 600ms + 2s);  // its deadline, and a busy machine
    if (o.scheduled > frozen && o.scheduled + 600ms < thawing) CHECK(o.outcome != Outcome::ok);
    if (TestType::kAstray == 0 && o.scheduled > thawed + 300ms) CHECK(o.outcome == Outcome::ok);
  }
  require_sound(it, it.audit());
}

TEMPLATE_TEST_CASE("no answer to COMMIT is indeterminate, and the transfer may well stand in the books", "[ledger]", Mariadb,
                   Postgres) {
  CommitProxy proxy(server<TestType>().port());
  Rehearsal it(through<TestType>(proxy), ledger_settings_for_tests());
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
  CHECK(it.sink.count(Outcome::indeterminate) >= 5 - TestType::kAstray);
  CHECK(it.sink.count(Outcome::indeterminate) == static_cast<std::size_t>(proxy.swallowed()));
  for (const auto& o : it.sink.operations)
    if (o.outcome == Outcome::indeterminate) CHECK((o.error == kTimedOut && found.count(o.posting) == 1));
  if (TestType::kAstray == 0) CHECK(it.sink.count(Outcome::ok, 1) == it.stopped.planned[1]);  // inquiries commit nothing
  it.probe->clean_up(within(5s));
}

TEMPLATE_TEST_CASE("a transaction that never began has an effect that can't be ruled out", "[ledger]", Mariadb, Postgres) {
  CommitProxy proxy(server<TestType>().port());
  Rehearsal it(through<TestType>(proxy), ledger_settings_for_tests());
  it.start();
  proxy.spoil_transactions(true);
  real_clock().pause(300ms);
  it.stop();
  require_complete(it);
  const auto snapshot = it.audit();
  require_sound(it, snapshot);
  const std::size_t doubtful = it.sink.count(Outcome::indeterminate, 0);
  CHECK(doubtful >= 5);
  CHECK(doubtful + TestType::kAstray >= it.stopped.planned[0]);  // one may have begun before
  CHECK(it.sink.count(Outcome::ok, 0) <= TestType::kAstray);
  CHECK(snapshot.transfers.size() >= doubtful);
  it.probe->clean_up(within(5s));
}

TEMPLATE_TEST_CASE("transfers that wait for a lock are given up at their deadline and leave nothing", "[ledger]", Mariadb,
                   Postgres) {
  Rehearsal it(server<TestType>().database(), ledger_settings_for_tests());
  it.start();
  Time locked{0}, released{0};
  {
    SqlSession holder(endpoint_of(server<TestType>().database()), within(10s));
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
  if (TestType::kAstray == 0) CHECK(it.sink.count(Outcome::ok, 1) == it.stopped.planned[1]);
  require_sound(it, it.audit());
  it.probe->clean_up(within(10s));
}

TEMPLATE_TEST_CASE("kept connections that the server has closed are noticed before they are used", "[ledger]", Mariadb,
                   Postgres) {
  LedgerSettings settings = TestType::unhurried();
  settings.transfers = settings.inquiries = 2;  // something is due every 250 ms, and the killer comes half-way between
  settings.inquiry_connections = "kept";
  Rehearsal it(server<TestType>().database(), settings);
  it.start();
  SqlSession killer(endpoint_of(server<TestType>().database()), within(10s));
  std::size_t killed = 0;
  for (int i = 0; i < 7; ++i) {
    real_clock().pause(i == 0 ? 130ms : 250ms);
    killed += TestType::end_idle(killer);
  }
  it.stop();
  require_complete(it);
  CHECK(killed >= 5);
  CHECK(it.sink.count(Outcome::ok) + TestType::kAstray / 2 >= it.sink.operations.size());  // one asked while it is closed
  require_sound(it, it.audit());
  it.probe->clean_up(within(5s));
}

TEMPLATE_TEST_CASE("a connection holds as many descriptors as room is asked for, and gives them back", "[ledger]", Mariadb,
                   Postgres) {
  const SqlTarget target = endpoint_of(server<TestType>().database());
  boost::asio::io_context io;
  std::vector<std::unique_ptr<SqlConnection>> open;
  const auto connect = [&] {
    bool asked = false;
    open.push_back(make_sql_connection(io, target));
    open.back()->connect(10s, [&](const SqlAnswer& connected) {
      REQUIRE(connected.ok());
      open.back()->query("SELECT 1", 10s, [&](const SqlAnswer& answer) { asked = answer.ok(); });
    });
    io.restart();
    while (!asked && io.run_one() > 0) continue;
    REQUIRE(asked);
  };
  connect();  // with it the loop opens its own
  const std::size_t files = open_files();
  for (int i = 0; i < 5; ++i) connect();
  CHECK(open_files() == files + 5 * descriptors_each(target.kind));
  for (const auto& connection : open) CHECK(connection->usable());
  open.resize(1);
  CHECK(open_files() == files);
}

TEMPLATE_TEST_CASE("stop() ends within the deadline though the server hangs, and loses no socket", "[ledger]", Mariadb,
                   Postgres) {
  typename TestType::Server own;
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

TEMPLATE_TEST_CASE("what preflight refuses, it says with its reason and a hint", "[ledger]", Mariadb, Postgres) {
  Database database = server<TestType>().database();
  LedgerSettings settings = ledger_settings_for_tests();
  const auto preflight = [&](Duration length = 4s) { settings.make("bank", cloud_of(database))->preflight(within(length)); };
  SECTION("everything is in order") { CHECK_NOTHROW(preflight()); }
  SECTION("wrong password") {
    const Folder folder;
    database.password_file = (folder.path / "wrong").string();
    std::ofstream(database.password_file) << "nonsense\n";
    CHECK_THROWS_WITH(preflight(), Contains(TestType::kWrongPassword) && Contains("'bank'") && Contains("password-file"));
  }
  SECTION("nobody listens") {
    database.port = free_port();
    CHECK_THROWS_WITH(preflight(),
                      Contains("connecting") && Contains(std::to_string(database.port)) && Contains("is the database up"));
  }
  SECTION("somebody listens and says nothing") {
    const BoundSocket silent;
    silent.listen(8);
    database.port = silent.port;
    CHECK_THROWS_WITH(preflight(200ms), Contains("no answer within"));
  }
  SECTION("a replica does not answer") {
    database.replicas.push_back({"c2", "127.0.0.1", free_port()});
    CHECK_THROWS_WITH(preflight(), Contains(std::to_string(database.replicas[1].port)));
  }
  SECTION("a name that nobody knows") {
    database.host = "no-such-host.invalid";
    CHECK_THROWS_WITH(preflight(), Contains("no-such-host.invalid"));
  }
  SECTION("the user may not make tables") {
    database.user = "other";
    CHECK_THROWS_WITH(preflight(), Contains(TestType::kMayNotMake) && Contains(TestType::kRemedy));
  }
  SECTION("more operations than the server takes connections") {
    settings.transfers = 1000;
    CHECK_THROWS_WITH(preflight(), Contains("max_connections") && Contains("are missing"));
  }
  SECTION("a table of somebody else") {
    server<TestType>().ask("CREATE SCHEMA IF NOT EXISTS bank; CREATE TABLE bank.accounts (id INT)");
    auto probe = settings.make("bank", cloud_of(database));
    CHECK_THROWS_WITH(preflight(), Contains("'accounts'") && Contains("not ours"));
    CHECK_THROWS_WITH(probe->prepare(within(2s)), Contains("not ours"));
    CHECK_THROWS_WITH(probe->clean_up(within(2s)), Contains("not ours"));
    CHECK(tables<TestType>() == "1");
    server<TestType>().ask("DROP TABLE bank.accounts");
  }
}

TEMPLATE_TEST_CASE("what an earlier run left behind is replaced", "[ledger]", Mariadb, Postgres) {
  LedgerSettings settings = ledger_settings_for_tests();
  settings.accounts = 2500;
  auto probe = settings.make("bank", cloud_of(server<TestType>().database()));
  probe->prepare(within(5s));
  server<TestType>().ask(
      "UPDATE bank.accounts SET balance = 7; INSERT INTO bank.transfers (posting, src, dst, amount) VALUES (1, 1, 2, 3)");
  probe->prepare(within(5s));
  const auto snapshot = snapshots_of(*probe, within(5s)).at(0);
  REQUIRE(snapshot.complete);
  CHECK(snapshot.transfers.empty());
  REQUIRE(snapshot.accounts.size() == 2500);
  CHECK(std::all_of(snapshot.accounts.begin(), snapshot.accounts.end(), [](auto& a) { return a.balance == 100'000; }));
  probe->clean_up(within(5s));
}

TEMPLATE_TEST_CASE("a snapshot reads more than one page, and shows what is wrong in the books", "[ledger]", Mariadb, Postgres) {
  auto probe = ledger_settings_for_tests().make("bank", cloud_of(server<TestType>().database()));
  probe->prepare(within(5s));
  server<TestType>().ask(fmt::format(
      "INSERT INTO bank.transfers (posting, src, dst, amount) SELECT n, 1, 2, 3 FROM {0} ORDER BY n;"
      "INSERT INTO bank.history (posting, account, amount) SELECT n, 1, -3 FROM {0};"
      "INSERT INTO bank.history (posting, account, amount) SELECT n, 2, 3 FROM {0};"
      "DELETE FROM bank.transfers WHERE posting = 12345; DELETE FROM bank.history WHERE posting = 20000 AND amount > 0;"
      "INSERT INTO bank.transfers (posting, src, dst, amount) VALUES (7, 1, 2, 3);"
      "UPDATE bank.transfers SET amount = 4 WHERE posting = 9; DELETE FROM bank.transfers WHERE posting = 24999;"
      "DELETE FROM bank.history WHERE posting = 24999",
      TestType::kNumbers));
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
  probe->clean_up(within(5s));
}

TEMPLATE_TEST_CASE("a replica that can't be read is a snapshot that is not complete", "[ledger]", Mariadb, Postgres) {
  Database database = server<TestType>().database();
  database.replicas.push_back({"c2", "127.0.0.1", free_port()});
  auto probe = ledger_settings_for_tests().make("bank", cloud_of(database));
  probe->prepare(within(5s));
  const auto snapshots = snapshots_of(*probe, within(5s));
  REQUIRE(snapshots.size() == 2);
  CHECK((snapshots[0].replica == "c1" && snapshots[0].complete && snapshots[0].problem.empty()));
  CHECK((snapshots[1].replica == "c2" && !snapshots[1].complete));
  CHECK_THAT(snapshots[1].problem, Contains("connecting"));
  const auto redundancy = probe->await_redundancy(0s, within(300ms), {});
  REQUIRE(redundancy.size() == 1);
  CHECK_FALSE(redundancy[0].restored);
  CHECK_THAT(redundancy[0].observed, Contains("c2"));
  probe->clean_up(within(5s));
}
