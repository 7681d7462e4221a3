// The bank's books in SQL: its three tables, who pays whom, and the statements.
//
// Tables, in the schema that the cloud gives to the probes: accounts(id, balance), transfers(seq, posting, src, dst, amount),
// history(id, posting, account, amount), two rows a transfer. `posting` is the client's id of a transfer and deliberately not
// unique there: a transfer that was applied twice must show, not be refused.
// Ownership: plain values. Thread rule: pure functions, but for those that take a session.
#pragma once

#include <cstdint>
#include <string>

#include "probes/ledger_settings.h"
#include "probes/sql_session.h"

namespace blackstart {

class Bank {
 public:
  Bank(const Database& database, const LedgerSettings& settings);

  struct Transfer {
    std::uint64_t posting = 0;
    std::uint32_t from = 0, to = 0;
    std::int64_t amount = 0;  // cents
  };
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

  // A table's full, quoted name; kind is "accounts", "transfers" or "history".
  std::string table(const std::string& kind) const;

  // Throws Error(unmet) when a table of our names is not ours, or when we may not make and drop tables.
  void require_room(SqlSession& session) const;
  void create(SqlSession& session) const;  // in place of what an earlier run left behind
  void drop(SqlSession& session) const;
  std::int64_t initial_sum() const { return accounts_ * opening_; }

 private:
  void require_ours(SqlSession& session) const;
  void require_privileges(SqlSession& session) const;
  void open_accounts(SqlSession& session) const;

  std::string schema_, prefix_;
  std::int64_t accounts_, opening_;
};

}  // namespace blackstart
