// A real PostgreSQL server of a test's own: on a free port of the loopback, in a folder that goes when it goes. Or a standby of
// another one.
//
// Ownership: its processes die with the object, and with the test's process. Thread rule: one thread.
#pragma once

#include <grp.h>
#include <pwd.h>

#include "tests/support/mariadb_server.h"

namespace blackstart::test {

class PostgresServer {
 public:
  explicit PostgresServer(const std::vector<std::string>& extra = {}) : port_(free_port()), extra_(extra) {
    own_folder(folder_);
    run_checked("copying a database", {"cp", "--archive", pattern(), data()}, 60s);
    start();
  }
  // Streams from `primary`.
  static PostgresServer standby_of(const PostgresServer& primary) { return PostgresServer(primary); }
  ~PostgresServer() { kill(); }

  // Returns when it answers. A server that was killed finds its memory still in use while the last of its processes ends.
  void start() {
    std::string last = "nothing";
    const auto answers = [&] {
      if (process_ <= 0 || ::waitpid(process_, nullptr, WNOHANG) != 0) spawn();
      try {
        SqlSession(endpoint_of(database()), Deadline(real_clock(), 1s)).ask("asking", "SELECT 1");
        return true;
      } catch (const Error& error) {
        last = error.what();
        return false;
      }
    };
    if (!wait_until(answers, Deadline(real_clock(), 60s), 50ms)) throw Error(ErrorKind::internal, "starting postgres", last);
  }

  // To all of its processes. The first stands still before the others are looked up: it makes no new ones meanwhile.
  void signal(int number) {
    ::kill(process_, SIGSTOP);
    for (const pid_t child : children()) ::kill(child, number);
    ::kill(process_, number);
    if (number != SIGSTOP) ::kill(process_, SIGCONT);
  }
  void kill() { end(SIGKILL); }
  // Without a checkpoint, with a word to its clients (57P02).
  void shut_down_at_once() { end(SIGQUIT, false); }
  // Transactions are ended with 57P01, and all is written.
  void shut_down() { end(SIGINT, false); }

  int port() const { return port_; }
  pid_t process() const { return process_; }  // the first, which makes the others
  Database database() const {
    Database database;
    database.kind = kPostgresql;
    database.host = "127.0.0.1";
    database.port = port_;
    database.password_file = (folder_.path() / "password").string();
    database.replicas = {{"c1", "127.0.0.1", port_}};
    return database;
  }
  std::vector<SqlRow> ask(const std::string& sql) const {
    return SqlSession(endpoint_of(database()), Deadline(real_clock(), 10s)).ask("asking", sql);
  }
  std::string order_as_superuser(const std::string& sql) const {
    return run({"psql", "--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--set=ON_ERROR_STOP=1", "--username=postgres",
                "--host=" + folder_.path().string(), fmt::format("--port={}", port_), "--dbname=bank", "--command=" + sql});
  }

 private:
  explicit PostgresServer(const PostgresServer& primary) : port_(free_port()) {
    own_folder(folder_);
    run({"pg_basebackup", "--host=127.0.0.1", fmt::format("--port={}", primary.port_), "--username=replicator",
         "--pgdata=" + data(), "--checkpoint=fast", "--write-recovery-conf", "--no-sync"},
        "", {"PGPASSWORD=secret"});
    start();
  }

  // A database that is made once in a process, as making one takes seconds.
  static std::string pattern() {
    static const Folder folder;
    static const std::string made = [] {
      own_folder(folder);
      const std::string data = (folder.path() / "data").string();
      run({"initdb", "--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync", "--no-instructions",
           "--encoding=UTF8", "--locale=C", "--pgdata=" + data});
      run({"postgres", "--single", "-D", data, "postgres"},
          "CREATE ROLE bank LOGIN PASSWORD 'secret'\nCREATE ROLE other LOGIN PASSWORD 'secret'\n"
          "CREATE ROLE replicator LOGIN REPLICATION PASSWORD 'secret'\nCREATE DATABASE bank OWNER bank\n");
      return data;
    }();
    return made;
  }

  std::string data() const { return (folder_.path() / "data").string(); }
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

  static void own_folder(const Folder& folder) {
    std::ofstream(folder.path() / "password") << "secret\n";
    if (as_root() && ::chown(folder.path().c_str(), user().pw_uid, user().pw_gid) != 0)
      throw_errno("giving a folder away", errno);
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

  std::vector<std::string> words() const {
    std::vector<std::string> words{binary("postgres"), "-D", data()};
    std::vector<std::string> settings{fmt::format("port={}", port_),
                                      "listen_addresses=127.0.0.1",
                                      "unix_socket_directories=" + folder_.path().string(),
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

  void spawn() {
    std::vector<std::string> all = words();
    std::vector<char*> argv;
    for (std::string& word : all) argv.push_back(word.data());
    argv.push_back(nullptr);
    const passwd& postgres = user();
    const pid_t parent = ::getpid();
    const int chatter = ::open((folder_.path() / "stderr").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    process_ = ::fork();
    if (process_ == 0) {
      if (as_root() && (::setgroups(0, nullptr) != 0 || ::setgid(postgres.pw_gid) != 0 || ::setuid(postgres.pw_uid) != 0))
        ::_exit(1);
      ::prctl(PR_SET_PDEATHSIG, SIGQUIT);  // after the change of user, which would clear it
      if (::getppid() != parent) ::_exit(1);
      ::dup2(chatter, STDERR_FILENO);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(chatter);
    if (process_ < 0) throw_errno("starting postgres", errno);
  }

  std::vector<pid_t> children() const {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const pid_t pid = std::atoi(entry.path().filename().c_str());
      std::ifstream stat(entry.path() / "stat");
      std::string text;
      if (pid <= 0 || !std::getline(stat, text)) continue;
      const auto after = text.rfind(") ");  // "pid (name) S ppid …"
      if (after != text.npos && std::atoi(text.c_str() + after + 4) == process_) found.push_back(pid);
    }
    return found;
  }

  void end(int number, bool all = true) {
    if (process_ <= 0) return;
    all ? signal(number) : static_cast<void>(::kill(process_, number));
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

  Folder folder_;
  int port_;
  std::vector<std::string> extra_;
  pid_t process_ = 0;
};

}  // namespace blackstart::test
