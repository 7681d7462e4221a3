#include "faults/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "base/process.h"
#include "faults/service_port.h"
#include "faults/service_target.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 20ms;       // between looks at the target: the width of the effect's bracket
constexpr Duration kReadLimit = 3s;    // for one look
constexpr Duration kOrderLimit = 10s;  // for the order itself; it only queues

struct Parameters {
  std::string unit;
  std::string signal = "KILL";
  std::optional<int> port;
};

// In what the three faults differ.
struct Action {
  std::string (*summary)(const Parameters&);
  std::string (*order)(const Parameters&);
  const char* target_effect;  // {0}: main process before, {1}: unit, {2}: node
  bool (*effective)(const UnitState& before, const UnitState& now);
  const char* port_effect;  // {0}: endpoint
  std::optional<ServicePort::Seen> (ServicePort::*look)(const Deadline&);
  bool ends_process;  // by a signal, of which nobody says when it will have had its effect
};

const Action kKill = {
    [](const Parameters& p) { return fmt::format("SIG{} to the main process of {}", p.signal, p.unit); },
    [](const Parameters& p) { return fmt::format("systemctl kill --kill-who=main -s {} {}", p.signal, shell_quote(p.unit)); },
    "main process {0} of {1} on {2} ends",
    [](const UnitState& before, const UnitState& now) { return !now.same_process(before); },
    "{0} ends its open connection or refuses a new one",
    &ServicePort::ended,
    true};

const Action kStop = {
    [](const Parameters& p) { return "stop of " + p.unit; },
    [](const Parameters& p) { return "systemctl --no-block stop " + shell_quote(p.unit); },
    "{1} on {2} is stopped, main process {0} has ended",
    [](const UnitState&, const UnitState& now) { return (now.active == "inactive" || now.active == "failed") && !now.runs(); },
    "{0} ends its open connection and refuses new ones",
    &ServicePort::ended_and_refused,
    false};

const Action kFreeze = {[](const Parameters& p) { return "SIGSTOP to all processes of " + p.unit; },
                        [](const Parameters& p) { return "systemctl kill --kill-who=all -s STOP " + shell_quote(p.unit); },
                        "main process {0} of {1} on {2} is in state T (stopped)",
                        [](const UnitState& before, const UnitState& now) { return now.same_process(before) && now.frozen(); },
                        "{0} does not answer any more",
                        &ServicePort::silent,
                        false};

class ServiceFault final : public TargetFault {
 public:
  ServiceFault(const Action& action, Parameters parameters, Node node, FaultContext context)
      : action_(action), parameters_(std::move(parameters)), node_(std::move(node)), context_(context) {}

  void preflight(const Deadline& deadline) override {
    read_before(deadline);
    require_other_than_our_way_in(context_, parameters_.unit, node_.name, deadline);
    port_ = ServicePort::find(context_, node_, before_.main_pid, parameters_.port, deadline);
  }

  UndoRecord undo_record() const override {
    UndoRecord record{"service.running", node_.name, {{"unit", parameters_.unit}}};
    if (port_) {
      record.facts["host"] = port_->where().host;
      record.facts["port"] = std::to_string(port_->where().port);
    }
    if (action_.ends_process) {
      record.facts["id"] = context_.id;
      record.facts["pid"] = std::to_string(before_.main_pid);
      record.facts["start-ticks"] = std::to_string(before_.process->start_ticks);
    }
    return record;
  }

  void stage(const Deadline& deadline) override {
    const UnitState at_preflight = before_;
    read_before(deadline);
    if (!before_.same_process(at_preflight))
      throw Error(ErrorKind::unmet, fmt::format("staging {} on {}", action_.summary(parameters_), node_.name),
                  fmt::format("main process {} gave way to {} since preflight", at_preflight.main_pid, before_.main_pid),
                  "somebody else restarts it, or it does not run steadily: systemctl status " + parameters_.unit);
    if (port_) port_->hold(deadline);
  }

  void fire(const Deadline& deadline) override {
    if (port_) port_->hold(deadline);
    const std::string doing = fmt::format("{} on {}", action_.summary(parameters_), node_.name);
    context_.remote.check(doing, node_.name, guarded_order(context_.id, action_.order(parameters_)),
                          deadline.sooner(kOrderLimit));
  }

  std::vector<Evidence> confirm(const Deadline& deadline) override {
    std::vector<Evidence> evidence = {target_expectation()};
    if (port_) evidence.push_back(port_expectation());
    wait_until(
        [&] {
          if (!evidence[0].confirmed) look_at_target(evidence[0], deadline);
          if (port_ && !evidence[1].confirmed) look_at_port(evidence[1], deadline);
          return std::all_of(evidence.begin(), evidence.end(), [](const Evidence& e) { return e.confirmed; });
        },
        deadline, kPoll);
    return evidence;
  }

 private:
  void read_before(const Deadline& deadline) { before_ = read_running_unit(context_, node_.name, parameters_.unit, deadline); }

  Evidence target_expectation() const {
    Evidence evidence;
    evidence.observer = node_.name;
    evidence.expected = fmt::format(fmt::runtime(action_.target_effect), before_.main_pid, parameters_.unit, node_.name);
    if (!port_) evidence.expected += kNoSecondWitness;
    evidence.observed = "not looked at";
    return evidence;
  }

  Evidence port_expectation() const {
    Evidence evidence;
    evidence.observer = "runner";
    evidence.expected = fmt::format(fmt::runtime(action_.port_effect), port_->where().text());
    return evidence;
  }

  void look_at_target(Evidence& evidence, const Deadline& deadline) {
    try {
      const UnitState now = read_unit(context_.remote, node_.name, parameters_.unit, deadline.sooner(kReadLimit));
      last_read_ = evidence.observed = fmt::format("was main process {}, now {}", before_.main_pid, now.words());
      evidence.confirmed = action_.effective(before_, now);
      if (evidence.confirmed) evidence.at = context_.clock.now();
    } catch (const Error& error) {
      evidence.observed =
          last_read_.empty() ? error.what() : fmt::format("{}; the last look failed: {}", last_read_, error.what());
    }
  }

  void look_at_port(Evidence& evidence, const Deadline& deadline) const {
    const auto seen = (*port_.*action_.look)(deadline);
    evidence.confirmed = seen.has_value();
    evidence.observed = seen ? seen->words : port_->trouble();
    if (seen) evidence.at = seen->at;
  }

  const Action& action_;
  const Parameters parameters_;
  const Node node_;
  FaultContext context_;
  UnitState before_;
  std::string last_read_;  // of the target's state, in words
  std::unique_ptr<ServicePort> port_;
};

class ServiceSettings final : public FaultSettings {
 public:
  explicit ServiceSettings(const Action& action) : action_(action) {}

  void describe(Fields& f) override {
    describe_unit(f, parameters_.unit);
    if (action_.ends_process)
      f.choice({"signal", "what the main process gets"}, parameters_.signal,
               {"KILL", "TERM", "INT", "QUIT", "HUP", "SEGV", "ABRT"});
    describe_port(f, parameters_.port);
  }

  std::string summary() const override { return action_.summary(parameters_); }

  std::vector<std::pair<std::string, std::string>> parameters() const override {
    std::vector<std::pair<std::string, std::string>> all = {{"unit", parameters_.unit}};
    if (action_.ends_process) all.emplace_back("signal", parameters_.signal);
    if (parameters_.port) all.emplace_back("port", std::to_string(*parameters_.port));
    return all;
  }

  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    return std::make_unique<ServiceFault>(action_, parameters_, node, context);
  }

 private:
  const Action& action_;
  Parameters parameters_;
};

}  // namespace

const FaultAbout kServiceKillAbout = {
    "They end: the kernel sends FIN or RST for the dead process.",
    "The main process (PID and start time) is gone or another; the runner's open connection to the service ends or a new one "
    "is "
    "refused.",
    "The unit is started unless systemd has done so by itself; without the runner by a systemd timer on the node.",
    "systemd on the node."};
const FaultAbout kServiceStopAbout = {"They end, as the service closes them.",
                                      "The unit is inactive and its main process gone; the runner's open connection ends or a "
                                      "new one is refused, and so is one after that.",
                                      "The unit is started; without the runner by a systemd timer on the node.",
                                      "systemd on the node."};
const FaultAbout kServiceFreezeAbout = {
    "They stay open and mute: nothing is answered, nothing is refused, until a timeout of the client's.",
    "The main process is in state T (stopped); its port accepts or stays mute and gives the runner no answer.",
    "All processes of the unit get SIGCONT; without the runner by a systemd timer on the node.", "systemd on the node."};

std::unique_ptr<FaultSettings> service_kill_settings() { return std::make_unique<ServiceSettings>(kKill); }
std::unique_ptr<FaultSettings> service_stop_settings() { return std::make_unique<ServiceSettings>(kStop); }
std::unique_ptr<FaultSettings> service_freeze_settings() { return std::make_unique<ServiceSettings>(kFreeze); }

}  // namespace blackstart
