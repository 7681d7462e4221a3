// One connection to a MariaDB server on an event loop, by libmariadb's non-blocking calls.
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

struct SqlTarget {
  std::string address;  // numeric: looking names up would block the loop
  std::int64_t port = 3306;
  std::string user, password;
};
// "198.18.20.10:3306", "[::1]:3306"
std::string shown(const SqlTarget& target);

struct SqlAnswer {
  std::uint16_t error = 0;  // MariaDB's error number, or kTimedOut; 0: it worked
  std::string message;
  std::vector<SqlRow> rows;            // of the last statement that returned rows
  std::vector<std::uint64_t> changed;  // rows changed, for each statement that returns none
  bool in_transaction = false;         // a transaction is open after the last statement
  bool ok() const { return error == 0; }
};

class MariadbConnection {
 public:
  // Called from the loop, never from inside connect() or query().
  using Done = std::function<void(SqlAnswer)>;

  MariadbConnection(boost::asio::io_context& io, const SqlTarget& target);
  ~MariadbConnection();
  MariadbConnection(const MariadbConnection&) = delete;
  MariadbConnection& operator=(const MariadbConnection&) = delete;

  // TCP, handshake and log-in within `limit`. Once, first.
  void connect(Duration limit, Done done);
  // One or several statements, separated by ';'; the first that fails ends them. One call at a time.
  // After an error the connection is of no more use.
  void query(const std::string& sql, Duration limit, Done done);
  // Connected, idle, and the other side has not closed it: looked up in the socket, without a round trip.
  bool usable() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace blackstart
