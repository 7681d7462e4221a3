// The ledger's read-backs against real MariaDB servers: what they say of one server, of two that know nothing of each other,
// and of answers that can't be.
#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <functional>

#include "tests/support/commit_proxy.h"
#include "tests/support/ledger_rehearsal.h"
#include "tests/support/mariadb_server.h"

using namespace blackstart;
using namespace blackstart::test;
using Catch::Contains;

namespace {

constexpr int kReadBack = 2;  // its place among the series

LedgerSettings settings_for_tests() {
  LedgerSettings settings;
  settings.replication = "none";
  settings.transfers = settings.inquiries = 1;
  settings.read_backs = 50;
  settings.deadline = 1200ms;
  settings.connect_timeout = 1s;
  return settings;
}

Database through(const CommitProxy& proxy, const MariadbServer& server) {
  Database database = server.database();
  database.port = proxy.port();
  return database;
}

std::unique_ptr<Probe> ledger_on(const Database& database) { return settings_for_tests().make("bank", cloud_of(database)); }

// The read-backs of a prepared ledger that has run for `length`, with `meanwhile` in the middle of it.
std::vector<Operation> run(
    Probe& probe, Duration length, const std::function<void()>& meanwhile = [] {}) {
  Recorder sink;
  probe.start(real_clock(), real_clock().now(), sink);
  real_clock().pause(length / 2);
  meanwhile();
  real_clock().pause(length / 2);
  const Probe::Stopped stopped = probe.stop();
  std::erase_if(sink.operations, [](const Operation& o) { return o.series != kReadBack; });
  REQUIRE(stopped.planned.size() == 3);
  REQUIRE(sink.operations.size() == stopped.planned[kReadBack]);
  return sink.operations;
}

std::size_t count(const std::vector<Operation>& all, Outcome outcome, int error) {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const Operation& o) { return o.outcome == outcome && o.error == error; }));
}

MariadbServer& server() {
  static MariadbServer server;
  return server;
}

}  // namespace

TEST_CASE("read-backs on one server see each mark, and leave books and audit alone", "[ledger]") {
  auto probe = ledger_on(server().database());
  REQUIRE(probe->info().series.size() == 3);
  CHECK((probe->info().series[kReadBack].name == "read-back" && probe->info().series[kReadBack].reads_back));
  CHECK_FALSE(probe->info().series[kReadBack].posts);
  probe->preflight(within(5s));
  probe->prepare(within(5s));
  const auto all = run(*probe, 2s);
  CHECK(all.size() >= 90);  // more than there are rows
  CHECK(count(all, Outcome::ok, 0) == all.size());
  CHECK(server().ask("SELECT COUNT(*), MAX(n), MIN(n) FROM bank.marks")[0] ==
        SqlRow{"64", std::to_string(all.size()), std::to_string(all.size() - 63)});
  const auto books = snapshots_of(*probe, within(5s)).at(0);
  CHECK((books.complete && books.accounts.size() == 100 && books.transfers.size() <= 3));
  probe->prepare(within(5s));
  CHECK(server().ask("SELECT COUNT(*), MAX(n) FROM bank.marks")[0] == SqlRow{"64", "0"});
  probe->clean_up(within(5s));
  CHECK(server().ask("SHOW TABLES FROM bank").empty());
}

TEST_CASE("a ledger without read-backs has neither their series nor their table, and removes one of an earlier run",
          "[ledger]") {
  ledger_on(server().database())->prepare(within(5s));
  REQUIRE(server().ask("SHOW TABLES FROM bank").size() == 4);
  LedgerSettings settings = settings_for_tests();
  settings.read_backs = 0;
  auto probe = settings.make("bank", cloud_of(server().database()));
  CHECK(probe->info().series.size() == 2);
  probe->prepare(within(5s));
  CHECK(server().ask("SHOW TABLES FROM bank").size() == 3);
  probe->clean_up(within(5s));
}

TEST_CASE("a table 'marks' of somebody else is refused", "[ledger]") {
  server().ask("CREATE TABLE bank.marks (id INT)");
  auto probe = ledger_on(server().database());
  CHECK_THROWS_WITH(probe->preflight(within(5s)), Contains("'marks'") && Contains("not ours"));
  CHECK_THROWS_WITH(probe->clean_up(within(5s)), Contains("not ours"));
  server().ask("DROP TABLE bank.marks");
}

TEST_CASE("a read that comes to another server, where the mark is not, is stale and yet an answer in time", "[ledger]") {
  MariadbServer other;
  for (const Database& each : {server().database(), other.database()}) ledger_on(each)->prepare(within(5s));
  CommitProxy proxy({server().port(), other.port()});
  auto probe = ledger_on(through(proxy, server()));
  probe->prepare(within(5s));
  const auto all = run(*probe, 2s);  // rows are used again: what is stale is 0, or the mark of an earlier round
  CHECK(count(all, Outcome::ok, kStale) >= 10);
  for (const Operation& o : all) {
    CAPTURE(o.number, name_of(o.outcome), o.error);
    CHECK((answered(o) || o.error == kTimedOut || o.error == kNoConnection));  // a busy machine
  }
  for (const Database& each : {server().database(), other.database()}) ledger_on(each)->clean_up(within(5s));
}

TEST_CASE("a mark that can't be in its row is a wrong answer", "[ledger]") {
  auto probe = ledger_on(server().database());
  probe->prepare(within(5s));
  const auto spoil = [](const std::string& with) {
    server().ask("CREATE TRIGGER bank.spoil BEFORE UPDATE ON bank.marks FOR EACH ROW SET NEW.n = " + with);
  };
  SECTION("the write changes nothing") { spoil("OLD.n"); }
  SECTION("the read shows one that nobody has written yet") { spoil("NEW.n + 6400"); }
  SECTION("the read shows one of another row") { spoil("NEW.n - 1"); }
  SECTION("the rows are gone") { server().ask("DELETE FROM bank.marks"); }
  const auto all = run(*probe, 400ms);
  REQUIRE(!all.empty());
  CHECK(count(all, Outcome::failed, kWrongAnswer) == all.size());
  probe->clean_up(within(5s));
}

TEST_CASE("no answer to the write is a failure and nothing to be in doubt about", "[ledger]") {
  CommitProxy proxy(server().port());
  auto probe = ledger_on(through(proxy, server()));
  probe->prepare(within(5s));
  proxy.swallow_answers_to("`marks` SET");
  const auto all = run(*probe, 1s, [&] { proxy.swallow_answers_to(nullptr); });
  CHECK(proxy.swallowed() >= 5);
  CHECK(count(all, Outcome::failed, kTimedOut) >= static_cast<std::size_t>(proxy.swallowed()));
  CHECK(count(all, Outcome::ok, 0) > 0);
  for (const Operation& o : all) CHECK((o.outcome == Outcome::ok || o.outcome == Outcome::failed));
  probe->clean_up(within(5s));
}

TEST_CASE("read-backs see a server that hangs, and that it goes on; a write that came late takes no mark back", "[ledger]") {
  MariadbServer own;
  auto probe = ledger_on(own.database());
  probe->prepare(within(5s));
  const auto all = run(*probe, 2s, [&] {
    own.signal(SIGSTOP);
    real_clock().pause(2s);
    own.signal(SIGCONT);
  });
  CHECK(count(all, Outcome::failed, kTimedOut) >= 1);  // over a connection that was open
  CHECK(count(all, Outcome::failed, kNoConnection) >= 10);
  CHECK(count(all, Outcome::ok, kStale) == 0);
  CHECK(count(all, Outcome::ok, 0) >= 50);
  CHECK(all.back().outcome == Outcome::ok);
}
