#include "lab/galera.h"

#include <fmt/format.h>
#include <mysql.h>

#include <algorithm>
#include <map>
#include <memory>

namespace blackstart {
namespace {

constexpr const char* kStatusQuery =
    "SHOW GLOBAL STATUS WHERE variable_name IN ('wsrep_local_state_comment', 'wsrep_cluster_status', 'wsrep_cluster_size', "
    "'wsrep_ready')";

// Connector/C wants it once before threads use it.
void begin_library() {
  static const bool done = mysql_library_init(0, nullptr, nullptr) == 0;
  static_cast<void>(done);
}

class Connection {
 public:
  Connection(const std::string& host, const std::string& password, Duration limit) : handle_(start(limit), &mysql_close) {
    connected_ = mysql_real_connect(handle_.get(), host.c_str(), "bank", password.c_str(), "bank", 3306, nullptr, 0) != nullptr;
  }
  std::string trouble() const { return mysql_error(handle_.get()); }

  // Names to values of the rows of a two-column answer; nullopt when it fails.
  std::optional<std::map<std::string, std::string>> pairs(const char* query) {
    if (!connected_ || mysql_query(handle_.get(), query) != 0) return std::nullopt;
    const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> rows(mysql_store_result(handle_.get()), &mysql_free_result);
    std::map<std::string, std::string> values;
    while (MYSQL_ROW row = rows ? mysql_fetch_row(rows.get()) : nullptr) values[row[0]] = row[1] ? row[1] : "";
    return values;
  }
  bool run(const char* statement) { return connected_ && mysql_query(handle_.get(), statement) == 0; }

 private:
  static MYSQL* start(Duration limit) {
    begin_library();
    MYSQL* handle = mysql_init(nullptr);
    const unsigned seconds = static_cast<unsigned>(std::max<std::int64_t>(1, limit / 1s));
    for (auto option : {MYSQL_OPT_CONNECT_TIMEOUT, MYSQL_OPT_READ_TIMEOUT, MYSQL_OPT_WRITE_TIMEOUT})
      mysql_options(handle, option, &seconds);
    return handle;
  }

  std::unique_ptr<MYSQL, decltype(&mysql_close)> handle_;
  bool connected_ = false;
};

}  // namespace

GaleraStatus ask_galera(const std::string& host, const std::string& password, Duration limit) {
  Connection connection(host, password, limit);
  GaleraStatus status;
  const auto values = connection.pairs(kStatusQuery);
  if (!values) {
    status.state = connection.trouble();
    return status;
  }
  auto value = [&](const char* name) { return values->contains(name) ? values->at(name) : std::string(); };
  status.answered = true;
  status.state = value("wsrep_local_state_comment");
  status.primary = value("wsrep_cluster_status") == "Primary";
  status.size = std::atoi(value("wsrep_cluster_size").c_str());
  status.ready = value("wsrep_ready") == "ON";
  return status;
}

std::optional<std::string> sql_trouble(const std::string& host, const std::string& password, Duration limit) {
  Connection connection(host, password, limit);
  for (const char* statement : {"START TRANSACTION", "DO 1", "COMMIT"})
    if (!connection.run(statement)) return connection.trouble();
  return std::nullopt;
}

std::string bank_statements(const std::string& password) {
  return fmt::format(
      "CREATE DATABASE IF NOT EXISTS bank;\n"
      "CREATE USER IF NOT EXISTS bank@'%' IDENTIFIED BY '{0}';\n"
      "ALTER USER bank@'%' IDENTIFIED BY '{0}';\n"
      "GRANT ALL ON bank.* TO bank@'%';\n",
      password);
}

}  // namespace blackstart
