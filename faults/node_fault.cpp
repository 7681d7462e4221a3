#include "faults/node_fault.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

#include "base/error.h"
#include "base/process.h"
#include "base/units.h"
#include "faults/looking.h"
#include "faults/node_outside.h"
#include "faults/node_state.h"

namespace blackstart {
namespace {

constexpr Duration kReadLimit = 3s;     // for a look that a healthy node answers
constexpr Duration kLookLimit = 8s;     // for one at a node that has just started: an emulated one is slow
constexpr Duration kPowerLimit = 10s;   // for one look at it
constexpr Duration kPace = 500ms;       // a BMC that is asked too often stops answering
constexpr Duration kQuickPace = 100ms;  // a container is away for less than a second
constexpr Duration kOffLimit = 30s;     // for the power to be off after the order
constexpr Duration kOffAlone = 5s;      // of it, in which nothing else is looked at
constexpr Duration kOrderLimit = 15s;   // for a session with a BMC that has to be tried again

class NodeFault final : public TargetFault {
 public:
  NodeFault(const NodeAction& action, NodeParameters parameters, Node node, FaultContext context)
      : action_(action),
        parameters_(std::move(parameters)),
        node_(action.effect == NodeEffect::paused ? by_libvirt(std::move(node)) : std::move(node)),
        context_(context),
        outside_(context, node_) {}

  void preflight(const Deadline& deadline) override {
    require_power(deadline);
    if (action_.effect == NodeEffect::on) return require_silence(deadline);
    before_ = read_node(context_.remote, node_.name, deadline);
    require_started();
    require_other_machine_than_ours(deadline);
    if (action_.takes_how) require_crash();
    outside_.preflight(deadline);
  }

  UndoRecord undo_record() const override {
    UndoRecord record{action_.undo, node_.name, {}};
    if (record.kind != "power.on") return record;
    record.facts["boot"] = before_.boot;
    record.facts["services"] = fmt::format("{}", fmt::join(before_.services, " "));
    record.facts["boots-within"] = std::to_string(parameters_.boots_within / 1s);
    if (hangs()) record.facts["hangs"] = "yes";
    return record;
  }

  void stage(const Deadline& deadline) override {
    if (action_.effect == NodeEffect::on) return;
    const NodeState now = read_node(context_.remote, node_.name, deadline);
    if (now.boot != before_.boot)
      throw Error(ErrorKind::unmet, doing(), "it was started anew since preflight", "somebody else restarts it");
    before_.uptime = now.uptime;
    staged_ = context_.clock.now();
    outside_.hold(deadline);
  }

  void fire(const Deadline& deadline) override {
    fired_ = context_.clock.now();
    if (orders_by_command()) return command(deadline);
    context_.power.order(node_, action_.order, deadline);
    if (action_.takes_off_for) keep_off_then_on(deadline);
  }

  Duration fire_limit() const override {
    return action_.takes_off_for ? kOffLimit + parameters_.off_for + kOrderLimit : kOrderLimit;
  }
  Duration confirm_limit() const override {
    const bool waits_for_node = action_.effect == NodeEffect::on || action_.effect == NodeEffect::restarted || action_.command;
    return waits_for_node && !hangs() ? parameters_.boots_within : kOffLimit;
  }

  std::vector<Evidence> confirm(const Deadline& deadline) override {
    const bool restarts = action_.effect == NodeEffect::restarted && !hangs();
    if (action_.effect == NodeEffect::off) off_ = power_goes_off(deadline.sooner(kOffAlone));
    std::vector<Evidence> evidence = see(pieces(), context_.clock, deadline, restarts ? kQuickPace : kPace);
    if (outside_.witness_lost()) evidence.pop_back();
    if (off_.confirmed) evidence.insert(evidence.begin(), off_);
    return evidence;
  }

 private:
  std::string doing() const { return fmt::format("{} on {}", action_.summary(parameters_), node_.name); }
  bool orders_by_command() const { return action_.command && !(action_.takes_how && parameters_.how == "reset"); }
  bool hangs() const { return action_.takes_how && parameters_.how == "sysrq-c" && before_.hangs_on_panic; }

  void require_power(const Deadline& deadline) {
    const PowerState wanted = action_.effect == NodeEffect::on ? PowerState::off : PowerState::on;
    if (action_.effect == NodeEffect::paused && !node_.libvirt.present())
      throw Error(ErrorKind::unmet, doing(), "only a libvirt domain can be suspended, and the cloud file names none for it",
                  "add 'libvirt' to the node, if it is one");
    const PowerState now = context_.power.state(node_, deadline);
    if (now != wanted)
      throw Error(ErrorKind::unmet, doing(), fmt::format("{} says that it is {}", power_channel(node_), name_of(now)),
                  fmt::format("the fault is for a node that is {}; does the cloud file name the right BMC or domain?",
                              name_of(wanted)));
  }

  // A BMC that says off while its node answers is another node's, or does not tell the truth.
  void require_silence(const Deadline& deadline) {
    const auto seen = see({outside_.silent()}, context_.clock, deadline.sooner(kReadLimit + kReadLimit), kPace);
    if (!all_confirmed(seen))
      throw Error(ErrorKind::unmet, doing(),
                  fmt::format("{} says off, but the SSH server: {}", power_channel(node_), seen[0].observed),
                  "does the cloud file name the right BMC?");
  }

  void require_started() const {
    if (!before_.started())
      throw Error(ErrorKind::unmet, doing(), before_.words(), "wait until it has finished: systemctl list-jobs");
  }

  void require_other_machine_than_ours(const Deadline& deadline) {
    const CommandResult ours = context_.local.run("the runner", "cat /etc/machine-id", deadline);
    if (ours.ok() && !before_.machine.empty() && ours.out == before_.machine + "\n")
      throw Error(ErrorKind::unmet, doing(), "it is the machine that the runner runs on", "run the rehearsal from elsewhere");
  }

  // The kernel's key would hit the host of a container, with all other containers on it.
  void require_crash() const {
    if (before_.container && parameters_.how != "reset")
      throw Error(ErrorKind::unmet, doing(), "it is a container: its host's kernel would crash", "say 'how: reset'");
  }

  void command(const Deadline& deadline) {
    const std::int64_t latest = before_.uptime + (context_.clock.now() - staged_) / 1s + kLatestOrder / 1s;
    const std::string order =
        fmt::format("read up rest </proc/uptime && [ \"${{up%.*}}\" -le {} ] || {{ echo 'it came too late' >&2; exit 1; }}; {}",
                    latest, action_.command(parameters_));
    try {
      context_.remote.check(doing(), node_.name, order, deadline);
    } catch (const Error& error) {
      // A node that crashes does not say goodbye; whether it did is seen by confirm().
      if (!action_.takes_how || error.kind() != ErrorKind::unreachable) throw;
    }
  }

  // Power comes back whatever happens here.
  void keep_off_then_on(const Deadline& deadline) {
    const auto seen =
        see({power_piece(PowerState::off), outside_.interrupted()}, context_.clock, deadline.sooner(kOffLimit), kPace);
    off_ = seen[0];
    const Deadline off_for(context_.clock, parameters_.off_for);
    wait_until([&] { return off_for.passed() || deadline.passed(); }, off_for, kQuickPace);
    context_.power.order(node_, PowerOrder::on, Deadline(context_.clock, kOrderLimit));
    if (!off_.confirmed)
      throw Error(ErrorKind::unmet, doing(), fmt::format("it was not seen to be off: {}", off_.observed),
                  "does the BMC carry out what it accepts?");
  }

  // Alone first: the other looks take seconds, in which it would go off unseen, and the moment of the effect be known as badly.
  Evidence power_goes_off(const Deadline& deadline) {
    return see({power_piece(PowerState::off)}, context_.clock, deadline, kPace).front();
  }

  Piece power_piece(PowerState wanted) {
    return piece(power_channel(node_), fmt::format("{} is {}", node_.name, name_of(wanted)),
                 [this, wanted](Evidence& evidence) {
                   const PowerState now = context_.power.state(node_, Deadline(context_.clock, kPowerLimit));
                   evidence.observed = name_of(now);
                   return now == wanted;
                 });
  }

  // While the node is away a look at it takes its time, in which it could come back unseen: that it was away comes first.
  Piece boot_piece() {
    return piece(node_.name, fmt::format("{} has started anew", node_.name), [this](Evidence& evidence) {
      if (!outside_.was_interrupted() && context_.clock.now() - fired_ < kReadLimit) {
        evidence.observed = "it was not away yet";
        return false;
      }
      const NodeState now = read_node(context_.remote, node_.name, Deadline(context_.clock, kLookLimit));
      evidence.observed = now.boot == before_.boot ? "still the same start; " + now.words() : "another start; " + now.words();
      return now.boot != before_.boot;
    });
  }

  std::vector<Piece> pieces() {
    switch (action_.effect) {
      case NodeEffect::on: return {power_piece(PowerState::on), outside_.speaks()};
      case NodeEffect::paused: return {power_piece(PowerState::paused), outside_.mute()};
      case NodeEffect::off: return gone(PowerState::off);
      case NodeEffect::restarted: break;
    }
    if (hangs()) return gone(PowerState::on);
    return {outside_.interrupted(), boot_piece()};
  }

  // The witness is the last.
  std::vector<Piece> gone(PowerState state) {
    std::vector<Piece> pieces;
    if (!off_.confirmed) pieces.push_back(power_piece(state));
    pieces.push_back(outside_.silent());
    if (auto pings = outside_.unanswered_pings()) pieces.push_back(std::move(*pings));
    return pieces;
  }

  const NodeAction& action_;
  const NodeParameters parameters_;
  const Node node_;
  FaultContext context_;
  NodeState before_;
  NodeOutside outside_;
  Time staged_{0}, fired_{0};
  Evidence off_;  // power.cycle: seen between its two orders; power.off and node.shutdown: seen first
};

}  // namespace

std::unique_ptr<TargetFault> make_node_fault(const NodeAction& action, const NodeParameters& parameters, const Node& node,
                                             FaultContext context) {
  return std::make_unique<NodeFault>(action, parameters, node, context);
}

Node by_libvirt(Node node) {
  node.bmc = {};
  return node;
}

}  // namespace blackstart
