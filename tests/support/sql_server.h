// What the real database servers of a test's own have in common: a folder that goes when they go, a free port of the loopback,
// and a database `bank` whose user `bank` has the password `secret`. Another user, `other`, has the same one and may do less.
//
// Ownership: the process dies with the object, and with the test's process. Thread rule: one thread.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/process.h"
#include "lab/cloud.h"
#include "probes/sql_session.h"
#include "tests/support/daemon.h"
#include "tests/support/folder.h"
#include "tests/support/loopback.h"

namespace blackstart::test {

class SqlServer {
 public:
  virtual ~SqlServer() = default;
  SqlServer(const SqlServer&) = delete;
  SqlServer& operator=(const SqlServer&) = delete;

  // Returns when it answers. One that was killed may find its memory still in use while the last of its processes ends.
  void start() {
    std::string last = "nothing";
    const auto answers = [&] {
      if (!daemon_.running()) daemon_.start(words(), path("log"));
      try {
        SqlSession(endpoint_of(database()), Deadline(real_clock(), 1s)).ask("asking", "SELECT 1");
        return true;
      } catch (const Error& error) {
        last = error.what();
        return false;
      }
    };
    if (!wait_until(answers, Deadline(real_clock(), 60s), 20ms))
      throw Error(ErrorKind::internal, "starting " + words()[0], last);
  }

  int port() const { return port_; }
  pid_t process() const { return daemon_.process(); }  // the first, where it makes others
  Database database() const {
    Database database;
    database.kind = kind_;
    database.host = "127.0.0.1";
    database.port = port_;
    database.password_file = path("password");
    database.replicas = {{"c1", "127.0.0.1", port_}};
    return database;
  }
  std::vector<SqlRow> ask(const std::string& sql) const {
    return SqlSession(endpoint_of(database()), Deadline(real_clock(), 10s)).ask("asking", sql);
  }

 protected:
  explicit SqlServer(const char* kind, const passwd* user = nullptr, int when_we_die = SIGKILL)
      : kind_(kind), port_(free_port()), daemon_(user, when_we_die) {
    std::ofstream(path("password")) << "secret\n";
  }
  std::string path(const std::string& name) const { return (folder_.path / name).string(); }
  std::string folder() const { return folder_.path.string(); }
  Daemon& daemon() { return daemon_; }

 private:
  virtual std::vector<std::string> words() const = 0;  // its command line

  const char* kind_;
  Folder folder_;
  int port_;
  Daemon daemon_;
};

}  // namespace blackstart::test
