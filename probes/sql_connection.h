// One connection to a SQL server on an event loop: the seam between the ledger and the libraries of MariaDB and PostgreSQL.
//
// Purpose: connect and ask with a limit that we enforce, whatever the server, the network or the library does.
// Ownership: owns the session and its socket; destroying it never blocks and no callback comes after it.
// Thread rule: everything on the thread that runs the io_context, which must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "probes/sql_row.h"

namespace boost::asio {
class io_context;
}

namespace blackstart {

enum class SqlKind : std::uint8_t { mariadb, postgresql };

struct SqlTarget {
  std::string address;  // numeric: looking names up would block the loop
  std::int64_t port = 3306;
  std::string user, password;
  SqlKind kind = SqlKind::mariadb;
  std::string database = {};  // PostgreSQL's, where one connects to one of them; unused with MariaDB
};
// "198.18.20.10:3306", "[::1]:3306"
std::string shown(const SqlTarget& target);

struct SqlAnswer {
  std::uint16_t error = 0;   // the server's or its client library's (sql_errors.h), or an OperationError; 0: it worked
  std::string message;       // with the server's own code: "Access denied … (error 1045)", "… (SQLSTATE 28P01)"
  std::vector<SqlRow> rows;  // of the last statement that returned rows
  std::vector<std::uint64_t> changed;  // rows changed, for each statement that returns none
  bool in_transaction = false;         // a transaction is open, and may be committed, after the last statement
  bool ok() const { return error == 0; }
};

class SqlConnection {
 public:
  // Called from the loop, never from inside connect() or query().
  using Done = std::function<void(SqlAnswer)>;

  SqlConnection() = default;
  virtual ~SqlConnection() = default;
  SqlConnection(const SqlConnection&) = delete;
  SqlConnection& operator=(const SqlConnection&) = delete;

  // TCP, handshake and log-in within `limit`. Once, first.
  virtual void connect(Duration limit, Done done) = 0;
  // One or several statements, separated by ';', in one round trip; the first that fails ends them. One call at a time.
  // After an error the connection is of no more use.
  virtual void query(const std::string& sql, Duration limit, Done done) = 0;
  // Connected, idle, and the other side has not closed it: looked up in the socket, without a round trip.
  virtual bool usable() const = 0;
};

// Descriptors that one connection holds: see postgres_connection.cpp.
constexpr std::int64_t descriptors_each(SqlKind kind) { return kind == SqlKind::postgresql ? 2 : 1; }

// Of the target's kind.
std::unique_ptr<SqlConnection> make_sql_connection(boost::asio::io_context& io, const SqlTarget& target);

// A connection that is idle gets nothing: the end of the stream, or words of farewell, mean that the server is gone.
bool is_silent(int socket);

}  // namespace blackstart
