#include "probes/ledger_snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <tuple>
#include <unordered_map>

#include "base/error.h"

namespace blackstart {
namespace {

constexpr std::size_t kPage = 10'000;  // rows

// Calls `take` with each row of the table, in the order of `key`, which is its first column.
template <class Take>
void each_row(SqlSession& session, const std::string& table, const std::string& key, const std::string& others, Take take) {
  const std::string doing = fmt::format("reading {}", table);
  SqlRows rows;
  std::int64_t last = 0;
  do {
    rows = session.ask(doing, fmt::format("SELECT {}, {} FROM {} WHERE {} > {} ORDER BY {} LIMIT {}", key, others, table, key,
                                          last, key, kPage));
    for (const SqlRow& row : rows) take([&](std::size_t column) { return integer_of(doing, row[column]); });
    if (!rows.empty()) last = integer_of(doing, rows.back()[0]);
  } while (rows.size() == kPage);
}

std::vector<PostedTransfer> read_transfers(SqlSession& session, const Bank& bank) {
  std::vector<PostedTransfer> transfers;
  each_row(session, bank.table("transfers"), "seq", "posting, src, dst, amount", [&](auto cell) {
    PostedTransfer t;
    t.posting = static_cast<std::uint64_t>(cell(1));
    t.from = static_cast<std::uint32_t>(cell(2));
    t.to = static_cast<std::uint32_t>(cell(3));
    t.amount = cell(4);
    transfers.push_back(t);
  });
  return transfers;
}

std::vector<HistoryRow> read_history(SqlSession& session, const Bank& bank) {
  std::vector<HistoryRow> history;
  each_row(session, bank.table("history"), "id", "posting, account, amount", [&](auto cell) {
    history.push_back({static_cast<std::uint64_t>(cell(1)), static_cast<std::uint32_t>(cell(2)), cell(3)});
  });
  return history;
}

std::vector<AccountBalance> read_accounts(SqlSession& session, const Bank& bank) {
  std::vector<AccountBalance> accounts;
  each_row(session, bank.table("accounts"), "id", "balance", [&](auto cell) {
    accounts.push_back({static_cast<std::uint32_t>(cell(0)), cell(1)});
  });
  return accounts;
}

void add(PostedTransfer& transfer, const HistoryRow& row) {
  bool orphan = transfer.from == 0 && transfer.to == 0;
  ++transfer.history_rows;
  if (orphan ? row.amount < 0 : row.account == transfer.from) transfer.debit -= row.amount;
  if (orphan ? row.amount >= 0 : row.account == transfer.to) transfer.credit += row.amount;
}

}  // namespace

std::vector<PostedTransfer> join_history(std::vector<PostedTransfer> transfers, const std::vector<HistoryRow>& history) {
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> places;
  for (std::size_t i = 0; i < transfers.size(); ++i) places[transfers[i].posting].push_back(i);
  for (const HistoryRow& row : history) {
    auto& found = places[row.posting];
    if (found.empty()) {
      found.push_back(transfers.size());
      transfers.emplace_back().posting = row.posting;
    }
    for (std::size_t i : found) add(transfers[i], row);
  }
  std::sort(transfers.begin(), transfers.end(), [](const PostedTransfer& a, const PostedTransfer& b) {
    return std::tie(a.posting, a.from, a.to, a.amount) < std::tie(b.posting, b.from, b.to, b.amount);
  });
  return transfers;
}

ReplicaSnapshot read_replica(const Database& database, const Database::Replica& replica, const Bank& bank,
                             const std::function<void(SqlSession&)>& catch_up, const Deadline& deadline) {
  ReplicaSnapshot snapshot;
  snapshot.replica = replica.node;
  try {
    SqlSession session(target_of(database, replica), deadline);
    catch_up(session);  // before the view is opened, or that would be of the time before it
    for (const std::string& sql : dialect_of(kind_of(database)).open_view()) session.ask("opening a consistent view", sql);
    snapshot.accounts = read_accounts(session, bank);
    auto transfers = read_transfers(session, bank);
    snapshot.transfers = join_history(std::move(transfers), read_history(session, bank));
    snapshot.complete = true;
  } catch (const std::exception& error) {
    snapshot.problem = error.what();
  }
  return snapshot;
}

}  // namespace blackstart
