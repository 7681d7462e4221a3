#include "reports/audit_replica.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <tuple>

#include "reports/rows_format.h"
#include "reports/words.h"

namespace blackstart {
namespace {

constexpr std::size_t kExamples = 3;  // of each finding

// History rows without their transfer come as a transfer from nobody to nobody: no transfer stands there.
bool orphan(const PostedTransfer& row) { return row.from == 0 && row.to == 0 && row.amount == 0; }

std::string told(std::uint32_t from, std::uint32_t to, std::int64_t amount) {
  return fmt::format("{} from {} to {}", money_text(amount), from, to);
}

std::uint64_t name(const PostedTransfer& t) { return t.posting; }
std::uint64_t name(const AccountBalance& a) { return a.account; }
std::string words(const PostedTransfer& t) {
  return fmt::format("{} with {} history rows", told(t.from, t.to, t.amount), t.history_rows);
}
std::string words(const AccountBalance& a) { return money_text(a.balance); }

// `what` names a row ("posting"). One of them may be null.
template <class T>
std::string difference_of(const char* what, const T* a, const T* b, const std::string& in_a, const std::string& in_b) {
  if (a != nullptr && b != nullptr)
    return fmt::format("{} {}: {} on {}, {} on {}", what, name(*a), words(*a), in_a, words(*b), in_b);
  return a != nullptr ? fmt::format("{} {} is on {}, not on {}", what, name(*a), in_a, in_b)
                      : fmt::format("{} {} is on {}, not on {}", what, name(*b), in_b, in_a);
}

std::vector<AccountBalance> in_order(std::vector<AccountBalance> accounts) {
  auto before = [](const AccountBalance& a, const AccountBalance& b) { return key_of(a) < key_of(b); };
  if (!std::is_sorted(accounts.begin(), accounts.end(), before)) std::sort(accounts.begin(), accounts.end(), before);
  return accounts;
}

}  // namespace

ReplicaCheck::ReplicaCheck(const ReplicaSnapshot& snapshot, std::int64_t initial_sum, bool whole)
    : snapshot_(snapshot),
      rows_(snapshot),
      accounts_(in_order(snapshot.accounts)),
      balances_(accounts_, snapshot.complete ? std::optional(initial_sum) : std::nullopt),
      initial_sum_(initial_sum),
      whole_(whole) {
  result_.replica.name = snapshot.replica;
  result_.replica.complete = snapshot.complete;
  result_.replica.problem = snapshot.problem;
}

template <class Example>
void ReplicaCheck::finding(std::uint64_t& count, Example example) {
  if (++count <= kExamples) result_.replica.examples.push_back(example());
}

void ReplicaCheck::take(const Operation* operation) {
  const PostedTransfer& row = rows_.row();
  if (!rows_format::whole(row))
    finding(result_.replica.partial, [&] {
      return fmt::format("posting {}: {} history rows, debit {}, credit {}", row.posting, row.history_rows,
                         money_text(row.debit), money_text(row.credit));
    });
  if (orphan(row)) return;
  balances_.post(row);
  if (++copies_ == 1)
    take_first(operation, row);
  else
    finding(result_.replica.duplicate, [&] { return fmt::format("posting {} stands there more than once", row.posting); });
  if (operation != nullptr) compare(*operation, row);
}

void ReplicaCheck::take_first(const Operation* operation, const PostedTransfer& row) {
  if (operation == nullptr) {
    ++result_.unknown;
    if (whole_) finding(result_.replica.phantom, [&] { return fmt::format("posting {}: nobody sent it", row.posting); });
    return;
  }
  if (operation->outcome == Outcome::failed || operation->outcome == Outcome::unsent)
    finding(result_.replica.phantom, [&] {
      return fmt::format("posting {} is there though it had {}", row.posting,
                         operation->outcome == Outcome::failed ? "failed" : "never been sent");
    });
  if (operation->outcome == Outcome::indeterminate) ++result_.indeterminate_present;
}

// Each copy: one that may be there twice may still say nothing else than what was sent.
void ReplicaCheck::compare(const Operation& operation, const PostedTransfer& row) {
  if (std::tie(row.from, row.to, row.amount) == std::tie(operation.from, operation.to, operation.amount)) return;
  finding(result_.replica.altered, [&] {
    return fmt::format("posting {}: {} is there, {} was sent", row.posting, told(row.from, row.to, row.amount),
                       told(operation.from, operation.to, operation.amount));
  });
}

void ReplicaCheck::next() {
  ++result_.replica.rows;
  rows_.next();
}

void ReplicaCheck::end(const Operation* operation) {
  if (copies_ == 0 && operation != nullptr && operation->outcome == Outcome::ok) lost(*operation);
}

void ReplicaCheck::skip_to(std::uint64_t posting) {
  result_.replica.rows += posting - rows_.posting();
  rows_.skip_to(posting);
}

// An absence is only found where everything was read.
void ReplicaCheck::lost(const Operation& operation) {
  if (!snapshot_.complete) return;
  finding(result_.replica.lost, [&] {
    return fmt::format("posting {} ({}) was acknowledged at {} and is not there", operation.posting,
                       told(operation.from, operation.to, operation.amount), time_text(operation.done));
  });
  result_.replica.lost_amount = add(result_.replica.lost_amount, operation.amount);
  result_.first_lost = std::min(result_.first_lost.value_or(operation.done), operation.done);
}

ReplicaAudit ReplicaCheck::finish() {
  for (const AccountBalance& account : accounts_) result_.replica.sum = add(result_.replica.sum, account.balance);
  result_.replica.sum_right = result_.replica.sum == initial_sum_;
  check_balances();
  return std::move(result_);
}

void ReplicaCheck::check_balances() {
  for (std::size_t i = 0; balances_.checks() && i < accounts_.size(); ++i)
    if (const std::int64_t right = balances_.expected(i); right != accounts_[i].balance)
      finding(result_.replica.unbalanced, [&] {
        return fmt::format("account {} has {}; its transfers make it {}", accounts_[i].account,
                           money_text(accounts_[i].balance), money_text(right));
      });
}

std::string difference(const PostedTransfer* a, const PostedTransfer* b, const std::string& in_a, const std::string& in_b) {
  return difference_of("posting", a, b, in_a, in_b);
}

std::vector<std::string> differences(const std::vector<AccountBalance>& a, const std::vector<AccountBalance>& b,
                                     const std::string& in_a, const std::string& in_b, std::size_t most) {
  std::vector<std::string> result;
  auto left = a.begin();
  auto right = b.begin();
  while ((left != a.end() || right != b.end()) && result.size() < most) {
    const bool in_left = left != a.end() && (right == b.end() || name(*left) <= name(*right));
    const bool in_right = right != b.end() && (left == a.end() || name(*right) <= name(*left));
    if (!in_left || !in_right || key_of(*left) != key_of(*right))
      result.push_back(difference_of("account", in_left ? &*left : nullptr, in_right ? &*right : nullptr, in_a, in_b));
    if (in_left) ++left;
    if (in_right) ++right;
  }
  return result;
}

}  // namespace blackstart
