// A real MariaDB server of a test's own: on a free port of the loopback, in a folder that goes when it goes.
//
// Ownership: the process dies with the object, and with the test's process. Thread rule: one thread.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/process.h"
#include "lab/cloud.h"
#include "probes/sql_session.h"

namespace blackstart::test {

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "blackstart-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw_errno("making a folder", errno);
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A socket bound to a free port of 127.0.0.1.
class Bound {
 public:
  Bound() : handle_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(handle_, reinterpret_cast<sockaddr*>(&address), length) != 0) throw_errno("binding to the loopback", errno);
    ::getsockname(handle_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }
  ~Bound() { ::close(handle_); }
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;
  int handle() const { return handle_; }
  int port() const { return port_; }

 private:
  int handle_;
  int port_ = 0;
};

inline int free_port() { return Bound().port(); }

class MariadbServer {
 public:
  struct Options {
    bool galera = false;
    std::vector<std::string> extra;  // more words for its command line
  };
  MariadbServer() : MariadbServer(Options{false, {}}) {}
  explicit MariadbServer(const Options& options) : port_(free_port()), cluster_port_(free_port()), options_(options) {
    std::filesystem::create_directory(temporary());
    run_checked("making a database",
                {"mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db",
                 "--innodb-log-file-size=8M", "--user=root", "--datadir=" + data(), "--tmpdir=" + temporary()},
                60s);
    std::ofstream(folder_.path() / "init.sql") << "CREATE USER IF NOT EXISTS bank@'%' IDENTIFIED BY 'secret';\n"
                                                  "GRANT ALL ON bank.* TO bank@'%';\n"
                                                  "CREATE USER IF NOT EXISTS other@'%' IDENTIFIED BY 'secret';\n"
                                                  "GRANT SELECT ON bank.* TO other@'%';\n"
                                                  "CREATE DATABASE IF NOT EXISTS bank;\n";
    std::ofstream(folder_.path() / "password") << "secret\n";
    start();
  }
  ~MariadbServer() { kill(); }

  // Returns when it answers.
  void start() {
    spawn();
    std::string last = "nothing";
    auto answers = [&] {
      try {
        SqlSession(endpoint_of(database()), Deadline(real_clock(), 1s)).ask("asking", "SELECT 1");
        return true;
      } catch (const Error& error) {
        last = error.what();
        return false;
      }
    };
    if (!wait_until(answers, Deadline(real_clock(), 30s), 20ms)) throw Error(ErrorKind::internal, "starting mariadbd", last);
  }

  void signal(int number) { ::kill(process_, number); }
  void kill() {
    if (process_ <= 0) return;
    signal(SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

  int port() const { return port_; }
  Database database() const {
    Database database;
    database.host = "127.0.0.1";
    database.port = port_;
    database.password_file = (folder_.path() / "password").string();
    database.replicas = {{"c1", "127.0.0.1", port_}};
    return database;
  }
  std::vector<SqlRow> ask(const std::string& sql) const {
    return SqlSession(endpoint_of(database()), Deadline(real_clock(), 10s)).ask("asking", sql);
  }

  void order_as_root(const std::string& sql) const {
    run_checked("giving an order to the database",
                {"mariadb", "--no-defaults", "--user=root", "--socket=" + data() + "/socket", "--execute=" + sql}, 10s);
  }

 private:
  std::string data() const { return (folder_.path() / "data").string(); }
  // A server that starts removes what looks like tables in /tmp, others' too.
  std::string temporary() const { return (folder_.path() / "temporary").string(); }

  std::vector<std::string> words() const {
    std::vector<std::string> words{"/usr/sbin/mariadbd",
                                   "--no-defaults",
                                   "--user=root",
                                   "--datadir=" + data(),
                                   "--tmpdir=" + temporary(),
                                   "--skip-name-resolve",
                                   "--bind-address=127.0.0.1",
                                   fmt::format("--port={}", port_),
                                   "--socket=" + data() + "/socket",
                                   "--innodb-log-file-size=8M",
                                   "--innodb-buffer-pool-size=32M",
                                   "--innodb-flush-log-at-trx-commit=2",
                                   "--performance-schema=OFF",
                                   "--max-connections=400",
                                   "--open-files-limit=2048",
                                   "--init-file=" + (folder_.path() / "init.sql").string(),
                                   "--log-error=" + (folder_.path() / "log").string()};
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

  void spawn() {
    std::vector<std::string> all = words();
    std::vector<char*> argv;
    for (std::string& word : all) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_t parent = ::getpid();
    int chatter = ::open((folder_.path() / "stderr").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      ::dup2(chatter, STDERR_FILENO);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(chatter);
    if (process_ < 0) throw_errno("starting mariadbd", errno);
  }

  Folder folder_;
  int port_, cluster_port_;
  Options options_;
  pid_t process_ = 0;
};

}  // namespace blackstart::test
