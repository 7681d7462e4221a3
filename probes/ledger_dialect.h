// Where SQL differs from server to server, as far as the ledger needs it: names, tables, privileges, limits, views.
//
// Purpose: everything of the ledger that is MariaDB's or PostgreSQL's own, in one table; the rest of its SQL both understand.
// Ownership: the two dialects live as long as the program. Thread rule: without state; any thread, each with its own session.
#pragma once

#include <string>
#include <vector>

#include "probes/ledger_settings.h"
#include "probes/sql_session.h"

namespace blackstart {

class LedgerDialect {
 public:
  virtual ~LedgerDialect() = default;

  // A name as SQL takes it; names have letters, digits, '-', '_' and '.' only.
  virtual std::string quoted(const std::string& name) const = 0;
  virtual std::string make_schema(const std::string& schema) const = 0;
  // `kind` as in Bank::table(); the comment comes with the table or not at all. `comment` has no quotes in it.
  virtual std::string make_table(const std::string& kind, const std::string& table, const std::string& comment) const = 0;
  // Names those of these tables of the schema whose comment does not begin with `ours`.
  virtual std::string strange_tables(const std::string& schema, const std::vector<std::string>& names,
                                     const std::string& ours) const = 0;
  // Opens the view in which all later reads of this session see one and the same state.
  virtual std::vector<std::string> open_view() const = 0;

  // Each throws Error(unmet). May we make, fill and drop tables in the schema?
  virtual void require_privileges(SqlSession& session, const std::string& schema) const = 0;
  // A writable server with transactions that takes all connections of an outage.
  virtual void require_server(SqlSession& session, const LedgerSettings& settings) const = 0;
  // The server on `node` will not lock its clients out after a hang.
  virtual void require_patience(SqlSession& session, const std::string& node) const = 0;

 protected:
  // Throws Error(unmet) when `most` connections are too few.
  static void require_connections(const std::string& doing, std::int64_t most, const LedgerSettings& settings,
                                  const std::string& setting);
};

const LedgerDialect& dialect_of(SqlKind kind);
const LedgerDialect& mariadb_dialect();
const LedgerDialect& postgres_dialect();

}  // namespace blackstart
