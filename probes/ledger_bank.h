// The bank's books in SQL: its tables, who pays whom, and the statements.
//
// Tables, in the schema that the cloud gives to the probes: accounts(id, balance), transfers(seq, posting, src, dst, amount),
// history(id, posting, account, amount), two rows a transfer. `posting` is the client's id of a transfer and deliberately not
// unique there: a transfer that was applied twice must show, not be refused. With read-backs there is marks(id, n) besides,
// which the audit does not look at: a few rows that are written by turns, each with ever larger numbers.
// Ownership: plain values. Thread rule: pure functions, but for those that take a session.
#pragma once

#include <cstdint>
#include <string>

#include "probes/ledger_dialect.h"
#include "probes/ledger_settings.h"
#include "probes/sql_session.h"
#include "reports/transfer_plan.h"

namespace blackstart {

class Bank {
 public:
  Bank(const Database& database, const LedgerSettings& settings);

  // Transfer number `number`: the same in every run.
  Transfer transfer(std::uint64_t number) const;
  // Whose balance inquiry number `number` asks for.
  std::uint32_t account(std::uint64_t number) const;

  // A transaction up to its COMMIT. The accounts are changed in the order of their ids, so that two transfers never wait for
  // each other in a circle.
  std::string work(const Transfer& transfer) const;
  // The rows that each statement of work() changes.
  static const std::vector<std::uint64_t>& work_changes();
  std::string inquiry(std::uint32_t account) const;

  static constexpr std::uint64_t kMarks = 64;  // rows; as many read-backs may be outstanding
  // The mark of read-back number `number`, from 1 on. Its row holds it, or that of an earlier one (0: none yet).
  static std::uint64_t mark(std::uint64_t number) { return number + 1; }
  // Changes one row, by itself; none when a later mark stands there already: an order that comes late undoes nothing.
  std::string write_mark(std::uint64_t number) const;
  std::string read_mark(std::uint64_t number) const;

  // A table's full, quoted name; kind is "accounts", "transfers", "history" or "marks".
  std::string table(const std::string& kind) const;

  // Throws Error(unmet) when a table of our names is not ours, or when we may not make and drop tables.
  void require_room(SqlSession& session) const;
  void create(SqlSession& session) const;  // in place of what an earlier run left behind
  void drop(SqlSession& session) const;
  std::int64_t initial_sum() const { return accounts_ * opening_; }

 private:
  void require_ours(SqlSession& session) const;
  void open_accounts(SqlSession& session) const;
  void clear_marks(SqlSession& session) const;

  const LedgerDialect* dialect_;
  std::string schema_, prefix_;
  std::int64_t accounts_, opening_;
  bool marks_;
};

}  // namespace blackstart
