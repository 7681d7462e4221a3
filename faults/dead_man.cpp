// The dead-man: the undo, on the target itself, on a timer that outlives the runner.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/error.h"
#include "base/process.h"
#include "faults/fault.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 100ms;
constexpr Duration kCallLimit = 10s;
constexpr Duration kFirstLook = 3s;      // of a node that may be gone: the undo itself needs the time
constexpr std::size_t kLongestId = 230;  // systemd's unit names have at most 255 characters

// The id becomes part of unit and file names.
void require_safe(const std::string& id) {
  const auto allowed = [](unsigned char c) { return c < 128 && (std::isalnum(c) || c == '-' || c == '_' || c == '.'); };
  if (id.empty() || id.size() > kLongestId || id[0] == '.' || id[0] == '-' || !std::all_of(id.begin(), id.end(), allowed))
    throw Error(ErrorKind::internal, "naming a dead-man", fmt::format("'{}' is not fit to be its id", id));
}

std::string unit_name(const std::string& id) { return "blackstart-" + id; }
std::string fired_mark(const std::string& id) { return "/run/blackstart/" + id + ".fired"; }
// Tells a dead-man that was disarmed from one that got lost. It stays, so it has a folder of its own: what lies in the other
// one waits for an undo.
constexpr const char* kDisarmedMarks = "/run/blackstart-disarmed";
std::string disarmed_mark(const std::string& id) { return std::string(kDisarmedMarks) + "/" + id; }

struct DeadMan {
  bool armed = false;     // its timer runs
  bool running = false;   // its command runs at this moment
  std::string fired;      // the time in its mark, or empty
  bool ordered = false;   // the fault's order reached the node
  bool disarmed = false;  // by an undo
};

std::string take_line(const std::string& text, const std::string& name, const std::string& doing) {
  const std::size_t at = ("\n" + text).find("\n" + name + "=");
  if (at == std::string::npos) throw Error(ErrorKind::unmet, doing, "the answer has no " + name);
  const std::size_t begin = at + name.size() + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

// A word of our own, so that an answer which lost something is noticed.
bool is_there(const std::string& text, const std::string& name, const std::string& doing) {
  const std::string word = take_line(text, name, doing);
  if (word != "yes" && word != "no") throw Error(ErrorKind::unmet, doing, fmt::format("{} is '{}'", name, word));
  return word == "yes";
}

// systemctl's own words are "active", "inactive", …; none at all means that it could not ask systemd.
bool is_on(const std::string& state, const std::string& doing) {
  if (state.empty()) throw Error(ErrorKind::unmet, doing, "systemctl gave no answer");
  return state != "inactive" && state != "failed" && state != "unknown";
}

DeadMan read_dead_man(const std::string& id, const std::string& node, FaultContext context, const Deadline& deadline,
                      const std::string& first = "") {
  const std::string doing = fmt::format("reading the dead-man {} on {}", unit_name(id), node);
  const std::string text = context.remote.check(
      doing, node,
      fmt::format("{4}m=; o=no; d=no; [ ! -e {1} ] || m=$(cat {1}) || exit 1; [ ! -e {2} ] || o=yes; [ ! -e {3} ] || d=yes; "
                  "printf 'Timer=%s\\nService=%s\\nFired=%s\\nOrdered=%s\\nDisarmed=%s\\nEnd=1\\n' "
                  "\"$(systemctl is-active {0}.timer)\" \"$(systemctl is-active {0}.service)\" \"$m\" \"$o\" \"$d\"",
                  unit_name(id), fired_mark(id), order_mark(id), disarmed_mark(id), first),
      deadline.sooner(kCallLimit));
  take_line(text, "End", doing);
  return {is_on(take_line(text, "Timer", doing), doing), is_on(take_line(text, "Service", doing), doing),
          take_line(text, "Fired", doing), is_there(text, "Ordered", doing), is_there(text, "Disarmed", doing)};
}

// Stops the timer, waits for a command that is under way, and returns what is left of it.
DeadMan disarm(const std::string& id, const std::string& node, FaultContext context, const Deadline& deadline) {
  const std::string stop = fmt::format("systemctl stop {}.timer 2>/dev/null; {{ mkdir -p {} && touch {}; }} 2>/dev/null; ",
                                       unit_name(id), kDisarmedMarks, disarmed_mark(id));
  DeadMan now;
  const bool quiet = wait_until(
      [&] {
        now = read_dead_man(id, node, context, deadline, stop);
        return !now.armed && !now.running;
      },
      deadline, kPoll);
  if (!quiet)
    throw Error(ErrorKind::unmet, fmt::format("disarming {} on {}", unit_name(id), node),
                now.armed ? "its timer is still active" : "its command still runs",
                "systemctl list-timers on the node shows it");
  return now;
}

void remove_marks(const DeadMan& left, const std::string& id, const std::string& node, FaultContext context,
                  const Deadline& deadline) {
  if (left.fired.empty() && !left.ordered) return;
  context.remote.check(fmt::format("removing the marks of {} on {}", unit_name(id), node), node,
                       fmt::format("rm -f {} {}", fired_mark(id), order_mark(id)), deadline.sooner(kCallLimit));
}

// Nothing, when it can't be read: that is no reason to leave the undo undone.
std::optional<DeadMan> first_look(const std::string& id, const std::string& node, FaultContext context,
                                  const Deadline& deadline) {
  try {
    return read_dead_man(id, node, context, deadline.sooner(kFirstLook));
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string what_became_of_it(const std::optional<DeadMan>& before, const DeadMan& left) {
  if (!left.fired.empty()) return "the dead-man undid it at " + left.fired;
  if (!before || before->armed || before->running || before->disarmed) return "";
  return "the dead-man was not armed when the undo began: somebody stopped it, it went with a restart of the node, or it never "
         "was armed";
}

std::string why_unconfirmed(const std::vector<Evidence>& evidence) {
  std::string words;
  for (const Evidence& each : evidence)
    if (!each.confirmed) words += (words.empty() ? "" : "; ") + fmt::format("{}: {}", each.expected, each.observed);
  return words.empty() && evidence.empty() ? "nothing was observed" : words;
}

}  // namespace

std::string order_mark(const std::string& id) {
  require_safe(id);
  return "/run/blackstart/" + id + ".ordered";
}

// The mark comes first: an order that finds the timer armed has left it by the time that the timer is stopped.
std::string guarded_order(const std::string& id, const std::string& order) {
  return fmt::format(
      "mkdir -p /run/blackstart && : >{0} || exit 1; systemctl is-active --quiet {1}.timer || "
      "{{ rm -f {0}; echo 'its dead-man is not armed' >&2; exit 1; }}; {2}",
      order_mark(id), unit_name(id), order);
}

void arm_dead_man(const std::string& id, const UndoRecord& record, Duration after, FaultContext context,
                  const Deadline& deadline) {
  require_safe(id);
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(after).count();
  const std::string doing = fmt::format("arming the dead-man {} on {}", unit_name(id), record.node);
  if (milliseconds < 1) throw Error(ErrorKind::internal, doing, "its time is not positive");
  const DeadMan before = read_dead_man(id, record.node, context, deadline);
  if (before.armed || before.running || !before.fired.empty() || before.ordered || before.disarmed)
    throw Error(ErrorKind::unmet, doing, "it was armed before", "undo what is open: blackstart recover");
  const std::string command = fmt::format("{0}; mkdir -p /run/blackstart && date -u +%FT%TZ >{1}",
                                          undo_kind(record.kind).command(record), fired_mark(id));
  context.remote.check(
      doing, record.node,
      fmt::format("find {} -type f -mtime +7 -delete 2>/dev/null; "
                  "systemd-run --quiet --collect --unit={} --on-active={}ms --timer-property=AccuracySec=100ms /bin/sh -c {}",
                  kDisarmedMarks, unit_name(id), milliseconds, shell_quote(command)),
      deadline.sooner(kCallLimit));
  if (!read_dead_man(id, record.node, context, deadline).armed)
    throw Error(ErrorKind::unmet, doing, "its timer is not active afterwards",
                "journalctl -u 'blackstart-*' on the node tells more");
}

Undone undo_injection(const std::string& id, const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  Undone undone;
  try {
    require_safe(id);
    const UndoKind& kind = undo_kind(record.kind);
    if (!kind.command) {  // its dead-man is not on the node, and neither are marks: it may have no power
      undone.evidence = kind.undo(record, context, deadline);
      undone.problem = why_unconfirmed(undone.evidence);
      return undone;
    }
    const auto before = first_look(id, record.node, context, deadline);
    undone.evidence = kind.undo(record, context, deadline);
    undone.problem = why_unconfirmed(undone.evidence);
    if (!undone.problem.empty()) return undone;
    const DeadMan left = disarm(id, record.node, context, deadline);
    undone.dead_man = what_became_of_it(before, left);
    // The order may have come after what the evidence shows. From now on none is carried out any more.
    if (left.ordered && !(before && before->ordered)) {
      undone.evidence = kind.undo(record, context, deadline);
      undone.problem = why_unconfirmed(undone.evidence);
      if (!undone.problem.empty()) return undone;
    }
    remove_marks(left, id, record.node, context, deadline);
  } catch (const Error& error) {
    undone.problem = error.what();
  }
  return undone;
}

}  // namespace blackstart
