#include "runner/dead_man_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <vector>

#include "base/error.h"
#include "lab/tcp_socket.h"
#include "runner/state.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

constexpr Duration kEnd = 30s;  // for its end once its entry is undone

fs::path file_of(const std::string& id) { return state_folder() / "dead-man" / (id + ".log"); }

// What the new process is made from; nothing of it is allocated after the fork.
struct Launch {
  const char* program;
  char* const* arguments;
  int nothing, answer, log;
};

// Between fork and exec only what a signal handler may do is allowed: other threads may have held any lock.
[[noreturn]] void become_dead_man(const Launch& launch) {
  ::setsid();
  if (::fork() != 0) ::_exit(0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(launch.nothing, STDIN_FILENO);
  ::dup2(launch.answer, STDOUT_FILENO);
  ::dup2(launch.log, STDERR_FILENO);
  ::close_range(3, ~0u, 0);
  ::execv(launch.program, launch.arguments);
  constexpr char kWords[] = "the program could not be started\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kWords, sizeof kWords - 1);
  ::_exit(127);
}

Descriptor opened(const fs::path& file, int flags) {
  Descriptor descriptor(::open(file.c_str(), flags | O_CLOEXEC, 0600));
  if (!descriptor.open()) throw_errno("opening " + file.string(), errno);
  return descriptor;
}

// All that it says until it waits or ends; empty when it says nothing in time.
std::string answer_of(int pipe, const Deadline& deadline) {
  std::string text;
  while (text != kDeadManWaits) {
    pollfd readable{pipe, POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.left()).count();
    if (::poll(&readable, 1, static_cast<int>(std::min<std::int64_t>(left, 1000))) < 0 && errno != EINTR) return text;
    if (readable.revents != 0) {
      char chunk[256];
      const ssize_t count = ::read(pipe, chunk, sizeof chunk);
      if (count <= 0) return text;
      text.append(chunk, static_cast<std::size_t>(count));
    } else if (deadline.passed()) {
      return text;
    }
  }
  return text;
}

std::string last_words(const fs::path& file) {
  std::ifstream in(file);
  std::string last;
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) last = line;
  return last.empty() ? "it did not say that it waits" : last;
}

void launch(const fs::path& program, const std::vector<std::string>& words, int answer, int log) {
  const Descriptor nothing = opened("/dev/null", O_RDWR);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const std::string name = program.string();
  const Launch order{name.c_str(), arguments.data(), nothing.get(), answer, log};
  const pid_t child = ::fork();
  if (child < 0) throw_errno("starting the dead-man process", errno);
  if (child == 0) become_dead_man(order);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::string fired_at(const fs::path& journal, const std::string& id) {
  for (const JournalEntry& entry : read_journal(journal).entries)
    if (entry.id == id) return entry.fired;
  return "";
}

}  // namespace

void start_dead_man_process(const fs::path& program, const fs::path& journal, const std::string& id, Duration after,
                            const Deadline& deadline) {
  const std::string doing = fmt::format("starting the dead-man {} on this machine", id);
  const fs::path file = file_of(id);
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  const Descriptor log = opened(file, O_WRONLY | O_CREAT | O_EXCL | O_APPEND);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno(doing, errno);
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(after).count();
  launch(program, {"blackstart", "dead-man", fs::absolute(journal).string(), id, std::to_string(milliseconds)}, write_end.get(),
         log.get());
  write_end = Descriptor(-1);
  if (answer_of(read_end.get(), deadline) == kDeadManWaits && dead_man_process(id)) return;
  const std::string words = last_words(file);
  fs::remove(file, error);
  throw Error(ErrorKind::unmet, doing, words, "nothing was injected on its node");
}

std::optional<int> dead_man_process(const std::string& id) {
  const Descriptor file(::open(file_of(id).c_str(), O_RDWR | O_CLOEXEC));
  if (!file.open()) return std::nullopt;
  struct flock lock {};  // the whole file
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(file.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return std::nullopt;
  return lock.l_pid;
}

void end_dead_man_process(const std::string& id, const Deadline& deadline) {
  if (!wait_until([&] { return !dead_man_process(id); }, deadline, 50ms))
    if (const auto process = dead_man_process(id)) ::kill(*process, SIGKILL);
  std::error_code ignored;
  fs::remove(file_of(id), ignored);
}

Undone undo_entry(const fs::path& journal, const JournalEntry& entry, FaultContext context, const Deadline& deadline) {
  if (undo_kind(entry.undo.kind).command) return undo_injection(entry.id, entry.undo, context, deadline);
  const bool waited = dead_man_process(entry.id).has_value();
  Undone undone = undo_injection(entry.id, entry.undo, context, deadline);
  if (!undone.problem.empty()) return undone;
  const std::string fired = fired_at(journal, entry.id);
  if (!fired.empty())
    undone.dead_man = "the dead-man undid it at " + fired;
  else if (!waited)
    undone.dead_man = "the dead-man did not run when the undo began: somebody ended it, or this is not the machine it ran on";
  return undone;
}

void settle_dead_man(const JournalEntry& entry, Clock& clock) {
  if (fs::exists(file_of(entry.id))) end_dead_man_process(entry.id, Deadline(clock, kEnd));
}

}  // namespace blackstart
