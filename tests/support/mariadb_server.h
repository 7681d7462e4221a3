// A real MariaDB server of a test's own, alone or as a Galera cluster of one.
//
// Ownership, thread rule: as SqlServer.
#pragma once

#include <fmt/format.h>

#include "tests/support/sql_server.h"

namespace blackstart::test {

class MariadbServer final : public SqlServer {
 public:
  struct Options {
    bool galera = false;
    std::vector<std::string> extra;  // more words for its command line
  };
  MariadbServer() : MariadbServer(Options{false, {}}) {}
  explicit MariadbServer(const Options& options) : SqlServer(kMariadb), cluster_port_(free_port()), options_(options) {
    std::filesystem::create_directory(temporary());
    run_checked("making a database",
                {"mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db",
                 "--innodb-log-file-size=8M", "--user=root", "--datadir=" + data(), "--tmpdir=" + temporary()},
                60s);
    std::ofstream(path("init.sql")) << "CREATE USER IF NOT EXISTS bank@'%' IDENTIFIED BY 'secret';\n"
                                       "GRANT ALL ON bank.* TO bank@'%';\n"
                                       "CREATE USER IF NOT EXISTS other@'%' IDENTIFIED BY 'secret';\n"
                                       "GRANT SELECT ON bank.* TO other@'%';\n"
                                       "CREATE DATABASE IF NOT EXISTS bank;\n";
    start();
  }

  void signal(int number) { daemon().signal(number); }
  void kill() { daemon().end(); }

  void order_as_root(const std::string& sql) const {
    run_checked("giving an order to the database",
                {"mariadb", "--no-defaults", "--user=root", "--socket=" + data() + "/socket", "--execute=" + sql}, 10s);
  }

 private:
  std::string data() const { return path("data"); }
  // A server that starts removes what looks like tables in /tmp, others' too.
  std::string temporary() const { return path("temporary"); }

  std::vector<std::string> words() const override {
    std::vector<std::string> words{"/usr/sbin/mariadbd",
                                   "--no-defaults",
                                   "--user=root",
                                   "--datadir=" + data(),
                                   "--tmpdir=" + temporary(),
                                   "--skip-name-resolve",
                                   "--bind-address=127.0.0.1",
                                   fmt::format("--port={}", port()),
                                   "--socket=" + data() + "/socket",
                                   "--innodb-log-file-size=8M",
                                   "--innodb-buffer-pool-size=32M",
                                   "--innodb-flush-log-at-trx-commit=2",
                                   "--performance-schema=OFF",
                                   "--max-connections=400",
                                   "--open-files-limit=2048",
                                   "--init-file=" + path("init.sql"),
                                   "--log-error=" + path("log")};
    words.insert(words.end(), options_.extra.begin(), options_.extra.end());
    if (options_.galera)
      for (const std::string& word :
           {std::string("--wsrep-on=ON"), std::string("--wsrep-provider=/usr/lib/galera/libgalera_smm.so"),
            std::string("--wsrep-cluster-address=gcomm://"), std::string("--wsrep-node-name=c1"),
            std::string("--wsrep-node-address=127.0.0.1"), std::string("--binlog-format=ROW"),
            std::string("--innodb-autoinc-lock-mode=2"),
            fmt::format("--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{};gcache.size=16M", cluster_port_)})
        words.push_back(word);
    return words;
  }

  int cluster_port_;
  Options options_;
};

}  // namespace blackstart::test
