// The ledger against a real MariaDB server: what it records when the server works, hangs, dies, or hides its answer.
#include <catch2/catch.hpp>

#include "probes/galera.h"
#include "probes/ledger.h"
#include "probes/ledger_pages.h"
#include "tests/support/commit_proxy.h"
#include "tests/support/ledger_rehearsal.h"
#include "tests/support/mariadb_server.h"
#include "tests/support/replica_rows.h"

using namespace blackstart;
using namespace blackstart::test;
using Catch::Contains;

namespace {

LedgerSettings settings_for_tests() { return ledger_settings_for_tests(); }

// One server for the tests that leave it in order.
MariadbServer& server() {
  static MariadbServer server;
  return server;
}

}  // namespace

TEST_CASE("on a healthy server every operation is acknowledged, in time, and in the books", "[ledger]") {
  std::size_t files = open_files();
  {
    LedgerSettings settings = settings_for_tests();
    settings.transfers = 50;
    settings.inquiries = 50;
    Rehearsal it(server().database(), settings);
    it.start();
    real_clock().pause(5s);
    it.stop();
    require_complete(it);
    CHECK(it.sink.count(Outcome::ok) == it.sink.operations.size());
    CHECK(it.stopped.planned[0] >= 248);
    auto snapshot = it.audit();
    require_sound(it, snapshot);
    CHECK(snapshot.transfers.size() == it.stopped.planned[0]);
    CHECK(snapshot.accounts.size() == 100);
    std::vector<Duration> lags;
    for (const auto& o : it.sink.operations) lags.push_back(o.sent - o.scheduled);
    std::sort(lags.begin(), lags.end());
    INFO("send lag: median " << lags[lags.size() / 2].count() << " ns, most " << lags.back().count() << " ns");
    CHECK(lags[lags.size() / 2] < 5ms);
    it.probe->clean_up(within(5s));
    CHECK(server().ask("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'bank'")[0][0] == "0");
  }
  CHECK(open_files() == files);
}

TEST_CASE("a server that hangs gives timeouts at the deadline, and service is seen again when it goes on", "[ledger]") {
  MariadbServer own;
  Rehearsal it(own.database(), settings_for_tests());
  it.start();
  real_clock().pause(500ms);
  own.signal(SIGSTOP);
  Time frozen = real_clock().now() - it.zero;
  real_clock().pause(1500ms);
  own.signal(SIGCONT);
  Time thawed = real_clock().now() - it.zero;
  real_clock().pause(1s);
  it.stop();
  require_complete(it);
  CHECK(it.sink.count(Outcome::failed) >= 20);
  for (const auto& o : it.sink.operations) {
    CAPTURE(o.number, o.series, name_of(o.outcome), o.error);
    CHECK(o.done - o.scheduled < 600ms + 2s);  // its deadline, and a busy machine
    if (o.scheduled > frozen && o.scheduled + 600ms < thawed) CHECK(o.outcome != Outcome::ok);
    if (o.scheduled > thawed + 300ms) CHECK(o.outcome == Outcome::ok);
  }
  require_sound(it, it.audit());
}

TEST_CASE("a killed server fails operations at once; after its restart fresh connections find it", "[ledger]") {
  MariadbServer own;
  Rehearsal it(own.database(), settings_for_tests());
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

TEST_CASE("no answer to COMMIT is indeterminate, and the transfer may well stand in the books", "[ledger]") {
  CommitProxy proxy(server().port());
  Database database = server().database();
  database.port = proxy.port();
  Rehearsal it(database, settings_for_tests());
  it.start();
  real_clock().pause(300ms);
  proxy.swallow_answers(true);
  real_clock().pause(300ms);
  proxy.swallow_answers(false);
  real_clock().pause(300ms);
  it.stop();
  require_complete(it);
  auto snapshot = it.audit();
  require_sound(it, snapshot);
  auto found = by_posting(snapshot);
  CHECK(it.sink.count(Outcome::indeterminate) >= 5);
  CHECK(it.sink.count(Outcome::indeterminate) == static_cast<std::size_t>(proxy.swallowed()));
  for (const auto& o : it.sink.operations)
    if (o.outcome == Outcome::indeterminate) {
      CHECK(o.error == kTimedOut);
      CHECK(found.count(o.posting) == 1);
    }
  CHECK(it.sink.count(Outcome::ok, 1) == it.stopped.planned[1]);  // inquiries commit nothing
  it.probe->clean_up(within(5s));
}

TEST_CASE("a transaction that never began has an effect that can't be ruled out", "[ledger]") {
  CommitProxy proxy(server().port());
  Database database = server().database();
  database.port = proxy.port();
  Rehearsal it(database, settings_for_tests());
  it.start();
  proxy.spoil_transactions(true);
  real_clock().pause(300ms);
  it.stop();
  require_complete(it);
  auto snapshot = it.audit();
  require_sound(it, snapshot);
  CHECK(it.sink.count(Outcome::ok, 0) == 0);
  CHECK(it.sink.count(Outcome::indeterminate, 0) == it.stopped.planned[0]);
  CHECK(snapshot.transfers.size() == it.stopped.planned[0]);
  it.probe->clean_up(within(5s));
}

TEST_CASE("transfers that wait for a lock are given up at their deadline and leave nothing", "[ledger]") {
  Rehearsal it(server().database(), settings_for_tests());
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
  CHECK(it.sink.count(Outcome::ok, 1) == it.stopped.planned[1]);
  require_sound(it, it.audit());
  it.probe->clean_up(within(5s));
}

TEST_CASE("kept connections that the server has closed are noticed before they are used", "[ledger]") {
  LedgerSettings settings = settings_for_tests();
  settings.transfers = 2;
  settings.inquiries = 2;  // something is due every 250 ms, and the killer comes half-way between
  settings.inquiry_connections = "kept";
  Rehearsal it(server().database(), settings);
  it.start();
  SqlSession killer(endpoint_of(server().database()), within(10s));
  std::size_t killed = 0;
  for (int i = 0; i < 7; ++i) {
    real_clock().pause(i == 0 ? 130ms : 250ms);
    for (const SqlRow& row : killer.ask("asking", "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND = 'Sleep'")) {
      killer.ask("killing", "KILL CONNECTION " + *row[0]);
      ++killed;
    }
  }
  it.stop();
  require_complete(it);
  CHECK(killed >= 5);
  CHECK(it.sink.count(Outcome::ok) == it.sink.operations.size());
  require_sound(it, it.audit());
  it.probe->clean_up(within(5s));
}

TEST_CASE("stop() ends within the deadline though the server hangs, and loses no socket", "[ledger]") {
  MariadbServer own;
  std::size_t files = open_files();
  {
    Rehearsal it(own.database(), settings_for_tests());
    it.start();
    real_clock().pause(200ms);
    own.signal(SIGSTOP);
    real_clock().pause(400ms);
    Time before = real_clock().now();
    it.stop();
    CHECK(real_clock().now() - before < 600ms + 3s);  // a machine under load: the point is that it ends
    require_complete(it);
    CHECK(it.sink.count(Outcome::ok) > 0);
    CHECK(it.sink.count(Outcome::ok) < it.sink.operations.size());
  }
  CHECK(open_files() == files);
}

TEST_CASE("an address where nobody answers costs no more than the time it is given, and no socket", "[ledger]") {
  Bound silent;  // the first finds a server that says nothing; its queue is then full, and SYNs go unanswered
  REQUIRE(::listen(silent.handle(), 0) == 0);
  SqlTarget target{"127.0.0.1", silent.port(), "bank", "secret"};
  std::size_t files = open_files();
  for (int i = 0; i < 4; ++i) {
    Time before = real_clock().now();
    CHECK_THROWS_WITH(SqlSession(target, within(150ms)), Contains("no answer within 0.1") && Contains("127.0.0.1"));
    CHECK(real_clock().now() - before < 3s);  // a machine under load: the point is that it ends
  }
  CHECK(open_files() == files);
}

TEST_CASE("what preflight refuses, it says with its reason and a hint", "[ledger]") {
  Database database = server().database();
  auto preflight = [&](const LedgerSettings& settings = settings_for_tests()) {
    settings.make("bank", cloud_of(database))->preflight(within(2s));
  };
  SECTION("everything is in order") { CHECK_NOTHROW(preflight()); }
  SECTION("wrong password") {
    test::Folder folder;
    database.password_file = (folder.path() / "wrong").string();
    std::ofstream(database.password_file) << "nonsense\n";
    CHECK_THROWS_WITH(preflight(), Contains("1045") && Contains("'bank'") && Contains("password-file"));
  }
  SECTION("nobody listens") {
    database.port = free_port();
    CHECK_THROWS_WITH(preflight(),
                      Contains("connecting") && Contains(std::to_string(database.port)) && Contains("is the database up"));
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
    CHECK_THROWS_WITH(preflight(), Contains("lacks INSERT, UPDATE, CREATE, DROP") && Contains("GRANT"));
  }
  SECTION("no Galera") {
    LedgerSettings settings = settings_for_tests();
    settings.replication.clear();  // MariaDB's own
    CHECK_THROWS_WITH(preflight(settings), Contains("c1") && Contains("replication: none"));
  }
  SECTION("more operations than the server takes connections") {
    LedgerSettings settings = settings_for_tests();
    settings.transfers = 1000;
    CHECK_THROWS_WITH(preflight(settings), Contains("max_connections"));
  }
  SECTION("a table of somebody else") {
    server().ask("CREATE TABLE bank.accounts (id INT)");
    auto probe = settings_for_tests().make("bank", cloud_of(database));
    CHECK_THROWS_WITH(preflight(), Contains("'accounts'") && Contains("not ours"));
    CHECK_THROWS_WITH(probe->prepare(within(2s)), Contains("not ours"));
    CHECK_THROWS_WITH(probe->clean_up(within(2s)), Contains("not ours"));
    CHECK(server().ask("SHOW TABLES FROM bank").size() == 1);
    server().ask("DROP TABLE bank.accounts");
  }
}

TEST_CASE("a server that would lock its clients out after a hang is refused", "[ledger]") {
  MariadbServer own({false, {"--skip-name-resolve=OFF"}});
  auto probe = settings_for_tests().make("bank", cloud_of(own.database()));
  CHECK_THROWS_WITH(probe->preflight(within(5s)), Contains("max_connect_errors is 100") && Contains("skip_name_resolve = ON"));
}

TEST_CASE("what an earlier run left behind is replaced", "[ledger]") {
  LedgerSettings settings = settings_for_tests();
  settings.accounts = 2500;
  auto probe = settings.make("bank", cloud_of(server().database()));
  probe->prepare(within(5s));
  server().ask(
      "UPDATE bank.accounts SET balance = 7; INSERT INTO bank.transfers (posting, src, dst, amount) VALUES (1, 1, 2, 3)");
  probe->prepare(within(5s));
  auto snapshot = snapshots_of(*probe, within(5s)).at(0);
  CHECK(snapshot.complete);
  CHECK(snapshot.transfers.empty());
  REQUIRE(snapshot.accounts.size() == 2500);
  CHECK(std::all_of(snapshot.accounts.begin(), snapshot.accounts.end(), [](auto& a) { return a.balance == 100'000; }));
  probe->clean_up(within(5s));
}

TEST_CASE("a snapshot reads more than one page, and shows what is wrong in the books", "[ledger]") {
  LedgerSettings settings = settings_for_tests();
  auto probe = settings.make("bank", cloud_of(server().database()));
  probe->prepare(within(5s));
  std::string transfers, history;
  for (int posting = 1; posting <= 25'000; ++posting) {
    transfers += fmt::format("{}({}, 1, 2, 3)", posting == 1 ? "" : ",", posting);
    history += fmt::format("{}({}, 1, -3), ({}, 2, 3)", posting == 1 ? "" : ",", posting, posting);
  }
  server().ask("INSERT INTO bank.transfers (posting, src, dst, amount) VALUES " + transfers);
  server().ask("INSERT INTO bank.history (posting, account, amount) VALUES " + history);
  server().ask(
      "DELETE FROM bank.transfers WHERE posting = 12345; DELETE FROM bank.history WHERE posting = 20000 AND amount > 0; "
      "INSERT INTO bank.transfers (posting, src, dst, amount) VALUES (7, 1, 2, 3)");
  auto snapshot = snapshots_of(*probe, within(10s)).at(0);
  REQUIRE(snapshot.complete);
  REQUIRE(snapshot.transfers.size() == 25'001);
  CHECK(snapshot.transfers[6] == PostedTransfer{7, 1, 2, 3, 2, 3, 3});
  CHECK(snapshot.transfers[7] == snapshot.transfers[6]);
  CHECK(snapshot.transfers[12'345] == PostedTransfer{12'345, 0, 0, 0, 2, 3, 3});
  CHECK(snapshot.transfers[20'000] == PostedTransfer{20'000, 1, 2, 3, 1, 3, 0});
  CHECK(snapshot.transfers[25'000] == PostedTransfer{25'000, 1, 2, 3, 2, 3, 3});
  probe->clean_up(within(5s));
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

TEST_CASE("a replica that can't be read is a snapshot that is not complete", "[ledger]") {
  Database database = server().database();
  database.replicas.push_back({"c2", "127.0.0.1", free_port()});
  auto probe = settings_for_tests().make("bank", cloud_of(database));
  probe->prepare(within(5s));
  auto snapshots = snapshots_of(*probe, within(5s));
  REQUIRE(snapshots.size() == 2);
  CHECK((snapshots[0].replica == "c1" && snapshots[0].complete && snapshots[0].problem.empty()));
  CHECK((snapshots[1].replica == "c2" && !snapshots[1].complete));
  CHECK_THAT(snapshots[1].problem, Contains("connecting"));
  auto redundancy = probe->await_redundancy(0s, within(300ms), {});
  REQUIRE(redundancy.size() == 1);
  CHECK_FALSE(redundancy[0].restored);
  CHECK_THAT(redundancy[0].observed, Contains("c2"));
  probe->clean_up(within(5s));
}

TEST_CASE("Galera is asked who writes and whether it is whole", "[ledger][galera]") {
  MariadbServer own({true, {}});
  Cloud cloud = cloud_of(own.database());
  CHECK(current_writer(cloud, within(5s)) == "c1");
  LedgerSettings settings = settings_for_tests();
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
