// The dead-man: the undo, on the target itself, on a timer that outlives the runner.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "base/process.h"
#include "faults/fault.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 100ms;
constexpr Duration kCallLimit = 10s;
constexpr std::size_t kLongestId = 230;  // systemd's unit names have at most 255 characters

// The id becomes part of unit and file names.
void require_safe(const std::string& id) {
  const auto allowed = [](unsigned char c) { return c < 128 && (std::isalnum(c) || c == '-' || c == '_' || c == '.'); };
  if (id.empty() || id.size() > kLongestId || id[0] == '.' || id[0] == '-' || !std::all_of(id.begin(), id.end(), allowed))
    throw Error(ErrorKind::internal, "arming a dead-man", fmt::format("'{}' is not fit to be its id", id));
}

std::string unit_name(const std::string& id) { return "blackstart-" + id; }
std::string mark_file(const std::string& id) { return "/run/blackstart/" + id + ".fired"; }

struct DeadMan {
  bool armed = false;    // its timer runs
  bool running = false;  // its command runs at this moment
  std::string fired;     // the time in its mark, or empty
};

std::string take_line(const std::string& text, const std::string& name, const std::string& doing) {
  const std::size_t at = ("\n" + text).find("\n" + name + "=");
  if (at == std::string::npos) throw Error(ErrorKind::unmet, doing, "the answer has no " + name);
  const std::size_t begin = at + name.size() + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
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
      fmt::format("{2}m=; [ ! -e {1} ] || m=$(cat {1}) || exit 1; "
                  "printf 'Timer=%s\\nService=%s\\nFired=%s\\nEnd=1\\n' \"$(systemctl is-active {0}.timer)\" "
                  "\"$(systemctl is-active {0}.service)\" \"$m\"",
                  unit_name(id), mark_file(id), first),
      deadline.sooner(kCallLimit));
  take_line(text, "End", doing);
  return {is_on(take_line(text, "Timer", doing), doing), is_on(take_line(text, "Service", doing), doing),
          take_line(text, "Fired", doing)};
}

// Stops the timer and waits for a command that is under way; returns the time of the mark that was there.
std::string disarm(const std::string& id, const std::string& node, FaultContext context, const Deadline& deadline) {
  const std::string stop = fmt::format("systemctl stop {}.timer 2>/dev/null; ", unit_name(id));
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
  if (!now.fired.empty())
    context.remote.check(fmt::format("removing {} on {}", mark_file(id), node), node, "rm " + mark_file(id),
                         deadline.sooner(kCallLimit));
  return now.fired;
}

std::string why_unconfirmed(const std::vector<Evidence>& evidence) {
  std::string words;
  for (const Evidence& each : evidence)
    if (!each.confirmed) words += (words.empty() ? "" : "; ") + fmt::format("{}: {}", each.expected, each.observed);
  return words.empty() && evidence.empty() ? "nothing was observed" : words;
}

}  // namespace

void arm_dead_man(const std::string& id, const UndoRecord& record, Duration after, FaultContext context,
                  const Deadline& deadline) {
  require_safe(id);
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(after).count();
  const std::string doing = fmt::format("arming the dead-man {} on {}", unit_name(id), record.node);
  if (milliseconds < 1) throw Error(ErrorKind::internal, doing, "its time is not positive");
  const DeadMan before = read_dead_man(id, record.node, context, deadline);
  if (before.armed || before.running || !before.fired.empty())
    throw Error(ErrorKind::unmet, doing, "it was armed before", "undo what is open: blackstart recover");
  const std::string command = fmt::format("{0}; mkdir -p /run/blackstart && date -u +%FT%TZ >{1}",
                                          undo_kind(record.kind).command(record), mark_file(id));
  context.remote.check(
      doing, record.node,
      fmt::format("systemd-run --quiet --collect --unit={} --on-active={}ms --timer-property=AccuracySec=100ms "
                  "/bin/sh -c {}",
                  unit_name(id), milliseconds, shell_quote(command)),
      deadline.sooner(kCallLimit));
  if (!read_dead_man(id, record.node, context, deadline).armed)
    throw Error(ErrorKind::unmet, doing, "its timer is not active afterwards",
                "journalctl -u 'blackstart-*' on the node tells more");
}

Undone undo_injection(const std::string& id, const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  Undone undone;
  try {
    require_safe(id);
    undone.evidence = undo_kind(record.kind).undo(record, context, deadline);
    undone.problem = why_unconfirmed(undone.evidence);
    if (!undone.problem.empty()) return undone;
    const std::string fired = disarm(id, record.node, context, deadline);
    if (!fired.empty()) undone.dead_man = "the dead-man undid it at " + fired;
  } catch (const Error& error) {
    undone.problem = error.what();
  }
  return undone;
}

}  // namespace blackstart
