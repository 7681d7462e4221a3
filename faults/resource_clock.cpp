// resource.clock: a node's wall clock goes ahead or behind.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>

#include "base/error.h"
#include "base/units.h"
#include "faults/facts.h"
#include "faults/looking.h"
#include "faults/node_clock.h"
#include "faults/resource.h"
#include "faults/script.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 200ms;
constexpr Duration kReadLimit = 3s, kOrderLimit = 10s;
constexpr std::int64_t kSeenWithinMs = 1000;  // of at least 2 s

struct Parameters {
  Duration by{0};
  std::string direction = "ahead";
  bool stop_time_service = false;
  std::int64_t by_ms() const {
    const auto length = std::chrono::duration_cast<std::chrono::milliseconds>(by).count();
    return direction == "ahead" ? length : -length;
  }
};

// In a container the clock is its host's, and of all its neighbours.
void require_own_clock(FaultContext context, const std::string& node, const Deadline& deadline) {
  const std::string doing = "looking at the clock of " + node;
  const CommandResult kind = context.remote.run(node, "systemd-detect-virt --container", deadline);
  if (kind.ok())
    throw Error(ErrorKind::unmet, doing,
                "it is a container (" + kind.out.substr(0, kind.out.find('\n')) + "): its clock is its host's",
                "clocks can be moved on virtual machines and on real ones");
  if (kind.out != "none\n")
    throw Error(ErrorKind::unmet, doing, "systemd-detect-virt does not say what it is: " + kind.trouble());
}

class ClockFault final : public TargetFault {
 public:
  ClockFault(Parameters parameters, Node node, FaultContext context)
      : p_(std::move(parameters)), node_(std::move(node)), context_(context) {}

  void preflight(const Deadline& deadline) override {
    require_own_clock(context_, node_.name, deadline);
    services_ = active_time_services(context_, node_.name, deadline);
    if (!services_.empty() && !p_.stop_time_service)
      throw Error(ErrorKind::unmet, "looking at the clock of " + node_.name,
                  fmt::format("{} keeps it right", fmt::join(services_, " and ")),
                  "say stop-time-service: true to have it stopped meanwhile");
    before_ = read_node_clock(context_, node_.name, deadline);
  }

  UndoRecord undo_record() const override {
    UndoRecord record{"clock.right", node_.name, {}};
    record.facts = {{"boot", before_.boot},
                    {"since-boot-ms", std::to_string(before_.since_boot_ms)},
                    {"to-runner-ms", std::to_string(before_.to_runner_ms)}};
    if (!services_.empty()) record.facts["time-services"] = fmt::format("{}", fmt::join(services_, " "));
    return record;
  }

  void stage(const Deadline& deadline) override {
    const NodeClock now = read_node_clock(context_, node_.name, deadline);
    if (now.boot != before_.boot || std::abs(now.since_boot_ms - before_.since_boot_ms) > kClockToleranceMs)
      throw Error(ErrorKind::unmet, "staging the clock of " + node_.name,
                  "somebody set it, or the node restarted, since preflight");
  }

  void fire(const Deadline& deadline) override {
    const std::string stop = services_.empty() ? "" : fmt::format("systemctl stop {} && ", fmt::join(services_, " "));
    context_.remote.check("moving the clock of " + node_.name, node_.name,
                          guarded_order(context_.id, plain_command(stop + move_clock_script(p_.by_ms()))),
                          deadline.sooner(kOrderLimit));
  }

  std::vector<Evidence> confirm(const Deadline& deadline) override {
    return see({since_boot_piece(deadline),
                clock_piece("runner", fmt::format("the wall clock of {} is {} of the runner's", node_.name, way()),
                            &NodeClock::to_runner_ms, deadline)},
               context_.clock, deadline, kPoll);
  }

  // A hypervisor's agent may set it right, too. The runner's clock is left out: over a long hold two clocks drift apart.
  bool looks_again() const override { return true; }
  std::vector<Evidence> look_again(const Deadline& deadline) override {
    Piece own = since_boot_piece(deadline);
    own.look = [this, deadline, look = std::move(own.look)](Evidence& evidence) {
      return look(evidence) || restarted(evidence.observed, deadline);
    };
    return see({std::move(own)}, context_.clock, deadline, kPoll);
  }

 private:
  std::string way() const { return fmt::format("{} {}", format_duration(p_.by), p_.direction); }

  Piece since_boot_piece(const Deadline& deadline) const {
    return clock_piece(node_.name, fmt::format("the wall clock of {} is {} of its time since boot", node_.name, way()),
                       &NodeClock::since_boot_ms, deadline);
  }

  // A node that the cloud fences meanwhile starts with its hardware's clock.
  bool restarted(std::string& observed, const Deadline& deadline) const {
    if (read_node_clock(context_, node_.name, deadline.sooner(kReadLimit)).boot == before_.boot) return false;
    observed += "; the node was restarted since, and it went with that";
    return true;
  }

  Piece clock_piece(const std::string& observer, const std::string& expected, std::int64_t NodeClock::*against,
                    const Deadline& deadline) const {
    return piece(observer, expected, [=, this](Evidence& evidence) {
      const NodeClock now = read_node_clock(context_, node_.name, deadline.sooner(kReadLimit));
      const std::int64_t moved = now.*against - before_.*against;
      evidence.observed = fmt::format("it moved by {:+} ms", moved);
      return std::abs(moved - p_.by_ms()) <= kSeenWithinMs;
    });
  }

  const Parameters p_;
  const Node node_;
  FaultContext context_;
  std::vector<std::string> services_;
  NodeClock before_;
};

class ClockSettings final : public FaultSettings {
 public:
  void describe(Fields& f) override {
    f.duration({"by", "how far the wall clock is moved, in whole milliseconds", Field::required}, p_.by, {2s, 8760h});
    f.choice({"direction", "which way"}, p_.direction, {"ahead", "behind"});
    f.flag({"stop-time-service", "stop chrony, ntpd, timesyncd and the like meanwhile; without it their presence is refused"},
           p_.stop_time_service);
  }
  std::string summary() const override { return fmt::format("wall clock {} {}", format_duration(p_.by), p_.direction); }
  std::vector<std::pair<std::string, std::string>> parameters() const override {
    return {{"by", format_duration(p_.by)},
            {"direction", p_.direction},
            {"stop-time-service", p_.stop_time_service ? "true" : "false"}};
  }
  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    return std::make_unique<ClockFault>(p_, node, context);
  }

 private:
  Parameters p_;
};

}  // namespace

const FaultAbout kResourceClockAbout = {
    "They stay open: timeouts of the kernel do not count by the wall clock. Tokens, certificates and leases may expire at "
    "once.",
    "The node's wall clock against its time since boot, and against the runner's wall clock.",
    "The clock is set to the time since boot plus what lay between them before (after a restart of the node, by the runner's "
    "clock), and the time services that were stopped are started; without the runner by a systemd timer on the node, which "
    "does "
    "not go by the wall clock.",
    "A virtual or real machine: a container's clock is its host's. No active time service, or leave to stop it."};

std::unique_ptr<FaultSettings> resource_clock_settings() { return std::make_unique<ClockSettings>(); }

}  // namespace blackstart
