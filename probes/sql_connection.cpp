#include "probes/sql_connection.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>

#include "probes/mariadb_connection.h"
#include "probes/postgres_connection.h"

namespace blackstart {

std::string shown(const SqlTarget& target) {
  bool six = target.address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", six ? "[" : "", target.address, six ? "]" : "", target.port);
}

std::unique_ptr<SqlConnection> make_sql_connection(boost::asio::io_context& io, const SqlTarget& target) {
  if (target.kind == SqlKind::postgresql) return std::make_unique<PostgresConnection>(io, target);
  return std::make_unique<MariadbConnection>(io, target);
}

bool is_silent(int socket) {
  char byte;
  return ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace blackstart
