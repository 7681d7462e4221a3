#include "probes/sql_patience.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>

#include <algorithm>

#include "reports/operation.h"

namespace blackstart {
namespace {

constexpr Duration kAgain = 500ms, kLeastTry = 1s;

SqlError with_tries(const SqlError& error, int tries) {
  return {error.number(), error.kind(), error.doing(), fmt::format("{}; tried {} times", error.why(), tries), error.hint()};
}

}  // namespace

bool may_pass(std::uint16_t error) {
  switch (error) {
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_LOCK_DEADLOCK:
    case ER_UNKNOWN_COM_ERROR:  // Galera: "WSREP has not yet prepared node for application use"
    case ER_ERROR_DURING_COMMIT:
    case ER_GET_TEMPORARY_ERRMSG:
    case ER_QUERY_INTERRUPTED:  // Galera: another node's transaction went first
    case ER_CONNECTION_KILLED:
    case ER_SERVER_SHUTDOWN:
    case ER_CON_COUNT_ERROR:
    case ER_TABLE_EXISTS_ERROR:
    case ER_NO_SUCH_TABLE:
    case ER_DUP_ENTRY:
    case kTimedOut: return true;
    default: return error >= CR_MIN_ERROR && error <= CR_MAX_ERROR;
  }
}

void ask_with_patience(const SqlTarget& target, const Deadline& deadline, const std::function<void(SqlSession&)>& work,
                       const std::function<void(const std::string&)>& tell) {
  for (int tries = 1;; ++tries) {
    try {
      SqlSession session(target, deadline.sooner(std::max(deadline.left() / 2, kLeastTry)));
      return work(session);
    } catch (const SqlError& error) {
      if (!may_pass(error.number())) throw;
      deadline.clock().pause(std::min(kAgain, deadline.left()));
      if (deadline.passed()) throw with_tries(error, tries);
      tell(fmt::format("try {} failed, trying again: {}", tries, error.what()));
    }
  }
}

}  // namespace blackstart
