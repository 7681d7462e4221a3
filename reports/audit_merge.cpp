#include "reports/audit_merge.h"

#include <algorithm>

#include "reports/rows_format.h"

namespace blackstart {
namespace {

constexpr std::size_t kDifferences = 5;

}  // namespace

AuditMerge::AuditMerge(const std::vector<ReplicaSnapshot>& snapshots, std::int64_t initial_sum, bool whole)
    : differences_of_(snapshots.size()) {
  for (const ReplicaSnapshot& snapshot : snapshots) {
    checks_.push_back(std::make_unique<ReplicaCheck>(snapshot, initial_sum, whole));
    if (snapshot.complete && first_ == nullptr) first_ = checks_.back().get();
  }
  if (first_ != nullptr) accounts_ = first_->rows().plan();
  if (!rows_format::plans(accounts_)) accounts_ = 0;
  for (const auto& check : checks_)
    if (!check->over() && !shares_plan(*check)) accounts_ = 0;
  moved_.resize(accounts_);
  look_ahead(1);
}

// What was moved by rows of the plan can be put onto its accounts in the end.
bool AuditMerge::shares_plan(ReplicaCheck& one) const {
  return one.rows().plan() == accounts_ && (!one.balances().checks() || one.balances().consecutive());
}

bool AuditMerge::posted_as_planned(const Operation& o) {
  const Transfer planned = planned_transfer(o.posting - 1, accounts_);
  if (planned != Transfer{o.posting, o.from, o.to, o.amount}) return false;
  moved_[o.from - 1] -= o.amount;
  moved_[o.to - 1] += o.amount;
  return true;
}

void AuditMerge::take_slowly(const Operation& operation) {
  catch_up();
  take_unknown_below(operation.posting);
  take_posting(operation.posting, &operation);
  look_ahead(operation.posting + 1);
}

// Takes the cursors to where the operations are.
void AuditMerge::catch_up() {
  for (const auto& check : checks_)
    if (at_ != 0 && !check->over() && check->rows().planned_until() > check->rows().posting() && check->rows().posting() < at_)
      check->skip_to(at_);
}

void AuditMerge::take_unknown_below(std::uint64_t posting) {
  for (;;) {
    std::uint64_t lowest = posting;
    for (const auto& check : checks_)
      if (!check->rows().done()) lowest = std::min(lowest, check->rows().posting());
    if (lowest == posting) return;
    take_posting(lowest, nullptr);
  }
}

void AuditMerge::take_posting(std::uint64_t posting, const Operation* operation) {
  for (const auto& check : checks_) check->begin();
  auto there = [&](const auto& check) { return check->rows().at(posting); };
  while (std::any_of(checks_.begin(), checks_.end(), there)) take_rows(posting, operation);
  for (const auto& check : checks_) check->end(operation);
}

// The next row of each that has one more under this posting.
void AuditMerge::take_rows(std::uint64_t posting, const Operation* operation) {
  compare_rows(posting);
  for (const auto& check : checks_) {
    if (!check->rows().at(posting)) continue;
    check->take(operation);
    check->next();
  }
}

void AuditMerge::compare_rows(std::uint64_t posting) {
  if (first_ == nullptr) return;
  const PostedTransfer* base = first_->rows().at(posting) ? &first_->rows().row() : nullptr;
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    ReplicaCheck& other = *checks_[i];
    if (&other == first_ || !other.snapshot().complete || differences_of_[i].size() >= kDifferences) continue;
    const PostedTransfer* row = other.rows().at(posting) ? &other.rows().row() : nullptr;
    if (base == row || (base != nullptr && row != nullptr && *base == *row)) continue;
    differences_of_[i].push_back(difference(base, row, first_->snapshot().replica, other.snapshot().replica));
  }
}

// From this posting on: how far all have what was planned.
void AuditMerge::look_ahead(std::uint64_t posting) {
  at_ = posting;
  until_ = accounts_ == 0 ? 0 : UINT64_MAX;
  bool any = false;
  for (const auto& check : checks_) {
    if (check->over()) continue;
    any = true;
    until_ = std::min(until_, check->rows().at(posting) ? check->rows().planned_until() : 0);
  }
  if (!any) until_ = 0;
}

void AuditMerge::finish() {
  catch_up();
  take_unknown_below(UINT64_MAX);
  take_posting(UINT64_MAX, nullptr);
  for (const auto& check : checks_)
    for (std::uint64_t i = 0; i < accounts_ && check->snapshot().complete; ++i)
      check->moved(static_cast<std::uint32_t>(i + 1), moved_[i]);
  compare_accounts();
  for (const auto& check : checks_) results_.push_back(check->finish());
}

void AuditMerge::compare_accounts() {
  for (std::size_t i = 0; i < checks_.size() && first_ != nullptr; ++i) {
    const ReplicaCheck& other = *checks_[i];
    if (&other == first_ || !other.snapshot().complete) continue;
    auto& all = differences_of_[i];
    for (std::string& one : blackstart::differences(first_->accounts(), other.accounts(), first_->snapshot().replica,
                                                    other.snapshot().replica, kDifferences - all.size()))
      all.push_back(std::move(one));
    for (std::string& one : all)
      if (differences_.size() < kDifferences) differences_.push_back(std::move(one));
  }
}

}  // namespace blackstart
