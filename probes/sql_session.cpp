#include "probes/sql_session.h"

#include <fmt/format.h>
#include <netdb.h>

#include <boost/asio/io_context.hpp>

#include "base/error.h"
#include "base/units.h"
#include "base/yaml.h"
#include "probes/sql_errors.h"
#include "reports/operation.h"

namespace blackstart {
namespace {

std::string numeric_address(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string doing = fmt::format("looking up the database's host '{}'", host);
  if (int code = getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0)
    throw Error(ErrorKind::unreachable, doing, gai_strerror(code), "check 'database' in cloud.yaml");
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  char text[NI_MAXHOST];
  if (int code = getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST); code != 0)
    throw Error(ErrorKind::unreachable, doing, gai_strerror(code));
  return text;
}

SqlTarget target(const Database& database, const std::string& host, std::int64_t port) {
  std::string password;
  if (!database.password_file.empty()) {
    password = yaml::slurp(database.password_file);
    password.erase(std::min(password.find_first_of("\r\n"), password.size()));
  }
  return {numeric_address(host), port, database.user, password, kind_of(database), database.name};
}

[[noreturn]] void throw_answer(const std::string& doing, const SqlTarget& target, const SqlAnswer& answer, Duration waited) {
  const SqlSense sense = sense_of(target.kind, answer.error);
  throw SqlError(answer.error, sense.out_of_reach ? ErrorKind::unreachable : ErrorKind::unmet, doing,
                 answer.error == kTimedOut ? fmt::format("no answer within {}", format_seconds(waited)) : answer.message,
                 sense.hint);
}

}  // namespace

SqlKind kind_of(const Database& database) { return database.kind == kPostgresql ? SqlKind::postgresql : SqlKind::mariadb; }

SqlTarget endpoint_of(const Database& database) { return target(database, database.host, database.port); }

SqlTarget target_of(const Database& database, const Database::Replica& replica) {
  return target(database, replica.host, replica.port);
}

struct SqlSession::Impl {
  Impl(const SqlTarget& target_, const Deadline& deadline_)
      : target(target_), deadline(deadline_), connection(make_sql_connection(io, target_)) {}

  // Runs the loop until the call that `start` begins has its answer; the connection's own timer ends it in time.
  SqlAnswer wait_for(const std::function<void(SqlConnection::Done)>& start) {
    std::optional<SqlAnswer> answer;
    io.restart();
    start([&answer](SqlAnswer given) { answer = std::move(given); });
    while (!answer) io.run_one();
    return std::move(*answer);
  }

  SqlTarget target;
  Deadline deadline;
  boost::asio::io_context io{1};
  std::unique_ptr<SqlConnection> connection;
};

SqlSession::SqlSession(const SqlTarget& target, const Deadline& deadline) : impl_(std::make_unique<Impl>(target, deadline)) {
  Duration limit = deadline.left();
  SqlAnswer answer = impl_->wait_for([&](auto done) { impl_->connection->connect(limit, done); });
  if (!answer.ok())
    throw_answer(fmt::format("connecting to the database at {} as '{}'", shown(target), target.user), target, answer, limit);
}

SqlSession::~SqlSession() = default;

SqlRows SqlSession::ask(const std::string& doing, const std::string& sql) {
  Duration limit = impl_->deadline.left();
  SqlAnswer answer = impl_->wait_for([&](auto done) { impl_->connection->query(sql, limit, done); });
  if (!answer.ok()) throw_answer(fmt::format("{} at {}", doing, shown(impl_->target)), impl_->target, answer, limit);
  return std::move(answer.rows);
}

std::int64_t integer_of(const std::string& doing, const std::optional<std::string>& cell) {
  auto number = cell ? parse_integer(*cell) : std::nullopt;
  if (!number) throw Error(ErrorKind::unmet, doing, fmt::format("expected a whole number, got {}", cell ? *cell : "NULL"));
  return *number;
}

}  // namespace blackstart
