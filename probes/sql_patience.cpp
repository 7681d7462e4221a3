#include "probes/sql_patience.h"

#include <fmt/format.h>

#include <algorithm>

#include "probes/sql_errors.h"

namespace blackstart {
namespace {

constexpr Duration kAgain = 500ms, kLeastTry = 1s;

SqlError with_tries(const SqlError& error, int tries) {
  return {error.number(), error.kind(), error.doing(), fmt::format("{}; tried {} times", error.why(), tries), error.hint()};
}

}  // namespace

void ask_with_patience(const SqlTarget& target, const Deadline& deadline, const std::function<void(SqlSession&)>& work,
                       const std::function<void(const std::string&)>& tell) {
  for (int tries = 1;; ++tries) {
    try {
      SqlSession session(target, deadline.sooner(std::max(deadline.left() / 2, kLeastTry)));
      return work(session);
    } catch (const SqlError& error) {
      if (!sense_of(target.kind, error.number()).may_pass) throw;
      deadline.clock().pause(std::min(kAgain, deadline.left()));
      if (deadline.passed()) throw with_tries(error, tries);
      tell(fmt::format("try {} failed, trying again: {}", tries, error.what()));
    }
  }
}

}  // namespace blackstart
