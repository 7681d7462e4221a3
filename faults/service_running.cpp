// The undo `service.running`: whatever was done to the service, it runs again.
#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"
#include "base/units.h"
#include "faults/service.h"
#include "faults/service_port.h"
#include "faults/unit_state.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 50ms;
constexpr Duration kReadLimit = 3s;
constexpr Duration kOrderLimit = 10s;
constexpr Duration kAgain = 2s;  // a service may fail to start until its peers are back: ordered again after this
constexpr Duration kAnswerLimit = 1s;

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

bool as_wanted(const UnitState& state) { return state.active == "active" && state.runs() && !state.frozen(); }
bool on_its_way(const UnitState& state) { return state.active == "activating" && !state.frozen(); }

class Undoing {
 public:
  Undoing(const UndoRecord& record, FaultContext context, const Deadline& deadline)
      : record_(record), context_(context), deadline_(deadline), unit_(unit_of(record)), endpoint_(endpoint_of(record)) {}

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
  // Both are looked at anew each time: a service that came up and fell again is not back.
  bool look() {
    look_at_target();
    if (target_.confirmed && endpoint_) look_at_port();
    return target_.confirmed && (!endpoint_ || port_.confirmed);
  }

  void look_at_target() {
    target_.confirmed = false;
    try {
      if (!ordered_) order();
      const UnitState state = read_unit(context_.remote, record_.node, unit_, deadline_.sooner(kReadLimit));
      target_.observed = state.words();
      target_.confirmed = as_wanted(state);
      if (target_.confirmed)
        target_.at = context_.clock.now();
      else if (!on_its_way(state) && context_.clock.now() - *ordered_ >= kAgain)
        ordered_.reset();
    } catch (const Error& error) {
      target_.observed = error.what();
    }
  }

  void order() {
    context_.remote.check(fmt::format("starting {} on {}", unit_, record_.node), record_.node, service_running_command(record_),
                          deadline_.sooner(kOrderLimit));
    ordered_ = context_.clock.now();
  }

  void look_at_port() {
    const auto answer = answer_time(context_, *endpoint_, deadline_.sooner(kAnswerLimit));
    port_.confirmed = answer.has_value();
    port_.observed = answer ? "answered within " + format_seconds(*answer) : "does not answer";
    if (answer) port_.at = context_.clock.now();
  }

  const UndoRecord& record_;
  FaultContext context_;
  const Deadline deadline_;
  const std::string unit_;
  const std::optional<Endpoint> endpoint_;
  std::optional<Time> ordered_;
  Evidence target_, port_;
};

}  // namespace

// Thaw first: a stopped process can neither end nor start. Signalling a unit that has no process fails, and is no matter: what
// counts is the state that is read afterwards.
std::string service_running_command(const UndoRecord& record) {
  const std::string unit = shell_quote(unit_of(record));
  return fmt::format(
      "systemctl kill --kill-who=all -s CONT {0} 2>/dev/null; "
      "if systemctl is-failed --quiet {0}; then systemctl reset-failed {0}; fi; "
      "systemctl is-active --quiet {0} || systemctl --no-block start {0}",
      unit);
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
