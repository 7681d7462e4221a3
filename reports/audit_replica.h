// One replica against the postings.
//
// Purpose: the audit's findings, each counted and the first few told. Ownership: refers to the snapshot, which outlives it.
// Thread rule: one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/audit_balances.h"
#include "reports/judgement.h"
#include "reports/operation.h"
#include "reports/row_cursor.h"

namespace blackstart {

struct ReplicaAudit {
  AuditResult::Replica replica;
  std::uint64_t indeterminate_present = 0;
  std::uint64_t unknown = 0;       // rows whose posting nobody is known to have sent
  std::optional<Time> first_lost;  // when the oldest lost one was acknowledged
};

// Goes through the rows posting by posting: begin(), then for each row under it take() and next(), then end().
class ReplicaCheck {
 public:
  // `whole`: each operation that may have posted is known: only then is an unknown row a phantom.
  ReplicaCheck(const ReplicaSnapshot& snapshot, std::int64_t initial_sum, bool whole);

  const ReplicaSnapshot& snapshot() const { return snapshot_; }
  RowCursor& rows() { return rows_; }
  const std::vector<AccountBalance>& accounts() const { return accounts_; }
  const AuditBalances& balances() const { return balances_; }
  // Nothing more can be found: there are no more rows, and what is missing is not known to be.
  bool over() const { return rows_.done() && !snapshot_.complete; }

  void begin() { copies_ = 0; }
  // The current row, under a posting that this operation had (null: nobody).
  void take(const Operation* operation);
  void next();
  void end(const Operation* operation);

  // Rows of a run were compared by somebody else: on to this posting.
  void skip_to(std::uint64_t posting);
  // What those that were skipped have moved to (negative: from) the account in all.
  void moved(std::uint32_t account, std::int64_t amount) { balances_.moved(account, amount); }

  // Behind the last row.
  ReplicaAudit finish();

 private:
  void take_first(const Operation* operation, const PostedTransfer& row);
  void compare(const Operation& operation, const PostedTransfer& row);
  void lost(const Operation& operation);
  void check_balances();
  template <class Example>
  void finding(std::uint64_t& count, Example example);

  const ReplicaSnapshot& snapshot_;
  RowCursor rows_;
  std::vector<AccountBalance> accounts_;  // in order
  AuditBalances balances_;
  std::int64_t initial_sum_;
  bool whole_;
  std::uint64_t copies_ = 0;  // rows under this posting that are transfers
  ReplicaAudit result_;
};

// How two replicas hold a posting differently, in words; one of the rows is null where it is not there.
std::string difference(const PostedTransfer* a, const PostedTransfer* b, const std::string& in_a, const std::string& in_b);
// Where the accounts differ, in order: at most `most`.
std::vector<std::string> differences(const std::vector<AccountBalance>& a, const std::vector<AccountBalance>& b,
                                     const std::string& in_a, const std::string& in_b, std::size_t most);

}  // namespace blackstart
