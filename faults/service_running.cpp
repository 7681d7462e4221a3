// The undo `service.running`: whatever was done to the service, it runs again.
#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"
#include "base/units.h"
#include "faults/service.h"
#include "faults/service_port.h"
#include "faults/steady.h"
#include "faults/unit_state.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 50ms;
constexpr Duration kReadLimit = 3s;
constexpr Duration kOrderLimit = 10s;
constexpr Duration kAgain = 2s;  // a service may fail to start until its peers are back: ordered again after this
constexpr Duration kAnswerLimit = 1s;
// A unit of Type=simple is active as soon as its process exists, even one that dies of its configuration a moment later: what
// counts is what stays. systemd also calls a unit active whose main process was told to end and takes its time. So the very
// process that the fault was to end must stay for longer; the fault's own confirmation has waited for its end before that.
constexpr Duration kSteady = 1s, kSteadyUnchanged = 5s;
constexpr Duration kPace = 200ms;  // between looks at a service that seems well: each of them is a connection to its port

std::string fact(const UndoRecord& record, const std::string& name) {
  const auto found = record.facts.find(name);
  return found == record.facts.end() ? "" : found->second;
}

std::string unit_of(const UndoRecord& record) {
  std::string unit = fact(record, "unit");
  if (!is_service_name(unit))
    throw Error(ErrorKind::bad_file, "undoing service.running on " + record.node,
                fmt::format("'{}' does not name one systemd service", unit));
  return unit;
}

std::optional<Endpoint> endpoint_of(const UndoRecord& record) {
  if (fact(record, "host").empty()) return std::nullopt;
  const auto port = parse_integer(fact(record, "port"));
  if (!port || *port < 1 || *port > 65535)
    throw Error(ErrorKind::bad_file, "undoing service.running on " + record.node,
                fmt::format("'{}' is no port", fact(record, "port")));
  return Endpoint{fact(record, "host"), static_cast<int>(*port)};
}

std::int64_t number(const UndoRecord& record, const std::string& name) {
  const auto value = parse_integer(fact(record, name));
  if (!value || *value < 1)
    throw Error(ErrorKind::bad_file, "undoing service.running on " + record.node,
                fmt::format("{} is no number above 0: '{}'", name, fact(record, name)));
  return *value;
}

// The main process that the fault was to end; none for a fault that doesn't end it by a signal.
std::optional<UnitState> before_fault(const UndoRecord& record) {
  if (fact(record, "pid").empty()) return std::nullopt;
  UnitState before;
  before.main_pid = number(record, "pid");
  before.process = UnitState::Process{'?', number(record, "start-ticks")};
  return before;
}

// The condition for starting the service anew: the process that was ordered to end is still there. Once it has ended by
// itself systemd need not bring it back (Restart=on-failure after a clean exit), and nobody may be looking by then. Where a
// port is still listened on the process is not shutting down: to restart it would be a second fault. Without the mark the order
// was never given, and nothing is restarted.
std::string still_to_end(const UndoRecord& record, const std::string& unit, const UnitState& before) {
  const auto endpoint = endpoint_of(record);
  const std::string deaf =
      endpoint ? fmt::format("! {{ {}; }} && ", group_listens("ss", endpoint->port, before.main_pid, "/" + unit))
               : std::string();
  return fmt::format("{}test -e {} && systemctl show -p MainPID {} | grep -qx MainPID={}", deaf, order_mark(fact(record, "id")),
                     unit, before.main_pid);
}

bool as_wanted(const UnitState& state) { return state.active == "active" && state.runs() && !state.frozen(); }
bool on_its_way(const UnitState& state) { return state.active == "activating" && !state.frozen(); }

class Undoing {
 public:
  Undoing(const UndoRecord& record, FaultContext context, const Deadline& deadline)
      : record_(record),
        context_(context),
        deadline_(deadline),
        unit_(unit_of(record)),
        endpoint_(endpoint_of(record)),
        before_(before_fault(record)),
        command_(service_running_command(record)) {}

  std::vector<Evidence> run() {
    target_.observer = record_.node;
    target_.expected = fmt::format("{} on {} is active and its main process runs", unit_, record_.node);
    port_.observer = "runner";
    wait_until([this] { return look(); }, deadline_, kPoll);
    if (!endpoint_) return {target_};
    port_.expected = endpoint_->text() + " answers again";
    return {target_, port_};
  }

 private:
  bool look() {
    if (context_.clock.now() < next_look_) return false;
    if (look_at_target()) {
      if (endpoint_) look_at_port();
      next_look_ = context_.clock.now() + kPace;
    } else {
      answering_.ends();
    }
    return target_.confirmed && (!endpoint_ || port_.confirmed);
  }

  // True when the service runs now; confirmed is what has been so for long enough.
  bool look_at_target() {
    target_.confirmed = port_.confirmed = false;
    try {
      if (!ordered_) order();
      const UnitState state = read_unit(context_.remote, record_.node, unit_, deadline_.sooner(kReadLimit));
      target_.observed = state.words();
      if (as_wanted(state)) return note_running(state), true;
      if (!on_its_way(state) && context_.clock.now() - *ordered_ >= kAgain) ordered_.reset();
    } catch (const Error& error) {
      target_.observed = error.what();
    }
    running_.ends();
    return false;
  }

  void note_running(const UnitState& state) {
    if (!state.same_process(last_)) running_.ends();
    last_ = state;
    const bool may_end = fact(record_, "may-end") == "yes" || (before_ && state.same_process(*before_));
    needed_ = may_end ? kSteadyUnchanged : kSteady;
    running_.settle(target_, context_.clock.now(), needed_);
  }

  void order() {
    context_.remote.check(fmt::format("starting {} on {}", unit_, record_.node), record_.node, command_,
                          deadline_.sooner(kOrderLimit));
    ordered_ = context_.clock.now();
  }

  void look_at_port() {
    const auto answer = answer_time(context_, *endpoint_, deadline_.sooner(kAnswerLimit));
    port_.observed = answer ? "answered within " + format_seconds(*answer) : "does not answer";
    if (answer)
      answering_.settle(port_, context_.clock.now(), needed_);
    else
      answering_.ends();
  }

  const UndoRecord& record_;
  FaultContext context_;
  const Deadline deadline_;
  const std::string unit_;
  const std::optional<Endpoint> endpoint_;
  const std::optional<UnitState> before_;
  const std::string command_;
  std::optional<Time> ordered_;
  Time next_look_{0};
  UnitState last_;
  Steady running_, answering_;
  Duration needed_ = kSteady;
  Evidence target_, port_;
};

}  // namespace

UndoRecord running_record(const UndoRecord& whole) {
  UndoRecord record{"service.running", whole.node, {}};
  for (const char* name : {"unit", "host", "port", "may-end"})
    if (const std::string value = fact(whole, name); !value.empty()) record.facts[name] = value;
  return record;
}

// Thaw first: a stopped process can neither end nor start. Signalling a unit that has no process fails, and is no matter: what
// counts is the state that is read afterwards.
std::string service_running_command(const UndoRecord& record) {
  const std::string unit = shell_quote(unit_of(record));
  const std::string thaw = fmt::format("systemctl kill --kill-who=all -s CONT {} 2>/dev/null; ", unit);
  const std::string start = fmt::format(
      "if systemctl is-failed --quiet {0}; then systemctl reset-failed {0}; fi; "
      "systemctl is-active --quiet {0} || systemctl --no-block start {0}",
      unit);
  const auto before = before_fault(record);
  if (!before) return thaw + start;
  return fmt::format("{}if {}; then systemctl --no-block restart {}; else {}; fi", thaw, still_to_end(record, unit, *before),
                     unit, start);
}

std::vector<Evidence> service_running_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  try {
    return Undoing(record, context, deadline).run();
  } catch (const Error& error) {
    Evidence evidence;
    evidence.observer = "runner";
    evidence.expected = "the service on " + record.node + " runs again";
    evidence.observed = error.what();
    return {evidence};
  }
}

}  // namespace blackstart
