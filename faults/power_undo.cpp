// The undos of the families `power` and `node`: the node has power and works, has none, or is not suspended any more. None of
// them goes over the node itself.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "base/units.h"
#include "faults/facts.h"
#include "faults/looking.h"
#include "faults/node_fault.h"
#include "faults/node_outside.h"
#include "faults/node_state.h"
#include "faults/power.h"
#include "faults/steady.h"

namespace blackstart {
namespace {

constexpr Duration kPace = 500ms;
constexpr Duration kReadLimit = 8s;
constexpr Duration kAgain = 10s;  // an order that a BMC took and did not carry out is given again
// The very start that the fault was to end may end yet, by an order that is late. The undo begins after the order was given;
// the node counts whole seconds.
constexpr Duration kSteady = 1s, kSteadyUnchanged = kLatestOrder + 2s;
constexpr Duration kHangs = 5s;
// Systemd that still waits for a service then waits for the rest of the cloud: that is the cloud's recovery, not ours.
constexpr Duration kStartPatience = 90s;
constexpr std::int64_t kMostBoot = 3600;  // seconds

const Node& node_of(const UndoRecord& record, FaultContext context) {
  const Node* node = context.cloud.find(record.node);
  if (!node)
    throw Error(ErrorKind::bad_file, undoing(record), fmt::format("the cloud file has no node '{}'", record.node),
                "take the cloud file that the run was made with");
  return *node;
}

// What ran before and does not run now.
std::vector<std::string> missing_services(const UndoRecord& record, const NodeState& now) {
  std::vector<std::string> missing;
  std::istringstream before(fact_or_none(record, "services"));
  for (std::string unit; before >> unit;)
    if (std::find(now.services.begin(), now.services.end(), unit) == now.services.end()) missing.push_back(unit);
  return missing;
}

class PoweringOn {
 public:
  PoweringOn(const UndoRecord& record, FaultContext context, const Deadline& deadline)
      : record_(record),
        context_(context),
        deadline_(deadline),
        node_(node_of(record, context)),
        outside_(context, node_),
        boot_(fact(record, "boot")),
        patience_(fact_or_none(record, "hangs") == "yes" ? kHangs : patience_of(record)) {}

  std::vector<Evidence> run() {
    const auto switch_on = [this] { this->switch_on(); };
    return make_absent(switch_on,
                       {piece(power_channel(node_), node_.name + " has power", [this](Evidence& e) { return has_power(e); }),
                        piece(node_.name, node_.name + " answers over SSH and its systemd has finished starting",
                              [this](Evidence& e) { return works(e); })},
                       context_.clock, deadline_, kPace, kAgain);
  }

 private:
  static Duration patience_of(const UndoRecord& record) {
    const std::int64_t seconds = number_fact(record, "boots-within", 1);
    if (seconds > kMostBoot) bad_fact(record, "boots-within", "is more than an hour");
    return std::chrono::seconds(seconds);
  }

  // At least once even when the power is on: an order that is still on its way is followed by this one.
  void switch_on() {
    if (silent_since_ && power_ == PowerState::on && context_.clock.now() - *silent_since_ >= patience_) {
      silent_since_.reset();
      patience_ = patience_of(record_);  // the next start takes what it takes
      return context_.power.order(node_, PowerOrder::reset, deadline_.sooner(kAgain));
    }
    if (ordered_ && power_ == PowerState::on) return;
    context_.power.order(node_, PowerOrder::on, deadline_.sooner(kAgain));
    ordered_ = true;
  }

  bool has_power(Evidence& evidence) {
    power_.reset();
    power_ = context_.power.state(node_, deadline_.sooner(kAgain));
    evidence.observed = name_of(*power_);
    return power_ == PowerState::on && ordered_;
  }

  bool works(Evidence& evidence) {
    if (power_ != PowerState::on) {
      silent_since_.reset();
      steady_.ends();
      evidence.observed = "not asked: it has no power, or nobody knows";
      return false;
    }
    try {
      return judge(read_node(context_.remote, record_.node, deadline_.sooner(kReadLimit)), evidence);
    } catch (const Error& error) {
      steady_.ends();
      answers_since_.reset();
      if (is_away(error, evidence)) throw;
      return false;
    }
  }

  // A server that answers from outside stands on a machine that runs: our login's trouble (a key, a password, a slow answer) is
  // no reason to reset it.
  bool is_away(const Error& error, Evidence& evidence) {
    std::string words;
    const bool away = outside_.away(words);
    if (!away) silent_since_.reset();
    if (away && !silent_since_) silent_since_ = context_.clock.now();
    evidence.observed = fmt::format("its SSH server {}, but: {}", words, error.what());
    return away;
  }

  bool judge(const NodeState& now, Evidence& evidence) {
    silent_since_.reset();
    if (!answers_since_) answers_since_ = context_.clock.now();
    const bool starting = now.system == "starting" || now.system == "initializing";
    const bool waits_for_others = starting && context_.clock.now() - *answers_since_ >= kStartPatience;
    evidence.observed = now.words() + (waits_for_others ? ", which is up to the rest of the cloud" : "");
    const auto missing = missing_services(record_, now);
    if (!missing.empty()) evidence.observed += fmt::format("; ran before and does not run: {}", fmt::join(missing, ", "));
    if (!now.started() && !waits_for_others) return steady_.ends(), false;
    return steady_.settle(evidence, context_.clock.now(), now.boot == boot_ ? kSteadyUnchanged : kSteady);
  }

  const UndoRecord& record_;
  FaultContext context_;
  const Deadline deadline_;
  const Node& node_;
  NodeOutside outside_;
  const std::string boot_;
  Duration patience_;  // with a node that has power and is silent
  bool ordered_ = false;
  std::optional<PowerState> power_;
  std::optional<Time> silent_since_, answers_since_;
  Steady steady_;
};

// What throws was never tried: a fact that makes no sense.
template <class Work>
std::vector<Evidence> guarded(const std::string& expected, Work work) {
  try {
    return work();
  } catch (const Error& error) {
    return not_tried(expected, error.what());
  }
}

}  // namespace

std::vector<Evidence> power_on_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  return guarded(record.node + " has power and works", [&] { return PoweringOn(record, context, deadline).run(); });
}

std::vector<Evidence> power_off_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  return guarded(record.node + " has no power", [&] {
    const Node& node = node_of(record, context);
    NodeOutside outside(context, node);
    Steady steady;
    const auto off = piece(power_channel(node), node.name + " has no power", [&](Evidence& evidence) {
      const PowerState state = context.power.state(node, deadline);
      evidence.observed = name_of(state);
      if (state != PowerState::off) return steady.ends(), false;
      return steady.settle(evidence, context.clock.now(), kSteady);
    });
    return make_absent([&] { context.power.order(node, PowerOrder::off, deadline.sooner(kAgain)); }, {off, outside.silent()},
                       context.clock, deadline, kPace, kAgain);
  });
}

std::vector<Evidence> node_resumed_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  return guarded(record.node + " is not suspended and answers", [&] {
    const Node node = by_libvirt(node_of(record, context));
    Steady steady;
    const auto running = piece(power_channel(node), node.name + " is not suspended", [&](Evidence& evidence) {
      const PowerState state = context.power.state(node, deadline);
      evidence.observed = name_of(state);
      if (state != PowerState::on) return steady.ends(), false;
      return steady.settle(evidence, context.clock.now(), kSteady);
    });
    const auto answers = piece(node.name, node.name + " answers over SSH", [&](Evidence& evidence) {
      evidence.observed = read_node(context.remote, node.name, deadline.sooner(kReadLimit)).words();
      return true;
    });
    return make_absent([&] { context.power.order(node, PowerOrder::resume, deadline.sooner(kAgain)); }, {running, answers},
                       context.clock, deadline, kPace, kAgain);
  });
}

}  // namespace blackstart
