#include "faults/container.h"

#include <fmt/format.h>

#include <optional>

#include "base/error.h"
#include "base/units.h"
#include "faults/container_state.h"
#include "faults/service_target.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 50ms;  // an inspect takes about as long
constexpr Duration kReadLimit = 5s;
constexpr Duration kOrderLimit = 13s;

struct Parameters {
  std::string container;
  std::string engine;  // empty: whichever has it
  std::string signal = "KILL";
  Duration grace = 5s;
  std::optional<int> port;
};

// Such a process may take its time: it may end after the undo has looked at it.
bool asks_to_end(const std::string& signal) { return signal == "TERM" || signal == "INT" || signal == "QUIT"; }

// In what the three faults differ.
struct Action {
  std::string (*summary)(const Parameters&);
  std::string (*order)(const Parameters&, const std::string& engine, const ContainerState& before);
  const char* target_effect;  // {0}: main process before, {1}: container, {2}: node
  bool (*effective)(const ContainerState& before, const ContainerState& now);
  const char* port_effect;  // {0}: endpoint
  std::optional<ServicePort::Seen> (ServicePort::*look)(const Deadline&);
  bool has_signal, has_grace;
};

// By the kernel and not by `ENGINE kill`: that would count as a stop by the operator, after which no restart policy acts.
const Action kKill = {
    [](const Parameters& p) { return fmt::format("SIG{} to the main process of container {}", p.signal, p.container); },
    [](const Parameters& p, const std::string& engine, const ContainerState& before) {
      return fmt::format(
          "[ \"$({0} inspect --type container --format '{{{{.Id}}}} {{{{.State.Pid}}}}' {1})\" = '{2} {3}' ] || "
          "{{ echo 'its main process is another by now' >&2; exit 1; }}; kill -s {4} {3}",
          engine, p.container, before.id, before.pid, p.signal);
    },
    "main process {0} of container {1} on {2} ends",
    [](const ContainerState& before, const ContainerState& now) { return !now.same_process(before); },
    "{0} ends its open connection or refuses a new one",
    &ServicePort::ended,
    true,
    false};

const Action kStop = {[](const Parameters& p) { return "stop of container " + p.container; },
                      [](const Parameters& p, const std::string& engine, const ContainerState&) {
                        return fmt::format("{} stop --time {} {} >/dev/null", engine,
                                           std::chrono::ceil<std::chrono::seconds>(p.grace).count(), p.container);
                      },
                      "container {1} on {2} is stopped, main process {0} has ended",
                      [](const ContainerState&, const ContainerState& now) {
                        return (now.status == "exited" || now.status == "stopped") && now.pid == 0;
                      },
                      "{0} ends its open connection and refuses new ones",
                      &ServicePort::ended_and_refused,
                      false,
                      true};

const Action kPause = {
    [](const Parameters& p) { return "pause of container " + p.container; },
    [](const Parameters& p, const std::string& engine, const ContainerState&) {
      return fmt::format("{} pause {} >/dev/null", engine, p.container);
    },
    "container {1} on {2} is paused with main process {0}",
    [](const ContainerState& before, const ContainerState& now) { return now.paused && now.same_process(before); },
    "{0} does not answer any more",
    &ServicePort::silent,
    false,
    false};

class ContainerFault final : public TargetFault {
 public:
  ContainerFault(const Action& action, Parameters parameters, Node node, FaultContext context)
      : action_(action), p_(std::move(parameters)), node_(std::move(node)), context_(context) {}

  void preflight(const Deadline& deadline) override {
    engine_ = find_engine(context_.remote, node_.name, p_.engine, p_.container, deadline);
    read_before(deadline);
    port_ = ServicePort::find(context_, node_, before_.pid, p_.port, deadline);
  }

  UndoRecord undo_record() const override {
    UndoRecord record{"container.running", node_.name, {{"engine", engine_}, {"name", p_.container}}};
    if (port_) {
      record.facts["host"] = port_->where().host;
      record.facts["port"] = std::to_string(port_->where().port);
    }
    if (action_.has_signal) {
      record.facts["pid"] = std::to_string(before_.pid);
      record.facts["started"] = before_.started;
    }
    if (action_.has_signal && asks_to_end(p_.signal)) {
      record.facts["id"] = context_.id;
      record.facts["container"] = before_.id;
    }
    return record;
  }

  void stage(const Deadline& deadline) override {
    const ContainerState at_preflight = before_;
    read_before(deadline);
    if (!before_.same_process(at_preflight))
      throw Error(ErrorKind::unmet, fmt::format("staging {} on {}", action_.summary(p_), node_.name),
                  fmt::format("main process {} gave way to {} since preflight", at_preflight.pid, before_.pid),
                  "somebody else restarts it, or it does not run steadily: " + engine_ + " logs " + p_.container);
    if (port_) port_->hold(deadline);
  }

  void fire(const Deadline& deadline) override {
    if (port_) port_->hold(deadline);
    context_.remote.check(fmt::format("{} on {}", action_.summary(p_), node_.name), node_.name,
                          guarded_order(context_.id, action_.order(p_, engine_, before_)), deadline.sooner(kOrderLimit));
  }

  std::vector<Evidence> confirm(const Deadline& deadline) override {
    std::vector<Piece> pieces = {piece(node_.name,
                                       fmt::format(fmt::runtime(action_.target_effect), before_.pid, p_.container, node_.name) +
                                           (port_ ? "" : kNoSecondWitness),
                                       [&](Evidence& evidence) {
                                         const ContainerState now = read(deadline.sooner(kReadLimit));
                                         evidence.observed = fmt::format("was {}, now {}", before_.words(), now.words());
                                         return action_.effective(before_, now);
                                       })};
    if (port_)
      pieces.push_back(
          port_piece(*port_, fmt::format(fmt::runtime(action_.port_effect), port_->where().text()), action_.look, deadline));
    return see(std::move(pieces), context_.clock, deadline, kPoll);
  }

 private:
  ContainerState read(const Deadline& deadline) const {
    return read_container(context_.remote, node_.name, engine_, p_.container, deadline);
  }

  // Running and not paused: anything else is a state of somebody else's making.
  void read_before(const Deadline& deadline) {
    before_ = read(deadline);
    if (before_.runs()) return;
    throw Error(ErrorKind::unmet, fmt::format("looking at container {} on {}", p_.container, node_.name),
                "it does not run: " + before_.words(),
                before_.paused ? fmt::format("somebody paused it before us: {} unpause {}", engine_, p_.container)
                               : fmt::format("start it first: {} start {}", engine_, p_.container));
  }

  const Action& action_;
  const Parameters p_;
  const Node node_;
  FaultContext context_;
  std::string engine_;
  ContainerState before_;
  std::unique_ptr<ServicePort> port_;
};

class ContainerSettings final : public FaultSettings {
 public:
  explicit ContainerSettings(const Action& action) : action_(action) {}

  void describe(Fields& f) override {
    f.text({"container", "the container's exact name: mariadb", Field::required}, p_.container);
    if (!p_.container.empty() && !is_container_name(p_.container))
      f.problem("container", fmt::format("'{}' does not name one container", p_.container), "its whole name; no pattern");
    f.choice({"engine", "who runs it; without it whichever of the two has it"}, p_.engine, {"docker", "podman"});
    if (action_.has_signal)
      f.choice({"signal", "what the main process gets, from outside of the container"}, p_.signal,
               {"KILL", "TERM", "INT", "QUIT", "HUP", "SEGV", "ABRT"});
    if (action_.has_grace)
      f.duration({"grace", "how long it may take to end before the engine kills it, in whole seconds"}, p_.grace, {0s, 10s});
    describe_port(f, p_.port);
  }

  std::string summary() const override { return action_.summary(p_); }

  std::vector<std::pair<std::string, std::string>> parameters() const override {
    std::vector<std::pair<std::string, std::string>> all = {{"container", p_.container}};
    if (!p_.engine.empty()) all.emplace_back("engine", p_.engine);
    if (action_.has_signal) all.emplace_back("signal", p_.signal);
    if (action_.has_grace) all.emplace_back("grace", format_duration(p_.grace));
    if (p_.port) all.emplace_back("port", std::to_string(*p_.port));
    return all;
  }

  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    return std::make_unique<ContainerFault>(action_, p_, node, context);
  }

 private:
  const Action& action_;
  Parameters p_;
};

constexpr const char* kNeeds = "Docker or Podman on the node, and exactly one container of that name.";
constexpr const char* kUndo =
    "The container is unpaused and started, and must run and answer for a second; without the runner by a systemd timer on the "
    "node.";

}  // namespace

const FaultAbout kContainerKillAbout = {
    "They end: the kernel sends FIN or RST for the dead process.",
    "The engine's inspect shows no or another main process (PID, start); the runner's open connection ends or a new one is "
    "refused.",
    "The container is unpaused and started, and must run and answer for a second; one that was told to end (TERM, INT, QUIT), "
    "is still there and doesn't listen at its port is restarted; without the runner by a systemd timer on the node.",
    kNeeds};
const FaultAbout kContainerStopAbout = {"They end, as the service in the container closes them or the engine kills it.",
                                        "The engine's inspect shows it exited and without a process; the runner's open "
                                        "connection ends or a new one is refused, and so is one after that.",
                                        kUndo, kNeeds};
const FaultAbout kContainerPauseAbout = {
    "They stay open and mute: nothing is answered, nothing is refused, until a timeout of the client's.",
    "The engine's inspect shows it paused with the same main process; its port gives the runner no answer.", kUndo, kNeeds};

std::unique_ptr<FaultSettings> container_kill_settings() { return std::make_unique<ContainerSettings>(kKill); }
std::unique_ptr<FaultSettings> container_stop_settings() { return std::make_unique<ContainerSettings>(kStop); }
std::unique_ptr<FaultSettings> container_pause_settings() { return std::make_unique<ContainerSettings>(kPause); }

}  // namespace blackstart
