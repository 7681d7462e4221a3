// One replica against what was sent, and against another one, as it is easiest to believe: everything in memory, sorted,
// compared vector by vector. A part of naive_audit.h.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "reports/audit_balances.h"
#include "reports/judgement.h"
#include "reports/words.h"
#include "tests/support/naive_postings.h"

namespace blackstart::naive {

struct ReplicaAudit {
  AuditResult::Replica replica;
  std::uint64_t indeterminate_present = 0;
  std::optional<Time> first_lost;
};

constexpr std::size_t kExamples = 3;  // of each finding

// History rows without their transfer come as a transfer from nobody to nobody: no transfer stands there.
inline bool orphan(const PostedTransfer& row) { return row.from == 0 && row.to == 0 && row.amount == 0; }

inline std::string told(std::uint32_t from, std::uint32_t to, std::int64_t amount) {
  return fmt::format("{} from {} to {}", money_text(amount), from, to);
}

class ReplicaCheck {
 public:
  ReplicaCheck(const ReplicaSnapshot& rows, const Postings& postings) : rows_(rows), postings_(postings) {
    result_.replica.name = rows.replica;
    result_.replica.complete = rows.complete;
    result_.replica.problem = rows.problem;
    result_.replica.rows = rows.transfers.size();
  }

  ReplicaAudit run(std::int64_t initial_sum) {
    compare_postings();
    check_sum(initial_sum);
    check_balances(initial_sum);
    return std::move(result_);
  }

 private:
  using Row = std::vector<PostedTransfer>::const_iterator;

  // Both sides are sorted by posting: one pass over the two of them.
  void compare_postings() {
    Row row = rows_.transfers.begin();
    auto told_of = postings_.all.begin();
    while (row != rows_.transfers.end() || told_of != postings_.all.end()) {
      bool known = told_of != postings_.all.end() && (row == rows_.transfers.end() || told_of->posting <= row->posting);
      std::uint64_t posting = known ? told_of->posting : row->posting;
      Row end = std::find_if(row, rows_.transfers.end(), [&](const PostedTransfer& t) { return t.posting != posting; });
      compare(known ? &*told_of : nullptr, row, end);
      row = end;
      if (known) ++told_of;
    }
  }

  void compare(const Operation* operation, Row row, Row end) {
    std::uint64_t copies = 0;
    for (; row != end; ++row) {
      bool whole = row->history_rows == 2 && row->debit == row->amount && row->credit == row->amount;
      if (!whole)
        finding(result_.replica.partial, fmt::format("posting {}: {} history rows, debit {}, credit {}", row->posting,
                                                     row->history_rows, money_text(row->debit), money_text(row->credit)));
      if (orphan(*row)) continue;
      if (++copies == 1)
        compare_first(operation, *row);
      else
        finding(result_.replica.duplicate, fmt::format("posting {} stands there more than once", row->posting));
      if (operation != nullptr) compare(*operation, *row);
    }
    if (copies == 0 && operation != nullptr && operation->outcome == Outcome::ok) lost(*operation);
  }

  void compare_first(const Operation* operation, const PostedTransfer& row) {
    if (operation == nullptr) {
      if (postings_.whole) finding(result_.replica.phantom, fmt::format("posting {}: nobody sent it", row.posting));
      return;
    }
    if (operation->outcome == Outcome::failed || operation->outcome == Outcome::unsent)
      finding(result_.replica.phantom, fmt::format("posting {} is there though it had {}", row.posting,
                                                   operation->outcome == Outcome::failed ? "failed" : "never been sent"));
    if (operation->outcome == Outcome::indeterminate) ++result_.indeterminate_present;
  }

  void compare(const Operation& operation, const PostedTransfer& row) {
    if (std::tie(row.from, row.to, row.amount) != std::tie(operation.from, operation.to, operation.amount))
      finding(result_.replica.altered,
              fmt::format("posting {}: {} is there, {} was sent", row.posting, told(row.from, row.to, row.amount),
                          told(operation.from, operation.to, operation.amount)));
  }

  // An absence is only found where everything was read.
  void lost(const Operation& operation) {
    if (!rows_.complete) return;
    finding(result_.replica.lost, fmt::format("posting {} ({}) was acknowledged at {} and is not there", operation.posting,
                                              told(operation.from, operation.to, operation.amount), time_text(operation.done)));
    result_.replica.lost_amount = add(result_.replica.lost_amount, operation.amount);
    result_.first_lost = std::min(result_.first_lost.value_or(operation.done), operation.done);
  }

  void check_sum(std::int64_t initial_sum) {
    for (const AccountBalance& account : rows_.accounts) result_.replica.sum = add(result_.replica.sum, account.balance);
    result_.replica.sum_right = result_.replica.sum == initial_sum;
  }

  // All accounts opened with the same balance: where the sum can't be divided so, they did not, and nothing is checked.
  void check_balances(std::int64_t initial_sum) {
    auto count = static_cast<std::int64_t>(rows_.accounts.size());
    if (!rows_.complete || count == 0 || initial_sum % count != 0) return;
    std::map<std::uint32_t, std::int64_t> expected;
    for (const AccountBalance& account : rows_.accounts) expected[account.account] = initial_sum / count;
    for (const PostedTransfer& row : rows_.transfers) {
      if (orphan(row)) continue;
      expected[row.from] = add(expected[row.from], -std::max(row.amount, -INT64_MAX));
      expected[row.to] = add(expected[row.to], row.amount);
    }
    for (const AccountBalance& account : rows_.accounts)
      if (std::int64_t right = expected[account.account]; right != account.balance)
        finding(result_.replica.unbalanced, fmt::format("account {} has {}; its transfers make it {}", account.account,
                                                        money_text(account.balance), money_text(right)));
  }

  void finding(std::uint64_t& count, const std::string& example) {
    if (++count <= kExamples) result_.replica.examples.push_back(example);
  }

  const ReplicaSnapshot& rows_;
  const Postings& postings_;
  ReplicaAudit result_;
};

inline auto key(const PostedTransfer& t) {
  return std::tie(t.posting, t.from, t.to, t.amount, t.history_rows, t.debit, t.credit);
}
inline auto key(const AccountBalance& a) { return std::tie(a.account, a.balance); }
inline std::uint64_t name(const PostedTransfer& t) { return t.posting; }
inline std::uint64_t name(const AccountBalance& a) { return a.account; }
inline std::string words(const PostedTransfer& t) {
  return fmt::format("{} with {} history rows", told(t.from, t.to, t.amount), t.history_rows);
}
inline std::string words(const AccountBalance& a) { return money_text(a.balance); }

// One pass over two sorted tables; `what` names a row ("posting").
template <class T>
inline void differ(const std::string& what, const std::vector<T>& a, const std::vector<T>& b, const std::string& in_a,
                   const std::string& in_b, std::size_t most, std::vector<std::string>& result) {
  auto left = a.begin();
  auto right = b.begin();
  while ((left != a.end() || right != b.end()) && result.size() < most) {
    if (left != a.end() && right != b.end() && key(*left) == key(*right)) {
      ++left, ++right;
    } else if (left != a.end() && right != b.end() && name(*left) == name(*right)) {
      result.push_back(fmt::format("{} {}: {} on {}, {} on {}", what, name(*left), words(*left), in_a, words(*right), in_b));
      ++left, ++right;
    } else if (right == b.end() || (left != a.end() && name(*left) < name(*right))) {
      result.push_back(fmt::format("{} {} is on {}, not on {}", what, name(*left), in_a, in_b));
      ++left;
    } else {
      result.push_back(fmt::format("{} {} is on {}, not on {}", what, name(*right), in_b, in_a));
      ++right;
    }
  }
}

template <class T>
inline void sort(std::vector<T>& rows) {
  auto before = [](const T& a, const T& b) { return key(a) < key(b); };
  if (!std::is_sorted(rows.begin(), rows.end(), before)) std::sort(rows.begin(), rows.end(), before);
}

inline ReplicaAudit audit_replica(const ReplicaSnapshot& rows, const Postings& postings, std::int64_t initial_sum) {
  return ReplicaCheck(rows, postings).run(initial_sum);
}

inline std::vector<std::string> differences(const ReplicaSnapshot& a, const ReplicaSnapshot& b, std::size_t most) {
  std::vector<std::string> result;
  differ("posting", a.transfers, b.transfers, a.replica, b.replica, most, result);
  differ("account", a.accounts, b.accounts, a.replica, b.replica, most, result);
  return result;
}

inline ReplicaSnapshot in_order(ReplicaSnapshot snapshot) {
  sort(snapshot.transfers);
  sort(snapshot.accounts);
  return snapshot;
}

}  // namespace blackstart::naive
