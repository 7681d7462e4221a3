#include "reports/audit_balances.h"

#include <algorithm>

namespace blackstart {

std::int64_t add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? INT64_MIN : INT64_MAX;
}

AuditBalances::AuditBalances(const std::vector<AccountBalance>& accounts, std::optional<std::int64_t> initial_sum)
    : accounts_(accounts) {
  const auto count = static_cast<std::int64_t>(accounts.size());
  checks_ = initial_sum && count > 0 && *initial_sum % count == 0;
  if (!checks_) return;
  expected_.assign(accounts.size(), *initial_sum / count);
  consecutive_ = true;
  for (std::size_t i = 0; i < accounts.size(); ++i) consecutive_ = consecutive_ && accounts[i].account == i + 1;
}

void AuditBalances::post(const PostedTransfer& row) {
  if (!checks_) return;
  add_to(row.from, -Wide{row.amount});
  add_to(row.to, row.amount);
}

void AuditBalances::moved(std::uint32_t account, std::int64_t amount) {
  if (checks_) add_to(account, amount);
}

void AuditBalances::add_to(std::uint32_t account, Wide amount) {
  if (consecutive_) {
    if (account >= 1 && account <= expected_.size()) expected_[account - 1] += amount;
    return;
  }
  auto at = std::lower_bound(accounts_.begin(), accounts_.end(), account,
                             [](const AccountBalance& a, std::uint32_t wanted) { return a.account < wanted; });
  for (; at != accounts_.end() && at->account == account; ++at)
    expected_[static_cast<std::size_t>(at - accounts_.begin())] += amount;
}

std::int64_t AuditBalances::expected(std::size_t place) const {
  return static_cast<std::int64_t>(std::clamp<Wide>(expected_[place], INT64_MIN, INT64_MAX));
}

}  // namespace blackstart
