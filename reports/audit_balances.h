// What the accounts of one replica should have by its own transfers.
//
// Purpose: every row counts, none is kept. Ownership: refers to the accounts, which outlive it. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "reports/snapshot.h"

namespace blackstart {

// Sums stop at the ends of the range instead of overflowing.
std::int64_t add(std::int64_t a, std::int64_t b);

class AuditBalances {
 public:
  // `accounts` must be in order. All have opened with the same balance: where `initial_sum` can't be divided so they did not,
  // and nothing is checked; nor where there is none.
  AuditBalances(const std::vector<AccountBalance>& accounts, std::optional<std::int64_t> initial_sum);
  bool checks() const { return checks_; }
  // They are 1, 2, 3, … with none missing.
  bool consecutive() const { return consecutive_; }

  void post(const PostedTransfer& row);
  // What rows that were not given to post() have moved to the account in all; negative: from it.
  void moved(std::uint32_t account, std::int64_t amount);
  // Of the account in this place; stops at the ends of the range.
  std::int64_t expected(std::size_t place) const;

 private:
  __extension__ using Wide = __int128;
  void add_to(std::uint32_t account, Wide amount);

  const std::vector<AccountBalance>& accounts_;
  bool checks_ = false, consecutive_ = false;
  std::vector<Wide> expected_;  // by place; where two places have the same account, both get all of it
};

}  // namespace blackstart
