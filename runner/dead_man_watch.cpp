// What the dead-man on the runner's machine does: it waits, looks whether it is still needed, and undoes.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "base/error.h"
#include "base/units.h"
#include "lab/ssh.h"
#include "lab/tcp_socket.h"
#include "runner/dead_man_process.h"
#include "runner/interrupt.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

constexpr Duration kLook = 500ms;    // between looks at the journal: how fast it ends
constexpr Duration kRetry = 2s;      // between attempts to undo
constexpr Duration kGiveUp = 10min;  // after the first attempt; from then on `recover` is needed

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
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  ::fcntl(STDERR_FILENO, F_SETLK, &lock);
}

// Afterwards nothing is left that whoever started it could hold on to.
void say_that_it_waits() {
  const Descriptor answer(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  const std::string_view words = kDeadManWaits;
  if (::write(answer.get(), words.data(), words.size()) < 0) say_in_log("whoever started it does not listen any more");
}

}  // namespace

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

}  // namespace blackstart
