// What the ledger decides before it talks to anybody: schedule, outcomes, settings, who pays whom, how history adds up.
#include <mariadb/errmsg.h>
#include <mariadb/mysqld_error.h>

#include <catch2/catch.hpp>
#include <set>

#include "base/error.h"
#include "probes/ledger_bank.h"
#include "probes/ledger_operation.h"
#include "probes/ledger_settings.h"
#include "probes/ledger_snapshot.h"
#include "probes/schedule.h"
#include "tests/support/folder.h"
#include "tests/support/operations.h"

using namespace blackstart;

TEST_CASE("a schedule is exact after a million operations", "[schedule]") {
  Schedule schedule(7s, 40);
  for (std::uint64_t k = 0; k <= 1'000'000; ++k) REQUIRE(schedule.due(k) == 7s + k * 25ms);
}

TEST_CASE("rates that no binary fraction holds do not drift", "[schedule]") {
  CHECK(Schedule(0s, 10.0 / 60).due(1'000'000) == 6'000'000s);
  CHECK(Schedule(0s, 3).due(3'000'000) == 1'000'000s);
  CHECK(Schedule(0s, 3).due(1) == 333'333'333ns);
  CHECK(Schedule(0s, 0.1).due(123'456) == 1'234'560s);
  CHECK(Schedule(0s, 33.3).due(333) == 10s);
  CHECK(Schedule(0s, 1e6).due(86'400'000'000) == 24h);
  CHECK(Schedule(0s, 0.01).due(10) == 1000s);
}

TEST_CASE("operations due before a time are those whose due time is earlier", "[schedule]") {
  for (double rate : {40.0, 3.0, 1.0 / 6, 1999.0, 33.3}) {
    Schedule schedule(5s, rate);
    CHECK(schedule.due_before(5s) == 0);
    CHECK(schedule.due_before(0s) == 0);
    CHECK(schedule.due_before(5s + 1ns) == 1);
    for (std::uint64_t k = 1; k < 20'000; k += 7) {
      REQUIRE(schedule.due_before(schedule.due(k)) == k);
      REQUIRE(schedule.due_before(schedule.due(k) + 1ns) == k + 1);
    }
  }
}

TEST_CASE("series are shifted within the shortest period", "[schedule]") {
  CHECK(phase(0, 2, 40) == 0s);
  CHECK(phase(1, 2, 40) == 12'500us);
  CHECK(phase(2, 4, 1000) == 500us);
}

TEST_CASE("only an answer makes an operation certain", "[outcome]") {
  struct Row {
    Stage stage;
    std::uint16_t error;
    Outcome outcome;
  };
  const Row table[] = {
      {Stage::connecting, CR_CONN_HOST_ERROR, Outcome::failed},
      {Stage::connecting, ER_ACCESS_DENIED_ERROR, Outcome::failed},
      {Stage::connecting, kNoConnection, Outcome::failed},
      {Stage::connecting, kTimedOut, Outcome::failed},
      {Stage::connecting, CR_IPSOCK_ERROR, Outcome::unsent},
      {Stage::connecting, CR_OUT_OF_MEMORY, Outcome::unsent},
      {Stage::working, 0, Outcome::ok},
      {Stage::working, kTimedOut, Outcome::failed},
      {Stage::working, CR_SERVER_LOST, Outcome::failed},
      {Stage::working, CR_OUT_OF_MEMORY, Outcome::failed},
      {Stage::working, ER_LOCK_DEADLOCK, Outcome::failed},
      {Stage::working, ER_UNKNOWN_COM_ERROR, Outcome::failed},  // 1047: WSREP has not yet prepared node
      {Stage::working, kWrongAnswer, Outcome::failed},
      {Stage::committing, 0, Outcome::ok},
      {Stage::committing, ER_LOCK_DEADLOCK, Outcome::failed},
      {Stage::committing, kTimedOut, Outcome::indeterminate},
      {Stage::committing, CR_SERVER_LOST, Outcome::indeterminate},
      {Stage::committing, CR_SERVER_GONE_ERROR, Outcome::indeterminate},
      {Stage::committing, CR_OUT_OF_MEMORY, Outcome::indeterminate},
      {Stage::committing, ER_UNKNOWN_COM_ERROR, Outcome::indeterminate},
      {Stage::committing, ER_ERROR_DURING_COMMIT, Outcome::indeterminate},
      {Stage::committing, ER_QUERY_INTERRUPTED, Outcome::indeterminate},
      {Stage::committing, kWrongAnswer, Outcome::indeterminate},
  };
  for (const Row& row : table) {
    CAPTURE(static_cast<int>(row.stage), row.error);
    auto result = outcome_of(SqlKind::mariadb, row.stage, row.error);
    CHECK(result.outcome == row.outcome);
    CHECK(result.error == row.error);
  }
}

namespace {

std::vector<std::string> problems_of(const std::string& yaml) {
  LedgerSettings settings;
  std::vector<std::string> texts;
  for (const auto& problem : check_text(yaml, "s.yaml", [&](Fields& f) { settings.describe(f); }))
    texts.push_back(format(problem));
  return texts;
}

Bank bank_of(std::int64_t accounts) {
  LedgerSettings settings;
  settings.accounts = accounts;
  return Bank(Database{}, settings);
}

}  // namespace

TEST_CASE("ledger settings are read with their units", "[settings]") {
  LedgerSettings settings;
  read_text(
      "transfers: 50/s\ninquiries: 60/min\nread-backs: 2/s\naccounts: 7\nopening-balance: 5\ndeadline: 3s\nconnect-timeout: "
      "250ms\nconnections: "
      "9\n"
      "inquiry-connections: kept\nreplication: none\nprefix: two-\ngood-within: 100ms\nslo: 99.95%\nslo-window: 28d\nhold: "
      "10s\n",
      "s.yaml", [&](Fields& f) { settings.describe(f); });
  CHECK(settings.transfers == 50);
  CHECK(settings.inquiries == 1);
  CHECK(settings.read_backs == 2);
  CHECK(settings.accounts == 7);
  CHECK(settings.opening_balance == 5);
  CHECK(settings.deadline == 3s);
  CHECK(settings.connect_timeout == 250ms);
  CHECK(settings.connections == 9);
  CHECK_FALSE(settings.fresh_inquiries());
  CHECK_FALSE(settings.galera());
  CHECK(settings.good_within == 100ms);
  CHECK(settings.slo == Approx(0.9995));
  CHECK(settings.slo_window == 28 * 24h);
  CHECK(settings.hold == 10s);
  CHECK(settings.most_in_flight() == 155 + 12);  // a read-back has two connections
}

TEST_CASE("the defaults of a ledger have no problem", "[settings]") { CHECK(problems_of("accounts: 100\n").empty()); }

TEST_CASE("settings that can't work are refused at their place", "[settings]") {
  auto only = [](const std::string& yaml) {
    auto problems = problems_of(yaml);
    REQUIRE(problems.size() == 1);
    return problems[0];
  };
  using Catch::Contains;
  CHECK_THAT(only("connect-timeout: 3s\n"), Contains("s.yaml:1:18") && Contains("longer than the deadline"));
  CHECK_THAT(only("good-within: 3s\n"), Contains("longer than the deadline"));
  CHECK_THAT(only("slo: 100%\n"), Contains("no error budget"));
  CHECK_THAT(only("transfers: 2000/s\ndeadline: 5s\n"), Contains("at one time"));
  CHECK(problems_of("inquiries: 500/s\n").empty());  // preflight counts the ports
  CHECK_THAT(only("read-backs: 33/s\n"), Contains("s.yaml:1:13") && Contains("64 rows twice"));
  CHECK_THAT(only("read-backs: 32/s\nat: c1\n"), Contains("never behind itself") && Contains("leave out 'at'"));
  CHECK_THAT(only("accounts: 1\n"), Contains("2"));
  CHECK_THAT(only("acounts: 10\n"), Contains("unknown key") && Contains("accounts"));
  CHECK_THAT(only("transfers: 40\n"), Contains("unit"));
  CHECK_THAT(only("inquiry-connections: new\n"), Contains("'new'"));
}

TEST_CASE("a transfer goes between two accounts of the bank, and is the same in every run", "[bank]") {
  for (std::int64_t accounts : {2, 3, 100, 100'000}) {
    Bank bank = bank_of(accounts);
    std::set<std::uint32_t> seen;
    for (std::uint64_t k = 0; k < 2000; ++k) {
      auto t = bank.transfer(k), again = bank_of(accounts).transfer(k);
      REQUIRE((t.posting == k + 1 && t.from != t.to && t.amount >= 1 && t.amount <= 10'000));
      REQUIRE((t.from >= 1 && t.to >= 1 && t.from <= accounts && t.to <= accounts));
      REQUIRE((again.from == t.from && again.to == t.to && again.amount == t.amount));
      REQUIRE((bank.account(k) >= 1 && bank.account(k) <= accounts));
      seen.insert(t.from);
    }
    CHECK(seen.size() >= std::min<std::size_t>(static_cast<std::size_t>(accounts), 90));
  }
}

TEST_CASE("what a bank posts, and when, takes no room in the file of operations", "[bank]") {
  for (double rate : {40.0, 3.0, 1.0 / 6, 1999.0, 33.3}) {
    Folder folder;
    const Bank bank = bank_of(100);
    const Schedule schedule(12'345'678ns, rate);
    std::vector<Operation> operations(10'000);
    for (std::uint64_t k = 0; k < operations.size(); ++k) {
      Operation& o = operations[k];
      o.number = k;
      o.outcome = Outcome::ok;
      o.scheduled = o.sent = o.done = schedule.due(k);
      post(o, bank.transfer(k));
    }
    INFO("rate " << rate);
    write_operations(folder.path / "bank.ops", operations, {{rate, 100}});
    CHECK(std::filesystem::file_size(folder.path / "bank.ops") < 3 * operations.size() + 64);
    CHECK(read_operations(folder.path / "bank.ops").operations == operations);
  }
}

TEST_CASE("a transfer changes its accounts in the order of their ids", "[bank]") {
  Bank bank = bank_of(100);
  std::string sql = bank.work({1, 9, 4, 50});
  CHECK(sql.find("+ 50 WHERE id = 4") < sql.find("+ -50 WHERE id = 9"));
  CHECK(sql.find("+ -50 WHERE id = 9") != std::string::npos);
}

TEST_CASE("history is added up into its transfers", "[snapshot]") {
  const PostedTransfer three{3, 5, 6, 70, 0, 0, 0}, eight{8, 1, 2, 30, 0, 0, 0};
  using Rows = std::vector<PostedTransfer>;
  CHECK(join_history(3, {three}, {{5, -70}}) == Rows{{3, 5, 6, 70, 1, 70, 0}});  // the credit is missing
  CHECK(join_history(4, {}, {{7, -9}, {8, 9}}) == Rows{{4, 0, 0, 0, 2, 9, 9}});  // history of a transfer that isn't there
  CHECK(join_history(8, {eight}, {{1, -30}, {2, 30}}) == Rows{{8, 1, 2, 30, 2, 30, 30}});  // whole
}

TEST_CASE("a posting that stands twice stays twice, in order", "[snapshot]") {
  const PostedTransfer t{8, 1, 2, 30, 0, 0, 0}, less{8, 1, 2, 29, 0, 0, 0};
  auto joined = join_history(8, {t, t, less}, {{1, -30}, {2, 30}, {1, -30}, {2, 30}});
  REQUIRE(joined.size() == 3);
  CHECK(joined[0] == PostedTransfer{8, 1, 2, 29, 4, 60, 60});
  CHECK(joined[1] == PostedTransfer{8, 1, 2, 30, 4, 60, 60});
  CHECK(joined[2] == joined[1]);
}

TEST_CASE("a cloud without a database or without replicas makes no ledger", "[ledger]") {
  Cloud cloud;
  cloud.name = "x";
  CHECK_THROWS_WITH(LedgerSettings{}.make("bank", cloud), Catch::Contains("no database"));
  cloud.database.host = "127.0.0.1";
  CHECK_THROWS_WITH(LedgerSettings{}.make("bank", cloud), Catch::Contains("no replicas"));
}

TEST_CASE("the ledger is in the table of probes, with documentation and a schema of its settings", "[registry]") {
  const auto& kinds = probe_kinds();
  auto found =
      std::find_if(kinds.begin(), kinds.end(), [](const ProbeKind& kind) { return std::string(kind.name) == "ledger"; });
  REQUIRE(found != kinds.end());
  auto settings = found->settings();
  auto describe = [&](Fields& f) { settings->describe(f); };
  CHECK_THAT(fields_help(describe),
             Catch::Contains("transfers") && Catch::Contains("40/s") && Catch::Contains("connect-timeout"));
  CHECK_THAT(json_schema("ledger", describe), Catch::Contains("inquiry-connections"));
  Cloud cloud;
  cloud.database.host = "127.0.0.1";
  cloud.database.replicas = {{"c1", "127.0.0.1", 3306}, {"c2", "127.0.0.2", 3306}};
  ProbeInfo info = settings->make("bank", cloud)->info();
  CHECK(
      (info.name == "bank" && info.kind == "ledger" && info.audited && info.initial_sum == 10'000'000 && info.accounts == 100));
  CHECK(info.replicas == std::vector<std::string>{"c1", "c2"});
  REQUIRE(info.series.size() == 2);
  CHECK((info.series[0].name == "transfer" && info.series[0].rate == 40 && info.series[0].posts));
  CHECK((info.series[1].name == "inquiry" && info.series[1].rate == 10 && !info.series[1].posts));
}
