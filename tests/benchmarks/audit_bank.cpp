// A bank's record of as many transfers as asked for, with a few mistakes planted, and the audit of it: ours, for the benchmark
// audit.
//
//   audit_bank write FOLDER TRANSFERS planned|drawn [tables]     the record; with `tables` also the same as text, for others
//   audit_bank audit FOLDER                                      audits the record, prints what was found
//   audit_bank stream FOLDER TRANSFERS planned|drawn             the same with operations that were never in memory or on disk
//
// planned: transfers are those of the ledger probe; drawn: others, which take more room. One in a hundred has failed, one in
// two thousand is indeterminate, and half of these are there. Planted: c1, c2 and c3 have lost one, c2 has lost another, and
// has one twice, one altered and one that nobody sent; on c3 the history of one is not whole, and one account has 5 cents too
// much.
#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include "base/error.h"
#include "base/units.h"
#include "reports/audit.h"
#include "reports/files.h"
#include "reports/rows_format.h"
#include "reports/rows_writer.h"

namespace {

using namespace blackstart;

constexpr std::uint32_t kAccounts = 10'000;
constexpr std::int64_t kOpening = 1'000'000'000;
constexpr Duration kLag = 100us, kLatency = 4ms;
const std::vector<std::string> kReplicas{"c1", "c2", "c3"};

struct Bank {
  std::uint64_t count = 0;
  bool planned = true;

  Transfer transfer(std::uint64_t number) const {
    Transfer t = planned_transfer(planned ? number : number + count, kAccounts);
    t.posting = number + 1;
    return t;
  }
  static Outcome outcome(std::uint64_t number) {
    if (number % 100 == 99) return Outcome::failed;
    return number % 2000 == 0 ? Outcome::indeterminate : Outcome::ok;
  }
  Operation operation(std::uint64_t number) const {
    const Transfer t = transfer(number);
    Operation o;
    o.number = number;
    o.outcome = outcome(number);
    o.scheduled = Time(static_cast<std::int64_t>(number) * 100'000);
    o.sent = o.scheduled + kLag;
    // Answers come in another order than requests were sent in.
    o.done = o.sent + kLatency + Duration(static_cast<std::int64_t>(mix(number) % 4'000'000));
    o.posting = t.posting, o.from = t.from, o.to = t.to, o.amount = t.amount;
    return o;
  }
  // In an order that answers may come in.
  void each(const std::function<void(const Operation&)>& take) const {
    constexpr std::uint64_t kTogether = 16;
    for (std::uint64_t number = 0; number < count; ++number) {
      const std::uint64_t other = number ^ (mix(number / kTogether) % kTogether);
      take(operation(count % kTogether == 0 ? other : number));
    }
  }
  // Ledger rows of one replica, in order, with its mistakes.
  void each_row(const std::string& replica, const std::function<void(const PostedTransfer&)>& take) const {
    const bool second = replica == "c2", third = replica == "c3";
    for (std::uint64_t number = 0; number < count; ++number) {
      const bool there = outcome(number) == Outcome::ok || (outcome(number) == Outcome::indeterminate && number % 4000 == 0);
      if (!there || number == count / 2 + 1 || (second && number == count / 3 + 1)) continue;
      const Transfer t = transfer(number);
      PostedTransfer row{t.posting, t.from, t.to, t.amount, 2, t.amount, t.amount};
      if (second && number == count / 4 + 1) row.amount += 1, row.debit += 1, row.credit += 1;
      if (third && number == count / 5 + 1) row.history_rows = 1, row.credit = 0;
      take(row);
      if (second && number == count / 6 + 1) take(row);
    }
    if (second) take({count + 17, 1, 2, 3, 2, 3, 3});
  }
  std::vector<AccountBalance> accounts(const std::string& replica) const {
    std::vector<AccountBalance> all;
    for (std::uint32_t a = 1; a <= kAccounts; ++a) all.push_back({a, kOpening});
    each_row(replica, [&](const PostedTransfer& row) {
      all[row.from - 1].balance -= row.amount;
      all[row.to - 1].balance += row.amount;
    });
    if (replica == "c3") all[42].balance += 5;
    return all;
  }
  ProbeInfo info() const {
    ProbeInfo info;
    info.name = "bank";
    info.kind = "ledger";
    info.series = {{"transfer", 10'000, 2s, 500ms, true}};
    info.audited = true;
    info.initial_sum = kOpening * kAccounts;
    info.replicas = kReplicas;
    info.accounts = kAccounts;
    return info;
  }
};

// Text, a line a row, appended in large pieces.
class Table {
 public:
  explicit Table(const std::filesystem::path& path) : file_(path, AppendFile::Open::must_not_exist) {}
  ~Table() { write(); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  template <class... T>
  void line(const char* format, const T&... values) {
    fmt::format_to(std::back_inserter(text_), fmt::runtime(format), values...);
    if (text_.size() > (1 << 20)) write();
  }

 private:
  void write() {
    if (file_.append(text_) != 0) std::abort();
    text_.clear();
  }
  AppendFile file_;
  std::string text_;
};

void write_rows(const std::filesystem::path& file, const Bank& bank, const std::string& replica) {
  RowsWriter writer(file, replica);
  for (const AccountBalance& account : bank.accounts(replica)) writer.account(account);
  bank.each_row(replica, [&](const PostedTransfer& row) { writer.transfer(row); });
  writer.finish(true, "");
}

void write_record(const std::filesystem::path& folder, const Bank& bank) {
  RecordWriter record(folder);
  RunInfo run;
  run.id = "audit";
  record.run(run);
  const ProbeInfo info = bank.info();
  record.probe_started(info, 0s);
  OperationFile operations(operations_path(folder, info.name), plans_of(info));
  bank.each([&](const Operation& operation) { operations.record(operation); });
  operations.close();
  record.probe_stopped(info.name, Time(static_cast<std::int64_t>(bank.count) * 100'000), {bank.count});
  std::vector<ReplicaSnapshot> snapshots;
  for (const std::string& replica : kReplicas) {
    const auto file = record.rows_file(info.name, replica);
    write_rows(file, bank, replica);
    snapshots.push_back(open_snapshot(file));
  }
  record.snapshots(info.name, snapshots);
  record.finished(0s);
}

void write_tables(const std::filesystem::path& folder, const Bank& bank) {
  Table operations(folder / "operations.tsv");
  bank.each([&](const Operation& o) {
    operations.line("{}\t{}\t{}\t{}\t{}\t{}\n", o.posting, static_cast<int>(o.outcome), o.done.count(), o.from, o.to, o.amount);
  });
  for (const std::string& replica : kReplicas) {
    Table rows(folder / (replica + ".tsv")), accounts(folder / (replica + ".accounts.tsv"));
    std::uint64_t last = 0, copy = 0;
    bank.each_row(replica, [&](const PostedTransfer& t) {
      copy = t.posting == last ? copy + 1 : 0;
      last = t.posting;
      rows.line("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", t.posting, copy, t.from, t.to, t.amount, t.history_rows, t.debit, t.credit);
    });
    for (const AccountBalance& a : bank.accounts(replica)) accounts.line("{}\t{}\n", a.account, a.balance);
  }
}

int print(const AuditResult& result) {
  for (const AuditResult::Replica& r : result.replicas)
    std::cout << fmt::format("{} lost {} worth {} phantom {} duplicate {} altered {} partial {} unbalanced {}\n", r.name,
                             r.lost, r.lost_amount, r.phantom, r.duplicate, r.altered, r.partial, r.unbalanced);
  std::cout << (result.replicas_equal ? "equal\n" : "unequal\n");
  return result.complete ? 0 : 2;
}

int audit_record(const std::filesystem::path& folder) {
  const Record record = read_record(folder / "run");
  const ProbeRecord& bank = record.probes.at(0);
  // Whether the schedule was kept is asked by every measure, and no part of the audit.
  ProbeRecord schedule;
  schedule.info = bank.info;
  schedule.started = bank.started;
  schedule.stopped = bank.stopped;
  schedule.planned = bank.planned;
  return print(audit(bank, streams_of(schedule), 1s));
}

int audit_stream(const std::filesystem::path& folder, const Bank& bank) {
  ProbeRecord probe;
  probe.info = bank.info();
  probe.started = 0s;
  probe.stopped = Time(static_cast<std::int64_t>(bank.count) * 100'000);
  probe.planned = {bank.count};
  for (const std::string& replica : kReplicas) {
    const auto file = folder / (replica + ".rows");
    write_rows(file, bank, replica);
    probe.snapshots.push_back(open_snapshot(file));
  }
  return print(audit(probe, streams_of(probe), 1s, [&](const auto& take) { bank.each(take); }));
}

int run(const std::vector<std::string>& words) {
  const std::string what = words.empty() ? "" : words[0];
  if (what == "audit" && words.size() == 2) return audit_record(words[1]);
  const auto count = words.size() < 4 ? std::nullopt : parse_integer(words[2]);
  if (!count || *count < 100 || (words[3] != "planned" && words[3] != "drawn")) {
    std::cerr << "usage: audit_bank write FOLDER TRANSFERS planned|drawn [tables]\n"
                 "       audit_bank audit FOLDER\n       audit_bank stream FOLDER TRANSFERS planned|drawn\n";
    return 64;
  }
  const Bank bank{static_cast<std::uint64_t>(*count), words[3] == "planned"};
  if (what == "stream") return audit_stream(words[1], bank);
  write_record(std::filesystem::path(words[1]) / "run", bank);
  if (words.size() > 4) write_tables(words[1], bank);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& problem) {
    std::cerr << "audit_bank: " << problem.what() << "\n";
    return 70;
  }
}
