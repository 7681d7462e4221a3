#include "probes/ledger_pages.h"

#include <fmt/format.h>

#include "base/error.h"

namespace blackstart {
namespace {

constexpr std::size_t kPage = 10'000;  // rows
constexpr std::size_t kBefore = 2;     // columns before those that were asked for: posting and key

}  // namespace

LedgerPages::LedgerPages(SqlSession& session, const Table& table)
    : session_(session), table_(table), doing_("reading " + table.name) {
  turn();
}

std::int64_t LedgerPages::cell(std::size_t column) const { return integer_of(doing_, rows_[row_][column + kBefore]); }

void LedgerPages::next() {
  if (++row_ < rows_.size())
    look();
  else if (rows_.size() == kPage)
    turn();
}

void LedgerPages::turn() {
  const std::string where =
      begun_ ? fmt::format("WHERE posting >= {0} AND (posting > {0} OR {1} > {2}) ", posting_, table_.key, key_) : "";
  rows_ = session_.ask(doing_, fmt::format("SELECT posting, {1}, {2} FROM {0} {3}ORDER BY posting, {1} LIMIT {4}", table_.name,
                                           table_.key, table_.columns, where, kPage));
  row_ = 0;
  if (!done()) look();
}

void LedgerPages::look() {
  const auto posting = static_cast<std::uint64_t>(integer_of(doing_, rows_[row_][0]));
  const std::int64_t key = integer_of(doing_, rows_[row_][1]);
  if (begun_ && (posting < posting_ || (posting == posting_ && key <= key_)))
    throw Error(ErrorKind::unmet, doing_, "the rows do not come in the order that was asked for");
  begun_ = true;
  posting_ = posting;
  key_ = key;
  sum_ += integer_of(doing_, rows_[row_].back());
  ++count_;
}

void LedgerPages::require_all() const {
  const auto rows = session_.ask(doing_, "SELECT COUNT(*), SUM(amount) FROM " + table_.name);
  const std::string count = rows[0][0].value_or(""), sum = rows[0][1].value_or("0");
  if (count == fmt::format("{}", count_) && sum == fmt::format("{}", sum_)) return;
  throw Error(
      ErrorKind::unmet, doing_,
      fmt::format("by posting it has {} rows whose amounts make {}, by itself {} that make {}", count_, sum_, count, sum),
      "its index on posting may be damaged: CHECK TABLE");
}

}  // namespace blackstart
