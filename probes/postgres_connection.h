// One connection to a PostgreSQL server on an event loop, by libpq's non-blocking calls.
//
// Purpose: SqlConnection for PostgreSQL. TLS where the server offers it, as libpq does unless told otherwise.
// Ownership and thread rule: as SqlConnection.
#pragma once

#include <memory>

#include "probes/sql_connection.h"

namespace blackstart {

class PostgresConnection final : public SqlConnection {
 public:
  PostgresConnection(boost::asio::io_context& io, const SqlTarget& target);
  ~PostgresConnection() override;

  void connect(Duration limit, Done done) override;
  void query(const std::string& sql, Duration limit, Done done) override;
  bool usable() const override;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace blackstart
