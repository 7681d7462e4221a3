#include <catch2/catch.hpp>

#include "reports/audit.h"
#include "tests/support/trace.h"

using namespace blackstart;
using namespace blackstart::trace;
using Catch::Contains;

namespace {

// A bank that lost its writer from 20 s to 24 s, audited on three replicas that hold what they should.
struct Bank {
  Record record = rehearsal(probe(down_between(20s, 24s)));
  ProbeRecord& probe_record() { return record.probes[0]; }
  ReplicaSnapshot& replica(int i) { return probe_record().snapshots[static_cast<std::size_t>(i)]; }
  // The row of the operation that was scheduled then.
  PostedTransfer& row(int i, Time scheduled) {
    auto posting = static_cast<std::uint64_t>(scheduled / 20ms) + 1;
    auto& rows = replica(i).transfers;
    return *std::find_if(rows.begin(), rows.end(), [=](const PostedTransfer& t) { return t.posting == posting; });
  }
  void lose(int i, Time scheduled) {
    PostedTransfer gone = row(i, scheduled);
    replica(i).accounts[gone.from - 1].balance += gone.amount;
    replica(i).accounts[gone.to - 1].balance -= gone.amount;
    std::erase(replica(i).transfers, gone);
  }
  AuditResult audit() { return blackstart::audit(probe_record(), streams_of(probe_record()), 20s); }
};

}  // namespace

TEST_CASE("an audit of replicas that hold all that was acknowledged finds nothing") {
  AuditResult a = Bank().audit();
  REQUIRE(a.complete);
  REQUIRE(a.intact());
  REQUIRE(a.acknowledged == 2800);
  REQUIRE(a.failed == 200);
  REQUIRE(a.lost == 0);
  REQUIRE(a.rpo_time == 0s);
  REQUIRE(a.rpo_resolution == 20ms);
  REQUIRE(a.replicas.size() == 3);
  REQUIRE(a.replicas[2].rows == 2800);
  REQUIRE(a.replicas[2].sum == 1'000'000);
}

TEST_CASE("acknowledged transfers that a replica lacks are lost, with their money and the time back to the oldest") {
  Bank bank;
  for (int i = 0; i < 3; ++i) {
    bank.lose(i, 18s);
    bank.lose(i, 19s);
  }
  AuditResult a = bank.audit();
  REQUIRE(a.complete);
  REQUIRE(a.intact());  // nothing that is there is wrong
  REQUIRE(a.lost == 2);
  REQUIRE(a.lost_amount == (900 % 97 + 1) + (950 % 97 + 1));
  REQUIRE(a.rpo_time == 20s - 18'002ms);
  REQUIRE_THAT(a.replicas[0].examples.at(0), Contains("posting 901"));
}

TEST_CASE("one lost on a single replica counts, and makes the replicas unequal") {
  Bank bank;
  bank.lose(1, 19s);
  AuditResult a = bank.audit();
  REQUIRE(a.lost == 1);
  REQUIRE(a.replicas[0].lost == 0);
  REQUIRE(a.replicas[1].lost == 1);
  REQUIRE_FALSE(a.replicas_equal);
  REQUIRE_FALSE(a.intact());
  REQUIRE(a.differences.at(0) == "posting 951 is on c1, not on c2");
}

TEST_CASE("what was lost after the fault loses no time before it") {
  Bank bank;
  bank.lose(0, 30s);
  AuditResult a = bank.audit();
  REQUIRE(a.lost == 1);
  REQUIRE(a.rpo_time == 0s);
}

TEST_CASE("a failed transfer that is there is a phantom, as is one that nobody sent") {
  Bank failed;
  for (int i = 0; i < 3; ++i) failed.replica(i).transfers.push_back({1101, 1, 2, 5, 2, 5, 5});
  AuditResult a = failed.audit();
  REQUIRE(a.replicas[0].phantom == 1);
  REQUIRE_FALSE(a.intact());
  REQUIRE_THAT(a.replicas[0].examples.at(0), Contains("failed"));

  Bank invented;
  for (int i = 0; i < 3; ++i) invented.replica(i).transfers.push_back({99'999, 1, 2, 5, 2, 5, 5});
  REQUIRE(invented.audit().replicas[0].phantom == 1);
  // With a hole in the client's own record an unknown row proves nothing.
  invented.probe_record().operations.pop_back();
  a = invented.audit();
  REQUIRE(a.replicas[0].phantom == 0);
  REQUIRE_FALSE(a.complete);
}

TEST_CASE("a row that stands twice is a duplicate, even where the balances are right") {
  Bank bank;
  for (int i = 0; i < 3; ++i) bank.replica(i).transfers.push_back(bank.row(i, 10s));
  AuditResult a = bank.audit();
  REQUIRE(a.replicas[0].duplicate == 1);
  REQUIRE(a.replicas[0].lost == 0);
  REQUIRE_FALSE(a.intact());
}

TEST_CASE("a payment that may come twice may not say something else the second time") {
  Bank bank;
  bank.probe_record().info.at_least_once = true;
  for (int i = 0; i < 3; ++i) bank.replica(i).transfers.push_back(bank.row(i, 10s));
  CHECK(bank.audit().replicas[0].altered == 0);
  for (int i = 0; i < 3; ++i) {
    PostedTransfer& copy = bank.replica(i).transfers.back();
    copy.from += 5, copy.amount += 90'000, copy.debit += 90'000, copy.credit += 90'000;
  }
  const AuditResult a = bank.audit();
  CHECK(a.replicas[0].altered == 1);
  CHECK_FALSE(a.intact());
}

TEST_CASE("another amount, payer or payee is altered") {
  for (int field = 0; field < 3; ++field) {
    Bank bank;
    PostedTransfer& row = bank.row(2, 10s);
    if (field == 0) row.amount += 1, row.debit += 1, row.credit += 1;
    if (field == 1) row.from = row.from % 10 + 1;
    if (field == 2) row.to = row.to % 10 + 1;
    AuditResult a = bank.audit();
    REQUIRE(a.replicas[2].altered == 1);
    REQUIRE(a.replicas[2].partial == 0);
    REQUIRE_FALSE(a.intact());
  }
}

TEST_CASE("history that is not one debit and one credit of the amount is partial") {
  for (int field = 0; field < 3; ++field) {
    Bank bank;
    PostedTransfer& row = bank.row(0, 10s);
    if (field == 0) row.history_rows = 1;
    if (field == 1) row.debit -= 1;
    if (field == 2) row.credit = 0;
    REQUIRE(bank.audit().replicas[0].partial == 1);
    REQUIRE_FALSE(bank.audit().intact());
  }
}

TEST_CASE("history without its transfer is partial, and the transfer is lost") {
  Bank bank;
  for (int i = 0; i < 3; ++i) {
    PostedTransfer& row = bank.row(i, 10s);
    row.from = row.to = 0;
    row.amount = 0;
  }
  AuditResult a = bank.audit();
  REQUIRE(a.replicas[0].partial == 1);
  REQUIRE(a.lost == 1);
}

TEST_CASE("an indeterminate transfer may be there or not, but the same everywhere") {
  Bank bank;
  bank.probe_record().operations[1050].outcome = Outcome::indeterminate;
  REQUIRE(bank.audit().intact());
  REQUIRE(bank.audit().indeterminate == 1);
  REQUIRE(bank.audit().indeterminate_present == 0);

  const Operation o = bank.probe_record().operations[1050];
  auto post = [&](int i) {
    auto& rows = bank.replica(i).transfers;
    rows.push_back({o.posting, o.from, o.to, o.amount, 2, o.amount, o.amount});
    bank.replica(i).accounts[o.from - 1].balance -= o.amount;
    bank.replica(i).accounts[o.to - 1].balance += o.amount;
  };
  post(0);
  REQUIRE_FALSE(bank.audit().replicas_equal);
  post(1);
  post(2);
  AuditResult a = bank.audit();
  REQUIRE(a.intact());
  REQUIRE(a.indeterminate_present == 1);
}

TEST_CASE("a wrong sum is found, and so is a right sum over wrong accounts") {
  Bank sum;
  for (int i = 0; i < 3; ++i) sum.replica(i).accounts[4].balance += 1;
  REQUIRE_FALSE(sum.audit().replicas[0].sum_right);
  REQUIRE_FALSE(sum.audit().intact());

  Bank moved;
  for (int i = 0; i < 3; ++i) {
    moved.replica(i).accounts[4].balance += 1;
    moved.replica(i).accounts[5].balance -= 1;
  }
  AuditResult a = moved.audit();
  REQUIRE(a.replicas[0].sum_right);
  REQUIRE(a.replicas[0].unbalanced == 2);
  REQUIRE_FALSE(a.intact());
  REQUIRE_THAT(a.replicas[0].examples.at(0), Contains("account 5"));
}

TEST_CASE("balances that differ between replicas are told") {
  Bank bank;
  bank.replica(2).accounts[4].balance += 1;
  AuditResult a = bank.audit();
  REQUIRE_FALSE(a.replicas_equal);
  REQUIRE_THAT(a.differences.at(0), Contains("account 5") && Contains("on c1") && Contains("on c3"));
}

TEST_CASE("an audit that did not see everything is not complete and says why") {
  Bank unread;
  unread.replica(1).complete = false;
  unread.replica(1).problem = "connection refused";
  REQUIRE_FALSE(unread.audit().complete);
  REQUIRE_THAT(unread.audit().problem, Contains("c2") && Contains("connection refused"));

  Bank missing;
  missing.probe_record().snapshots.pop_back();
  REQUIRE_THAT(missing.audit().problem, Contains("c3") && Contains("not read"));

  Bank damaged;
  damaged.probe_record().damaged_bytes = 72;
  REQUIRE_THAT(damaged.audit().problem, Contains("damaged"));

  Bank running;
  running.probe_record().stopped = Time(-1);
  REQUIRE_THAT(running.audit().problem, Contains("stop"));

  Bank nowhere;
  nowhere.probe_record().snapshots.clear();
  nowhere.probe_record().info.replicas.clear();
  REQUIRE_THAT(nowhere.audit().problem, Contains("no replica"));

  Bank silent;
  silent.record = rehearsal(probe([](Time) { return kDown; }));
  REQUIRE_THAT(silent.audit().problem, Contains("no transfer was acknowledged"));
}

TEST_CASE("a replica that was not read to its end has lost nothing yet, what it holds is judged") {
  Bank bank;
  bank.replica(1).complete = false;
  bank.replica(1).transfers.resize(100);
  bank.replica(1).transfers[7].amount += 1;
  AuditResult a = bank.audit();
  REQUIRE(a.lost == 0);
  REQUIRE(a.replicas[1].altered == 1);
  REQUIRE(a.replicas_equal);
  REQUIRE_FALSE(a.complete);
}

TEST_CASE("a posting that the client used twice makes the audit incomplete") {
  Bank bank;
  bank.probe_record().operations[100].posting = bank.probe_record().operations[99].posting;
  REQUIRE_THAT(bank.audit().problem, Contains("twice"));
}

TEST_CASE("rows in another order are the same rows") {
  Bank bank;
  std::reverse(bank.replica(1).transfers.begin(), bank.replica(1).transfers.end());
  std::reverse(bank.replica(1).accounts.begin(), bank.replica(1).accounts.end());
  REQUIRE(bank.audit().intact());
}

TEST_CASE("sums beyond the range of money do not overflow") {
  Bank bank;
  for (AccountBalance& account : bank.replica(0).accounts) account.balance = INT64_MAX;
  for (PostedTransfer& row : bank.replica(0).transfers) row.amount = INT64_MIN;
  REQUIRE_FALSE(bank.audit().intact());
}
