// One connection to a MariaDB server on an event loop, by libmariadb's non-blocking calls.
//
// Purpose: connect and ask with a limit that we enforce, whatever the server, the network or the library does.
// Ownership: owns the session and its socket; destroying it never blocks and no callback comes after it.
// Thread rule: everything on the thread that runs the io_context, which must outlive it.
#pragma once

#include <memory>

#include "probes/sql_connection.h"

namespace blackstart {

class MariadbConnection final : public SqlConnection {
 public:
  MariadbConnection(boost::asio::io_context& io, const SqlTarget& target);
  ~MariadbConnection() override;

  void connect(Duration limit, Done done) override;
  void query(const std::string& sql, Duration limit, Done done) override;
  bool usable() const override;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace blackstart
