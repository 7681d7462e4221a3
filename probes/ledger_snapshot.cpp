#include "probes/ledger_snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "base/error.h"
#include "probes/ledger_pages.h"
#include "reports/rows_writer.h"

namespace blackstart {
namespace {

constexpr std::int64_t kAccountsAtOnce = 10'000;

// PostgreSQL has no unsigned columns: what is none of our accounts must not become one by being cut.
std::uint32_t account_of(std::int64_t id) {
  if (id < 0 || id > UINT32_MAX) throw Error(ErrorKind::unmet, "reading its books", fmt::format("{} is no account", id));
  return static_cast<std::uint32_t>(id);
}

void copy_accounts(SqlSession& session, const Bank& bank, RowsWriter& to) {
  const std::string doing = "reading " + bank.table("accounts");
  SqlRows rows;
  std::int64_t last = -INT64_MAX;  // one below 0 is somebody's doing, and must be seen
  do {
    rows = session.ask(doing, fmt::format("SELECT id, balance FROM {} WHERE id > {} ORDER BY id LIMIT {}",
                                          bank.table("accounts"), last, kAccountsAtOnce));
    for (const SqlRow& row : rows) {
      last = integer_of(doing, row[0]);
      to.account({account_of(last), integer_of(doing, row[1])});
    }
  } while (rows.size() == kAccountsAtOnce);
}

// Both tables side by side, posting by posting.
void copy_transfers(SqlSession& session, const Bank& bank, RowsWriter& to) {
  LedgerPages transfers(session, {bank.table("transfers"), "seq", "src, dst, amount"});
  LedgerPages history(session, {bank.table("history"), "id", "account, amount"});
  while (!transfers.done() || !history.done()) {
    const std::uint64_t posting =
        std::min(transfers.done() ? UINT64_MAX : transfers.posting(), history.done() ? UINT64_MAX : history.posting());
    std::vector<PostedTransfer> rows;
    for (; !transfers.done() && transfers.posting() == posting; transfers.next())
      rows.push_back({posting, account_of(transfers.cell(0)), account_of(transfers.cell(1)), transfers.cell(2)});
    std::vector<HistoryRow> changes;
    for (; !history.done() && history.posting() == posting; history.next())
      changes.push_back({account_of(history.cell(0)), history.cell(1)});
    for (const PostedTransfer& row : join_history(posting, std::move(rows), changes)) to.transfer(row);
  }
  transfers.require_all();
  history.require_all();
}

void add(PostedTransfer& transfer, const HistoryRow& row) {
  bool orphan = transfer.from == 0 && transfer.to == 0;
  ++transfer.history_rows;
  if (orphan ? row.amount < 0 : row.account == transfer.from) transfer.debit -= row.amount;
  if (orphan ? row.amount >= 0 : row.account == transfer.to) transfer.credit += row.amount;
}

}  // namespace

std::vector<PostedTransfer> join_history(std::uint64_t posting, std::vector<PostedTransfer> transfers,
                                         const std::vector<HistoryRow>& history) {
  if (transfers.empty()) transfers.emplace_back().posting = posting;
  for (PostedTransfer& transfer : transfers)
    for (const HistoryRow& row : history) add(transfer, row);
  std::sort(transfers.begin(), transfers.end(),
            [](const PostedTransfer& a, const PostedTransfer& b) { return key_of(a) < key_of(b); });
  return transfers;
}

ReplicaSnapshot read_replica(const Database& database, const Database::Replica& replica, const Bank& bank,
                             const std::function<void(SqlSession&)>& catch_up, const Deadline& deadline,
                             const std::filesystem::path& file) {
  std::string problem;
  try {
    RowsWriter writer(file, replica.node);
    try {
      SqlSession session(target_of(database, replica), deadline);
      catch_up(session);  // before the view is opened, or that would be of the time before it
      for (const std::string& sql : dialect_of(kind_of(database)).open_view()) session.ask("opening a consistent view", sql);
      copy_accounts(session, bank, writer);
      copy_transfers(session, bank, writer);
    } catch (const std::exception& error) {
      problem = error.what();
    }
    writer.finish(problem.empty(), problem);
    return open_snapshot(file);
  } catch (const std::exception& error) {
    if (problem.empty()) problem = error.what();
  }
  return {replica.node, false, problem, {}, {}};
}

}  // namespace blackstart
