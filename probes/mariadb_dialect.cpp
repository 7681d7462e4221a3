// The ledger's SQL for MariaDB and InnoDB.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "probes/ledger_dialect.h"

namespace blackstart {
namespace {

constexpr std::int64_t kFewestConnectErrors = 100'000;

bool is_on(const std::optional<std::string>& cell) { return cell && *cell != "0" && *cell != "OFF"; }

const char* columns_of(const std::string& kind) {
  if (kind == "accounts") return "id INT UNSIGNED NOT NULL PRIMARY KEY, balance BIGINT NOT NULL";
  if (kind == "transfers")
    return "seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, posting BIGINT UNSIGNED NOT NULL, src INT UNSIGNED NOT "
           "NULL, "
           "dst INT UNSIGNED NOT NULL, amount BIGINT NOT NULL, KEY (posting)";
  if (kind == "marks") return "id INT UNSIGNED NOT NULL PRIMARY KEY, n BIGINT UNSIGNED NOT NULL";
  return "id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, posting BIGINT UNSIGNED NOT NULL, account INT UNSIGNED NOT "
         "NULL, "
         "amount BIGINT NOT NULL, KEY (posting)";
}

class MariadbDialect final : public LedgerDialect {
 public:
  std::string quoted(const std::string& name) const override { return fmt::format("`{}`", name); }

  std::string make_schema(const std::string& schema) const override {
    return fmt::format("CREATE DATABASE IF NOT EXISTS {}", quoted(schema));
  }

  std::string make_table(const std::string& kind, const std::string& table, const std::string& comment) const override {
    return fmt::format("CREATE TABLE {} ({}) ENGINE=InnoDB COMMENT='{}'", table, columns_of(kind), comment);
  }

  std::string strange_tables(const std::string& schema, const std::vector<std::string>& names,
                             const std::string& ours) const override {
    return fmt::format(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{}' AND TABLE_NAME IN ('{}') AND TABLE_COMMENT "
        "NOT LIKE '{}%'",
        schema, fmt::join(names, "', '"), ours);
  }

  std::vector<std::string> open_view() const override {
    return {"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"};
  }

  void require_privileges(SqlSession& session, const std::string& schema) const override;
  void require_server(SqlSession& session, const LedgerSettings& settings) const override;
  void require_patience(SqlSession& session, const std::string& node) const override;
};

void MariadbDialect::require_privileges(SqlSession& session, const std::string& schema) const {
  const std::string doing = fmt::format("checking the privileges on schema '{}'", schema);
  // Grants that come through a role don't stand under the user's own name: making the tables will tell.
  if (auto role = session.ask(doing, "SELECT CURRENT_ROLE()"); role[0][0]) return;
  auto rows = session.ask(
      doing,
      fmt::format("SET @me = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), ''''); "
                  "SELECT DISTINCT PRIVILEGE_TYPE FROM (SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE "
                  "GRANTEE = @me UNION SELECT PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE = @me "
                  "AND '{}' LIKE TABLE_SCHEMA) AS granted",
                  schema));
  std::vector<std::string> missing;
  for (const char* needed : {"SELECT", "INSERT", "UPDATE", "CREATE", "DROP"})
    if (std::none_of(rows.begin(), rows.end(), [&](const SqlRow& row) { return row[0] == needed; })) missing.push_back(needed);
  if (!missing.empty())
    throw Error(ErrorKind::unmet, doing, fmt::format("the database's user lacks {}", fmt::join(missing, ", ")),
                fmt::format("GRANT ALL PRIVILEGES ON {}.* to it", quoted(schema)));
}

void MariadbDialect::require_server(SqlSession& session, const LedgerSettings& settings) const {
  const std::string doing = "checking the database server behind the endpoint";
  auto rows = session.ask(doing,
                          "SELECT @@max_connections, (SELECT COUNT(*) FROM information_schema.ENGINES WHERE ENGINE = 'InnoDB' "
                          "AND SUPPORT IN ('YES', 'DEFAULT')), @@read_only");
  require_connections(doing, integer_of(doing, rows[0][0]), settings, "max_connections");
  if (rows[0][1] != "1") throw Error(ErrorKind::unmet, doing, "it has no InnoDB, so no transactions");
  if (is_on(rows[0][2])) throw Error(ErrorKind::unmet, doing, "read_only is set", "is this the writer?");
}

// A server that hangs for a while finds, when it goes on, as many connections that we have given up during their handshake. It
// counts them against the host they come from, and from max_connect_errors on it refuses that host for good: all clients behind
// the same proxy. The count needs the table of host names, so there is none without name resolution.
void MariadbDialect::require_patience(SqlSession& session, const std::string& node) const {
  const std::string doing = fmt::format("checking the database server on {}", node);
  auto rows = session.ask(doing, "SELECT @@skip_name_resolve, @@max_connect_errors");
  if (is_on(rows[0][0]) || integer_of(doing, rows[0][1]) >= kFewestConnectErrors) return;
  throw Error(ErrorKind::unmet, doing,
              fmt::format("max_connect_errors is {}: after a hang it would block the hosts its clients come from", *rows[0][1]),
              fmt::format("set skip_name_resolve = ON, or max_connect_errors = {} or more", kFewestConnectErrors));
}

}  // namespace

const LedgerDialect& mariadb_dialect() {
  static const MariadbDialect dialect;
  return dialect;
}

}  // namespace blackstart
