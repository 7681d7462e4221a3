// The dead-man: the undo, on the target itself, on a timer that outlives the runner.
#include <fmt/format.h>

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "base/process.h"
#include "faults/dead_man_state.h"
#include "faults/fault.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 100ms;
constexpr Duration kCallLimit = 10s;
constexpr Duration kFirstLook = 3s;  // of a node that may be gone: the undo itself needs the time
// How long a dead-man waits for an order that runs, in seconds. Longer than any order's own limit; one that hangs for good must
// not keep it for ever.
constexpr int kOrderPatience = 600;

// The undo; where an order was at work before it, once more when that has ended.
std::string dead_man_command(const std::string& id, const UndoRecord& record) {
  return fmt::format(
      "undo() {{ {0}; }}; {1} || {{ undo; flock -s -w {2} {3} true; }}; undo; mkdir -p /run/blackstart && date -u +%FT%TZ >{4}",
      undo_kind(record.kind).command(record), at_rest(id), kOrderPatience, order_mark(id), fired_mark(id));
}

// The mark of an undo is looked for before and after: one that came while this was on its way found no timer to stop. What the
// undo starts, a container's process, outlives the dead-man's own.
std::string arm_command(const std::string& id, const UndoRecord& record, std::int64_t milliseconds) {
  return fmt::format(
      "find {0} -type f -mtime +7 -delete 2>/dev/null; "
      "command -v flock >/dev/null || {{ echo 'it has no flock (util-linux)' >&2; exit 1; }}; "
      "late() {{ [ ! -e {1} ] || {{ systemctl stop {2}.timer 2>/dev/null; echo 'it was undone meanwhile' >&2; exit 1; }}; }}; "
      "late; systemd-run --quiet --collect --unit={2} --on-active={3}ms --timer-property=AccuracySec=100ms "
      "-p KillMode=process /bin/sh -c {4} || "
      "exit 1; late",
      kDisarmedMarks, disarmed_mark(id), unit_name(id), milliseconds, shell_quote(dead_man_command(id, record)));
}

std::string why_not_disarmed(const DeadMan& now) {
  if (now.order == Order::runs) return "the fault's order still runs there, and may have its effect at any time";
  return now.armed ? "its timer is still active" : "its command still runs";
}

// Waits for an order that is at work, stops the timer, waits for a command that is under way, and returns what is left of it.
// As long as an order runs the timer stays: its effect is still to come. The mark comes before the stop, see arm_dead_man().
DeadMan disarm(const std::string& id, const std::string& node, FaultContext context, const Deadline& deadline) {
  const std::string stop =
      fmt::format("if {}; then {{ mkdir -p {} && touch {}; }} 2>/dev/null; systemctl stop {}.timer 2>/dev/null; fi; ",
                  at_rest(id), kDisarmedMarks, disarmed_mark(id), unit_name(id));
  DeadMan now;
  const bool quiet = wait_until(
      [&] {
        now = read_dead_man(id, node, context, deadline, stop);
        return !now.armed && !now.running && now.order != Order::runs;
      },
      deadline, kPoll);
  if (!quiet)
    throw Error(ErrorKind::unmet, fmt::format("disarming {} on {}", unit_name(id), node), why_not_disarmed(now),
                now.order == Order::runs ? "end that command on the node, or wait for it"
                                         : "systemctl list-timers on the node shows it");
  return now;
}

void remove_marks(const DeadMan& left, const std::string& id, const std::string& node, FaultContext context,
                  const Deadline& deadline) {
  if (left.fired.empty() && left.order == Order::none) return;
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

// The mark comes first: an order that finds the timer armed has left it, and holds it, by the time that the timer is stopped.
// It is written to once it is held, so that a mark which nobody holds tells an order that has ended from one that is to begin.
// The order itself doesn't get the descriptor: what it leaves running is its effect, and not the order.
std::string guarded_order(const std::string& id, const std::string& order) {
  return fmt::format(
      "mkdir -p /run/blackstart && exec 9>{0} && flock 9 && echo held >&9 || exit 1; systemctl is-active --quiet {1}.timer || "
      "{{ rm -f {0}; echo 'its dead-man is not armed' >&2; exit 1; }}; {{ {2}\n}} 9>&-",
      order_mark(id), unit_name(id), order);
}

void arm_dead_man(const std::string& id, const UndoRecord& record, Duration after, FaultContext context,
                  const Deadline& deadline) {
  require_safe(id);
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(after).count();
  const std::string doing = fmt::format("arming the dead-man {} on {}", unit_name(id), record.node);
  if (milliseconds < 1) throw Error(ErrorKind::internal, doing, "its time is not positive");
  const DeadMan before = read_dead_man(id, record.node, context, deadline);
  if (before.armed || before.running || !before.fired.empty() || before.order != Order::none || before.disarmed)
    throw Error(ErrorKind::unmet, doing, "it was armed before", "undo what is open: blackstart recover");
  context.remote.check(doing, record.node, arm_command(id, record, milliseconds), deadline.sooner(kCallLimit));
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
    // The order, or the dead-man, may have acted after what the evidence shows. From now on neither does any more.
    const bool late_order = left.order != Order::none && !(before && before->order == Order::ended);
    const bool late_undo = !left.fired.empty() && !(before && !before->fired.empty());
    if (late_order || late_undo) {
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
