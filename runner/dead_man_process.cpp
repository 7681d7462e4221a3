#include "runner/dead_man_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <vector>

#include "base/error.h"
#include "base/units.h"
#include "lab/ssh.h"
#include "lab/tcp_socket.h"
#include "runner/interrupt.h"
#include "runner/state.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

constexpr Duration kLook = 500ms;    // between looks at the journal: how fast it ends
constexpr Duration kRetry = 2s;      // between attempts to undo
constexpr Duration kGiveUp = 10min;  // after the first attempt; from then on `recover` is needed
constexpr Duration kEnd = 30s;       // for its end once its entry is undone
constexpr const char* kWaits = "waiting\n";

fs::path file_of(const std::string& id) { return state_folder() / "dead-man" / (id + ".log"); }

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

// --- starting it ---

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
  while (text != kWaits) {
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

// --- what it does ---

// Looks around whenever somebody waits: an undo that waits for its evidence ends once somebody else has undone it.
class LookingClock final : public Clock {
 public:
  LookingClock(Clock& clock, std::function<bool()> over) : clock_(clock), over_(std::move(over)) {}
  Time now() const override { return clock_.now(); }
  std::int64_t wall() const override { return clock_.wall(); }
  Duration asleep() const override { return clock_.asleep(); }
  bool pause(Duration length, const std::stop_token& stop) override {
    if (over_()) end_.request_stop();
    return !end_.stop_requested() && clock_.pause(length, stop);
  }
  std::stop_token end() const { return end_.get_token(); }

 private:
  Clock& clock_;
  const std::function<bool()> over_;
  std::stop_source end_;
};

class Watch {
 public:
  Watch(const fs::path& journal, const std::string& id, FaultContext context,
        const std::function<void(const std::string&)>& say)
      : file_(journal), id_(id), context_(context), say_(say), entry_(entry_now()) {}

  // False: somebody else undid it, or the journal is gone, which says the same.
  bool wait(Duration after, const std::stop_token& hurry) {
    const Time due = awake_or_asleep() + after;
    while (awake_or_asleep() < due && !hurry.stop_requested()) {
      if (over()) return false;
      context_.clock.pause(std::min(kLook, due - awake_or_asleep()), hurry);
    }
    return !over();
  }

  int undo() {
    const Deadline give_up(context_.clock, kGiveUp);
    say_(fmt::format("nobody has undone {} on {} in time: undoing", entry_.injection, entry_.undo.node));
    bool gone = false;
    wait_until([&] { return gone = over() || undone_now(); }, give_up, kRetry);
    if (!gone) say_("given up: 'blackstart recover' tries again");
    return gone ? kPassed : kUndoPending;
  }

 private:
  Time awake_or_asleep() const { return context_.clock.now() + context_.clock.asleep(); }

  JournalEntry entry_now() const {
    for (const JournalEntry& entry : read_journal(file_).entries)
      if (entry.id == id_) return entry;
    throw Error(ErrorKind::bad_file, "reading the journal " + file_.string(), "it has no entry " + id_);
  }

  // A journal that can't be read at this moment is no reason to leave.
  bool over() {
    std::error_code error;
    if (fs::status(file_, error).type() == fs::file_type::not_found) return true;
    const std::uintmax_t size = fs::file_size(file_, error);
    if (error || size == size_) return undone_;
    try {
      undone_ = entry_now().undone;
      size_ = size;
    } catch (const Error& problem) {
      say_(problem.what());
    }
    return undone_;
  }

  bool undone_now() {
    LookingClock clock(context_.clock, [this] { return over(); });
    const FaultContext context{context_.remote, clock, context_.cloud, context_.tcp, context_.power, context_.local};
    const Deadline deadline(clock, undo_kind(entry_.undo.kind).limit, clock.end());
    const Undone undone = undo_injection(id_, entry_.undo, context, deadline);
    if (over()) return true;
    if (!undone.problem.empty()) return say_("not undone yet: " + undone.problem), false;
    const std::string at = format_utc(context_.clock.wall());
    say_("undone at " + at);
    try {
      mark_fired(file_, id_, at);
    } catch (const Error& problem) {
      say_(problem.what());  // its effect is gone all the same
    }
    return true;
  }

  const fs::path file_;
  const std::string id_;
  FaultContext context_;
  const std::function<void(const std::string&)>& say_;
  const JournalEntry entry_;
  std::uintmax_t size_ = 0;  // of the journal when it was read last
  bool undone_ = false;
};

void say_in_log(const std::string& text) {
  std::fputs(fmt::format("{} {}\n", format_utc(real_clock().wall()), text).c_str(), stderr);
  std::fflush(stderr);
}

// The lock lasts as long as the process. By hand, standard error is a terminal, and there is nothing to lock.
void lock_log() {
  struct flock lock = whole_file();
  ::fcntl(STDERR_FILENO, F_SETLK, &lock);
}

// Afterwards nothing is left that whoever started it could hold on to.
void say_that_it_waits() {
  const Descriptor answer(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  const std::string_view words = kWaits;
  if (::write(answer.get(), words.data(), words.size()) < 0) say_in_log("whoever started it does not listen any more");
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
  if (answer_of(read_end.get(), deadline) == kWaits && dead_man_process(id)) return;
  const std::string words = last_words(file);
  fs::remove(file, error);
  throw Error(ErrorKind::unmet, doing, words, "nothing was injected on its node");
}

std::optional<int> dead_man_process(const std::string& id) {
  const Descriptor file(::open(file_of(id).c_str(), O_RDWR | O_CLOEXEC));
  if (!file.open()) return std::nullopt;
  struct flock lock = whole_file();
  if (::fcntl(file.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return std::nullopt;
  return lock.l_pid;
}

void end_dead_man_process(const std::string& id, const Deadline& deadline) {
  if (!wait_until([&] { return !dead_man_process(id); }, deadline, 50ms))
    if (const auto process = dead_man_process(id)) ::kill(*process, SIGKILL);
  std::error_code ignored;
  fs::remove(file_of(id), ignored);
}

int keep_watch(const fs::path& journal, const std::string& id, Duration after, FaultContext context,
               const std::stop_token& hurry, const std::function<void(const std::string&)>& say) {
  Watch watch(journal, id, context, say);
  return watch.wait(after, hurry) ? watch.undo() : kPassed;
}

int dead_man_command(const fs::path& journal, const std::string& id, Duration after) {
  lock_log();
  const Interrupt interrupt(say_in_log);
  const OpenJournal open = read_journal(journal);
  for (const JournalEntry& entry : open.entries)
    if (entry.id == id) undo_kind(entry.undo.kind);  // throws when this version can't undo it
  const auto remote = make_ssh(open.cloud);
  say_in_log(fmt::format("waits for {}", format_duration(after)));
  say_that_it_waits();
  const int code = keep_watch(journal, id, after, {*remote, real_clock(), open.cloud}, interrupt.token(), say_in_log);
  say_in_log("ends");
  return code;
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
  if (!undo_kind(entry.undo.kind).command) end_dead_man_process(entry.id, Deadline(clock, kEnd));
}

}  // namespace blackstart
