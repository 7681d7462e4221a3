// All replicas and the operations side by side, in one pass by posting.
//
// Purpose: the audit's comparison, with the memory of a block of each replica and of its accounts, however many rows there are.
// Where all replicas hold what the bank's plan says, only the operation is looked at. Ownership: refers to the snapshots, which
// outlive it. Thread rule: one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reports/audit_replica.h"

namespace blackstart {

class AuditMerge {
 public:
  // `whole`: see ReplicaCheck.
  AuditMerge(const std::vector<ReplicaSnapshot>& snapshots, std::int64_t initial_sum, bool whole);

  // By posting, each once.
  void take(const Operation& operation) {
    if (operation.posting == at_ && at_ < until_ && operation.outcome == Outcome::ok && posted_as_planned(operation))
      ++at_;
    else
      take_slowly(operation);
  }
  // After the last.
  void finish();

  // In the order of the snapshots.
  const std::vector<ReplicaAudit>& replicas() const { return results_; }
  // Where complete replicas differ from the first one of them: the first few, in words.
  const std::vector<std::string>& differences() const { return differences_; }

 private:
  bool posted_as_planned(const Operation& operation);
  void take_slowly(const Operation& operation);
  void catch_up();
  void take_unknown_below(std::uint64_t posting);
  void take_posting(std::uint64_t posting, const Operation* operation);
  void take_rows(std::uint64_t posting, const Operation* operation);
  void compare_rows(std::uint64_t posting);
  void look_ahead(std::uint64_t posting);
  bool shares_plan(ReplicaCheck& one) const;
  void compare_accounts();

  std::vector<std::unique_ptr<ReplicaCheck>> checks_;
  ReplicaCheck* first_ = nullptr;                         // complete; null: none is
  std::vector<std::vector<std::string>> differences_of_;  // for each replica, from the first
  std::vector<ReplicaAudit> results_;
  std::vector<std::string> differences_;

  // All that are not over have the rows of the postings from at_ up to until_, once each, as planned. Their cursors may still
  // be at an earlier one of these.
  std::uint64_t at_ = 0, until_ = 0;
  std::uint64_t accounts_ = 0;       // the plan's; 0: they have none in common
  std::vector<std::int64_t> moved_;  // to each of these accounts, by the rows that were only looked at from here
};

}  // namespace blackstart
