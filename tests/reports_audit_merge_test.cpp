#include <fmt/format.h>
#include <fmt/ranges.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <random>

#include "reports/audit.h"
#include "reports/rows_format.h"
#include "reports/rows_writer.h"
#include "tests/support/folder.h"
#include "tests/support/naive_audit.h"
#include "tests/support/trace.h"

using namespace blackstart;

namespace {

std::string told(const AuditResult& a) {
  std::string text = fmt::format(
      "{} complete {} '{}' acknowledged {} indeterminate {} there {} failed {} at least once {} equal {} lost {} of {} rpo {} "
      "± {} intact {} differences: {}\n",
      a.probe, a.complete, a.problem, a.acknowledged, a.indeterminate, a.indeterminate_present, a.failed, a.at_least_once,
      a.replicas_equal, a.lost, a.lost_amount, a.rpo_time.count(), a.rpo_resolution.count(), a.intact(),
      fmt::join(a.differences, "; "));
  for (const AuditResult::Replica& r : a.replicas)
    text += fmt::format(
        "{} complete {} '{}' rows {} lost {} of {} phantom {} duplicate {} altered {} partial {} unbalanced {} sum {} {}: {}\n",
        r.name, r.complete, r.problem, r.rows, r.lost, r.lost_amount, r.phantom, r.duplicate, r.altered, r.partial,
        r.unbalanced, r.sum, r.sum_right, fmt::join(r.examples, "; "));
  return text;
}

// A bank with a random history, on replicas with random mistakes.
class RandomBank {
 public:
  explicit RandomBank(std::uint32_t seed) : chance_(seed) {
    accounts_ = 2 + below(20);
    planned_ = below(4) != 0;
    settings_.accounts = accounts_;
    probe_ = trace::probe(trace::always_up(), settings(below(5) == 0 ? 9000 : below(400)));
    for (Operation& o : probe_.operations) become(o);
    for (const std::string& name : probe_.info.replicas) probe_.snapshots.push_back(replica(name));
    for (ReplicaSnapshot& snapshot : probe_.snapshots)
      if (below(2) == 0) spoil(snapshot);
    if (below(3) == 0) spoil_record();
  }

  ProbeRecord probe_;

  // The same with its rows in files.
  ProbeRecord on_disk(const std::filesystem::path& folder) const {
    ProbeRecord result = probe_;
    for (ReplicaSnapshot& snapshot : result.snapshots) {
      const auto file = folder / (snapshot.replica + ".rows");
      write_snapshot(file, snapshot);
      snapshot = open_snapshot(file);
    }
    return result;
  }

 private:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(chance_() % limit); }

  trace::Settings settings(std::uint32_t operations) {
    settings_.length = operations * 20ms;
    return settings_;
  }

  // Most are acknowledged, all in a row now and then.
  void become(Operation& o) {
    if (planned_) {
      const Transfer t = planned_transfer(o.number, accounts_);
      o.from = t.from, o.to = t.to, o.amount = t.amount;
    }
    if (o.number % 100 < 60 || below(4) != 0) return;
    o.outcome = static_cast<Outcome>(1 + below(3));
    if (o.outcome == Outcome::unsent) o.sent = o.done = Time(-1);
  }

  ReplicaSnapshot replica(const std::string& name) {
    ReplicaSnapshot snapshot = trace::replica(probe_, name, settings_);
    for (const Operation& o : probe_.operations)
      if (o.outcome == Outcome::indeterminate && o.number % 3 == 0)
        post(snapshot, {o.posting, o.from, o.to, o.amount, 2, o.amount, o.amount});
    return snapshot;
  }

  static void post(ReplicaSnapshot& snapshot, const PostedTransfer& row) {
    snapshot.transfers.push_back(row);
    snapshot.accounts[row.from - 1].balance -= row.amount;
    snapshot.accounts[row.to - 1].balance += row.amount;
  }

  void spoil(ReplicaSnapshot& snapshot) {
    for (std::uint32_t times = 1 + below(6); times > 0; --times) spoil_row(snapshot);
    if (below(4) == 0) snapshot.accounts[below(accounts_)].balance += below(2);
    if (below(6) == 0) snapshot.accounts.erase(snapshot.accounts.begin() + below(accounts_));
    if (below(5) == 0) {
      snapshot.complete = false;
      snapshot.problem = below(2) == 0 ? "" : "the connection broke";
      snapshot.transfers.resize(below(static_cast<std::uint32_t>(snapshot.transfers.size()) + 1));
    }
    if (below(4) == 0) std::shuffle(snapshot.transfers.begin(), snapshot.transfers.end(), chance_);
  }

  void spoil_row(ReplicaSnapshot& snapshot) {
    auto& rows = snapshot.transfers;
    if (rows.empty()) return;
    const auto at = rows.begin() + below(static_cast<std::uint32_t>(rows.size()));
    switch (below(9)) {
      case 0: rows.erase(at); break;
      case 1: rows.push_back(PostedTransfer(*at)); break;
      case 2: at->amount += below(3); break;
      case 3: at->from = 1 + below(accounts_); break;
      case 4: at->history_rows = below(4); break;
      case 5: at->credit -= below(2); break;
      case 6: *at = {at->posting, 0, 0, 0, 1, below(2), 0}; break;
      case 7: post(snapshot, {probe_.operations.size() + 1 + below(5), 1, 2, 3, 2, 3, 3}); break;
      default: post(snapshot, {1 + below(static_cast<std::uint32_t>(probe_.operations.size()) + 1), 2, 1, 7, 2, 7, 7});
    }
  }

  void spoil_record() {
    auto& all = probe_.operations;
    if (all.empty()) return;
    const std::size_t at = below(static_cast<std::uint32_t>(all.size()));
    switch (below(7)) {
      case 0: all[at].posting = all[below(static_cast<std::uint32_t>(all.size()))].posting; return;
      case 1: all.kept().erase(all.begin() + static_cast<std::ptrdiff_t>(at)); break;
      case 2: all[at].done = Time(-5); break;
      case 3: probe_.stopped = Time(-1); break;
      case 4: probe_.snapshots.pop_back(); break;
      case 5: probe_.snapshots[0].replica = "somebody"; break;
      default: break;
    }
    std::shuffle(all.begin(), all.end(), chance_);
  }

  std::mt19937 chance_;
  std::uint32_t accounts_ = 2;
  bool planned_ = false;
  trace::Settings settings_;
};

void require_same(const ProbeRecord& probe, const ProbeRecord& reference) {
  const auto streams = streams_of(probe);
  REQUIRE(told(audit(probe, streams, 3s)) == told(naive::audit(reference, streams_of(reference), 3s)));
}

// A bank that is as planned but for one in a hundred, of as many as are asked for; never in memory.
struct LongBank {
  explicit LongBank(std::uint64_t transfers) : count(transfers) {}

  bool failed(std::uint64_t number) const { return number % 100 == 99; }
  Operation operation(std::uint64_t number) const {
    const Transfer t = planned_transfer(number, kAccounts);
    Operation o;
    o.number = number;
    o.outcome = failed(number) ? Outcome::failed : Outcome::ok;
    o.scheduled = o.sent = Time(static_cast<std::int64_t>(number) * 1'000'000);
    o.done = o.scheduled + 2ms;
    o.posting = t.posting, o.from = t.from, o.to = t.to, o.amount = t.amount;
    return o;
  }
  // Each pair in the wrong order.
  void each(const std::function<void(const Operation&)>& take) const {
    for (std::uint64_t number = 0; number < count; ++number) take(operation(std::min(number ^ 1, count - 1)));
  }
  // But for the posting that is lost.
  void write(const std::filesystem::path& file, const std::string& name, std::uint64_t lost) const {
    RowsWriter writer(file, name);
    std::vector<std::int64_t> balances(kAccounts, kOpening);
    auto has = [&](std::uint64_t number) { return !failed(number) && number + 1 != lost; };
    for (std::uint64_t number = 0; number < count; ++number)
      if (const Transfer t = planned_transfer(number, kAccounts); has(number)) {
        balances[t.from - 1] -= t.amount;
        balances[t.to - 1] += t.amount;
      }
    for (std::uint32_t a = 0; a < kAccounts; ++a) writer.account({a + 1, balances[a]});
    for (std::uint64_t number = 0; number < count; ++number)
      if (has(number)) writer.transfer(rows_format::planned_row(number + 1, kAccounts));
    writer.finish(true, "");
  }
  ProbeRecord record(const std::filesystem::path& folder, std::uint64_t lost_on_second) const {
    ProbeRecord probe;
    probe.info.name = "bank";
    probe.info.series = {{"transfer", 1000, 2s, 500ms, true}};
    probe.info.replicas = {"c1", "c2", "c3"};
    probe.info.audited = true;
    probe.info.initial_sum = kOpening * kAccounts;
    probe.started = 0s;
    probe.stopped = static_cast<std::int64_t>(count) * 1ms;
    probe.planned = {count};
    for (const std::string& name : probe.info.replicas) {
      write(folder / (name + ".rows"), name, name == "c2" ? lost_on_second : 0);
      probe.snapshots.push_back(open_snapshot(folder / (name + ".rows")));
    }
    return probe;
  }

  static constexpr std::uint32_t kAccounts = 1000;
  static constexpr std::int64_t kOpening = 1'000'000;
  std::uint64_t count;
};

std::int64_t peak_kibibytes() {
  std::ifstream status("/proc/self/status");
  for (std::string name; status >> name;)
    if (std::int64_t value = 0; name == "VmHWM:" && status >> value) return value;
  return -1;
}

}  // namespace

TEST_CASE("the audit side by side finds what one with everything in memory finds, whatever happened", "[audit]") {
  const Folder folder;
  for (std::uint32_t seed = 1; seed <= 250; ++seed) {
    INFO("seed " << seed);
    const RandomBank bank(seed);
    require_same(bank.probe_, bank.probe_);
    require_same(bank.on_disk(folder.path), bank.probe_);
  }
}

TEST_CASE("operations in the wildest order are audited as those in order are", "[audit]") {
  const Folder folder;
  const LongBank bank(300'000);
  const ProbeRecord record = bank.record(folder.path, 123'456);
  const auto streams = streams_of(record);
  const EachOperation in_order = [&](const auto& take) { bank.each(take); };
  const EachOperation backwards = [&](const auto& take) {
    for (std::uint64_t number = bank.count; number-- > 0;) take(bank.operation(number));
  };
  const AuditResult result = audit(record, streams, 0s, in_order);
  REQUIRE(result.problem.empty());
  REQUIRE(told(audit(record, streams, 0s, backwards)) == told(result));
}

TEST_CASE("a bank of two million transfers on three replicas is audited in little memory", "[audit]") {
  const Folder folder;
  const LongBank bank(2'000'000);
  const ProbeRecord record = bank.record(folder.path, 1'500'000 - 1);
  const auto streams = streams_of(record);
  const std::int64_t before = peak_kibibytes();
  const AuditResult result = audit(record, streams, 2'000s, [&](const auto& take) { bank.each(take); });
  const std::int64_t grown = peak_kibibytes() - before;
  CHECK(result.problem.empty());
  CHECK(result.acknowledged == 1'980'000);
  CHECK((result.lost == 1 && result.replicas[1].lost == 1 && result.replicas[0].lost == 0));
  CHECK(result.rpo_time == 2'000s - (1'499'998ms + 2ms));
  CHECK(result.replicas[0].rows == 1'980'000);
  CHECK(result.replicas[0].sum_right);
  CHECK(result.replicas[0].unbalanced == 0);
  CHECK(result.differences ==
        std::vector<std::string>{"posting 1499999 is on c1, not on c2", result.differences.at(1), result.differences.at(2)});
  REQUIRE(before > 0);
  CHECK(grown < 8 * 1024);  // two million operations have 144 MB
}
