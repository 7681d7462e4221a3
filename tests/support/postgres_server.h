// A real PostgreSQL server of a test's own, or a standby of another one.
//
// Ownership, thread rule: as SqlServer, for all of its processes.
#pragma once

#include <fmt/format.h>

#include "tests/support/sql_server.h"

namespace blackstart::test {

class PostgresServer final : public SqlServer {
 public:
  explicit PostgresServer(const std::vector<std::string>& extra = {}) : PostgresServer(InItsFolder(), extra) {
    run_checked("copying a database", {"cp", "--archive", pattern(), data()}, 60s);
    start();
  }
  // Streams from `primary`.
  static PostgresServer standby_of(const PostgresServer& primary) { return PostgresServer(primary); }
  ~PostgresServer() override { kill(); }

  // To all of its processes. The first stands still before the others are looked up: it makes no new ones meanwhile.
  void signal(int number) {
    daemon().signal(SIGSTOP);
    for (const pid_t child : children()) ::kill(child, number);
    daemon().signal(number);
    if (number != SIGSTOP) daemon().signal(SIGCONT);
  }
  void kill() {
    if (process() > 0) signal(SIGKILL);
    daemon().end();
  }
  // Without a checkpoint, with a word to its clients (57P02).
  void shut_down_at_once() { daemon().end(SIGQUIT); }
  // Transactions are ended with 57P01, and all is written.
  void shut_down() { daemon().end(SIGINT); }

  std::string order_as_superuser(const std::string& sql) const {
    return run({"psql", "--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--set=ON_ERROR_STOP=1", "--username=postgres",
                "--host=" + folder(), fmt::format("--port={}", port()), "--dbname=bank", "--command=" + sql});
  }

 private:
  struct InItsFolder {};
  PostgresServer(InItsFolder, const std::vector<std::string>& extra)
      : SqlServer(kPostgresql, as_root() ? &user() : nullptr, SIGQUIT), extra_(extra) {
    give_away(folder());
  }
  explicit PostgresServer(const PostgresServer& primary) : PostgresServer(InItsFolder(), {}) {
    run({"pg_basebackup", "--host=127.0.0.1", fmt::format("--port={}", primary.port()), "--username=replicator",
         "--pgdata=" + data(), "--checkpoint=fast", "--write-recovery-conf", "--no-sync"},
        "", {"PGPASSWORD=secret"});
    start();
  }

  // A database that is made once in a process, as making one takes seconds.
  static std::string pattern() {
    static const Folder folder;
    static const std::string made = [] {
      give_away(folder.path);
      const std::string data = (folder.path / "data").string();
      run({"initdb", "--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync", "--no-instructions",
           "--encoding=UTF8", "--locale=C", "--pgdata=" + data});
      run({"postgres", "--single", "-D", data, "postgres"},
          "CREATE ROLE bank LOGIN PASSWORD 'secret'\nCREATE ROLE other LOGIN PASSWORD 'secret'\n"
          "CREATE ROLE replicator LOGIN REPLICATION PASSWORD 'secret'\nCREATE DATABASE bank OWNER bank\n");
      return data;
    }();
    return made;
  }

  std::string data() const { return path("data"); }
  static bool as_root() { return ::geteuid() == 0; }
  // PostgreSQL refuses to run as root.
  static const passwd& user() {
    static const passwd user = [] {
      const passwd* found = ::getpwnam("postgres");
      if (!found) throw Error(ErrorKind::unmet, "looking for PostgreSQL's user", "there is none", "lab/prepare-host test");
      return *found;
    }();
    return user;
  }
  static std::string binary(const std::string& name) { return "/usr/lib/postgresql/15/bin/" + name; }

  static void give_away(const std::filesystem::path& folder) {
    if (as_root() && ::chown(folder.c_str(), user().pw_uid, user().pw_gid) != 0) throw_errno("giving a folder away", errno);
  }

  static std::string run(std::vector<std::string> argv, const std::string& input = "",
                         const std::vector<std::string>& environment = {}) {
    argv[0] = binary(argv[0]);
    if (as_root()) argv.insert(argv.begin(), {"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"});
    ProcessOptions options;
    options.input = input;
    options.extra_environment = environment;
    return run_checked("preparing a PostgreSQL server", argv, 90s, options);
  }

  std::vector<std::string> words() const override {
    std::vector<std::string> words{binary("postgres"), "-D", data()};
    std::vector<std::string> settings{fmt::format("port={}", port()),
                                      "listen_addresses=127.0.0.1",
                                      "unix_socket_directories=" + folder(),
                                      "fsync=off",
                                      "shared_buffers=32MB",
                                      "max_connections=400",
                                      "max_wal_size=128MB",
                                      "wal_level=replica",
                                      "wal_retrieve_retry_interval=200ms",
                                      "wal_receiver_status_interval=1s",
                                      "log_min_messages=warning",
                                      "jit=off"};
    settings.insert(settings.end(), extra_.begin(), extra_.end());
    for (const std::string& setting : settings) {
      words.push_back("-c");
      words.push_back(setting);
    }
    return words;
  }

  std::vector<pid_t> children() const {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const pid_t pid = std::atoi(entry.path().filename().c_str());
      std::ifstream stat(entry.path() / "stat");
      std::string text;
      if (pid <= 0 || !std::getline(stat, text)) continue;
      const auto after = text.rfind(") ");  // "pid (name) S ppid …"
      if (after != text.npos && std::atoi(text.c_str() + after + 4) == process()) found.push_back(pid);
    }
    return found;
  }

  std::vector<std::string> extra_;
};

}  // namespace blackstart::test
