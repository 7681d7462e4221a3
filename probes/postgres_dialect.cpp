// The ledger's SQL for PostgreSQL, release 12 and later. `name` of the cloud's database is both the database that one connects
// to and the schema in it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "probes/ledger_dialect.h"

namespace blackstart {
namespace {

const char* columns_of(const std::string& kind) {
  if (kind == "accounts") return "id BIGINT PRIMARY KEY, balance BIGINT NOT NULL";
  if (kind == "transfers")
    return "seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, posting BIGINT NOT NULL, src BIGINT NOT NULL, dst BIGINT NOT "
           "NULL, amount BIGINT NOT NULL";
  if (kind == "marks") return "id BIGINT PRIMARY KEY, n BIGINT NOT NULL";
  return "id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, posting BIGINT NOT NULL, account BIGINT NOT NULL, amount BIGINT "
         "NOT NULL";
}

class PostgresDialect final : public LedgerDialect {
 public:
  std::string quoted(const std::string& name) const override { return fmt::format("\"{}\"", name); }

  // CREATE SCHEMA IF NOT EXISTS wants the right to make one even where it is there already.
  std::string make_schema(const std::string& schema) const override {
    return fmt::format("DO $$ BEGIN IF to_regnamespace('{0}') IS NULL THEN CREATE SCHEMA {0}; END IF; END $$", quoted(schema));
  }

  // Statements that go out together without BEGIN are one transaction.
  std::string make_table(const std::string& kind, const std::string& table, const std::string& comment) const override {
    const bool posted = kind == "transfers" || kind == "history";
    return fmt::format("CREATE TABLE {0} ({1}); COMMENT ON TABLE {0} IS '{2}'{3}", table, columns_of(kind), comment,
                       posted ? fmt::format("; CREATE INDEX ON {} (posting)", table) : "");
  }

  std::string strange_tables(const std::string& schema, const std::vector<std::string>& names,
                             const std::string& ours) const override {
    return fmt::format(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '{}' AND c.relname "
        "IN "
        "('{}') AND COALESCE(obj_description(c.oid, 'pg_class'), '') NOT LIKE '{}%'",
        schema, fmt::join(names, "', '"), ours);
  }

  // Standbys allow this level and no stricter one; it is a snapshot of the first read's time.
  std::vector<std::string> open_view() const override {
    return {"START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"};
  }

  void require_privileges(SqlSession& session, const std::string& schema) const override;
  void require_server(SqlSession& session, const LedgerSettings& settings) const override;
  void require_patience(SqlSession&, const std::string&) const override {}  // it never locks its clients out
};

void PostgresDialect::require_privileges(SqlSession& session, const std::string& schema) const {
  const std::string doing = fmt::format("checking the privileges on schema '{}'", schema);
  auto rows = session.ask(
      doing, fmt::format("SELECT COALESCE((SELECT has_schema_privilege(oid, 'CREATE') AND has_schema_privilege(oid, 'USAGE') "
                         "FROM pg_namespace WHERE nspname = '{}'), has_database_privilege(current_database(), 'CREATE'))",
                         schema));
  if (rows[0][0] != "t")
    throw Error(ErrorKind::unmet, doing, "the database's user may not make tables there",
                fmt::format("ALTER DATABASE {0} OWNER TO it, or CREATE SCHEMA {0} AUTHORIZATION it", quoted(schema)));
}

// The fewest of: what the server leaves for others than superusers, what it leaves the user, and the database. -1 is no limit.
void PostgresDialect::require_server(SqlSession& session, const LedgerSettings& settings) const {
  const std::string doing = "checking the database server behind the endpoint";
  auto rows = session.ask(
      doing,
      "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int, (SELECT "
      "rolconnlimit FROM pg_roles WHERE rolname = current_user), (SELECT datconnlimit FROM pg_database WHERE datname = "
      "current_database()), pg_is_in_recovery(), current_setting('default_transaction_read_only')");
  const SqlRow& row = rows[0];
  require_connections(doing, integer_of(doing, row[0]), settings, "max_connections less superuser_reserved_connections");
  if (const auto most = integer_of(doing, row[1]); most >= 0)
    require_connections(doing, most, settings, "the connection limit of its user");
  if (const auto most = integer_of(doing, row[2]); most >= 0)
    require_connections(doing, most, settings, "the connection limit of the database");
  if (row[3] != "f") throw Error(ErrorKind::unmet, doing, "it is a standby, which takes no writes", "is this the primary?");
  if (row[4] != "off") throw Error(ErrorKind::unmet, doing, "default_transaction_read_only is set", "is this the primary?");
}

}  // namespace

const LedgerDialect& postgres_dialect() {
  static const PostgresDialect dialect;
  return dialect;
}

}  // namespace blackstart
