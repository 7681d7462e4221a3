// A program in the foreground that dies with the test's process; its words go to a log.
//
// Ownership: the process ends with its object. Thread rule: one thread.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace blackstart {

class Daemon {
 public:
  Daemon() = default;
  // `user`: whom it runs as; null: as we do. `when_we_die`: the signal that it gets then.
  explicit Daemon(const passwd* user, int when_we_die) : user_(user), when_we_die_(when_we_die) {}
  ~Daemon() { end(); }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void start(std::vector<std::string> words, const std::filesystem::path& log) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t parent = ::getpid();
    process_ = ::fork();
    if (process_ < 0) throw_errno("starting " + words[0], errno);
    if (process_ == 0) become(argv.data(), log, parent);
  }
  bool running() {
    if (process_ > 0 && ::waitpid(process_, nullptr, WNOHANG) != 0) process_ = 0;
    return process_ > 0;
  }
  pid_t process() const { return process_; }  // 0: none
  void signal(int number) const {
    if (process_ > 0) ::kill(process_, number);
  }
  // Returns when it is gone.
  void end(int number = SIGKILL) {
    if (process_ <= 0) return;
    signal(number);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  [[noreturn]] void become(char* const* argv, const std::filesystem::path& log, pid_t parent) const {
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (user_ && (::setgroups(0, nullptr) != 0 || ::setgid(user_->pw_gid) != 0 || ::setuid(user_->pw_uid) != 0)) ::_exit(1);
    ::prctl(PR_SET_PDEATHSIG, when_we_die_);  // after the change of user, which would clear it
    if (::getppid() != parent) ::_exit(1);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execv(argv[0], argv);
    ::_exit(127);
  }

  const passwd* user_ = nullptr;
  int when_we_die_ = SIGKILL;
  pid_t process_ = 0;
};

}  // namespace blackstart
