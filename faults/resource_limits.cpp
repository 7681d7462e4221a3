// resource.descriptors and resource.processes: one service gets no new file descriptor, or no new process or thread.
#include <fmt/format.h>

#include <optional>

#include "base/error.h"
#include "base/process.h"
#include "faults/answer.h"
#include "faults/facts.h"
#include "faults/load_unit.h"
#include "faults/process_limit.h"
#include "faults/resource.h"
#include "faults/script.h"
#include "faults/service_target.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 100ms;
constexpr Duration kReadLimit = 3s;
constexpr Duration kOrderLimit = 10s;

struct Parameters {
  std::string unit;
  std::optional<int> port;
};

// In what the two faults differ.
struct Action {
  const LimitName& name;
  const char* what;  // "file descriptor"
  // The order on the node.
  std::string (*order)(const std::string& id, const LimitedProcess& process);
  bool port_falls_silent;
};

// The limit is the lowest free descriptor: all below are in use. It follows when one below it is closed, so that none can be
// had again; it never goes up.
std::string descriptors_order(const std::string& id, const LimitedProcess& process) {
  return load_order(id, limit_functions(process, kDescriptors) +
                            fmt::format("last=\n"
                                        "while alive; do\n"
                                        "  n=0; while [ -h /proc/{0}/fd/$n ]; do n=$((n + 1)); done\n"
                                        "  if [ -z \"$last\" ] || [ $n -lt $last ]; then limit $n && last=$n; fi\n"
                                        "  sleep 0.2\n"
                                        "done",
                                        process.pid));
}

// The kernel compares with all processes and threads of the user: one is always there.
std::string processes_order(const std::string&, const LimitedProcess& process) {
  return plain_command(limit_functions(process, kProcesses) + "alive && limit 1");
}

const Action kNoDescriptors{kDescriptors, "file descriptor", descriptors_order, true};
const Action kNoProcesses{kProcesses, "process or thread", processes_order, false};

class LimitFault final : public TargetFault {
 public:
  LimitFault(const Action& action, Parameters parameters, Node node, FaultContext context)
      : action_(action), p_(std::move(parameters)), node_(std::move(node)), context_(context) {}

  void preflight(const Deadline& deadline) override {
    const UnitState state = read_running_unit(context_, node_.name, p_.unit, deadline);
    require_other_than_our_way_in(context_, p_.unit, node_.name, deadline);
    process_ = require_limitable(context_, node_.name, state.main_pid, state.process->start_ticks, action_.name, deadline);
    before_ = require_limit(deadline);
    if (action_.port_falls_silent) port_ = ServicePort::find(context_, node_, process_.pid, p_.port, deadline);
  }

  UndoRecord undo_record() const override {
    UndoRecord record{"limits.before", node_.name, {}};
    record.facts = {{"id", context_.id},
                    {"unit", p_.unit},
                    {"limit", action_.name.option},
                    {"soft", before_.soft},
                    {"hard", before_.hard},
                    {"pid", std::to_string(process_.pid)},
                    {"start-ticks", std::to_string(process_.start_ticks)},
                    {"uid", std::to_string(process_.uid)},
                    {"gid", std::to_string(process_.gid)}};
    if (port_) {
      record.facts["host"] = port_->where().host;
      record.facts["port"] = std::to_string(port_->where().port);
    }
    return record;
  }

  void stage(const Deadline& deadline) override {
    if (require_limit(deadline).soft != before_.soft)
      throw Error(ErrorKind::unmet, fmt::format("staging {} on {}", words(), node_.name),
                  "somebody changed the limit since preflight");
  }

  void fire(const Deadline& deadline) override {
    context_.remote.check(fmt::format("{} on {}", words(), node_.name), node_.name,
                          guarded_order(context_.id, action_.order(context_.id, process_)), deadline.sooner(kOrderLimit));
  }

  std::vector<Evidence> confirm(const Deadline& deadline) override {
    std::vector<Piece> pieces = {
        piece(node_.name,
              fmt::format("process {} of {} on {} can get no new {}{}", process_.pid, p_.unit, node_.name, action_.what,
                          port_                       ? ""
                          : action_.port_falls_silent ? kNoSecondWitness
                                                      : " (nobody else can see that: no second witness)"),
              [&](Evidence& evidence) { return look(evidence, deadline.sooner(kReadLimit)); })};
    if (port_)
      pieces.push_back(port_piece(*port_, port_->where().text() + " does not answer new connections any more",
                                  &ServicePort::silent, deadline));
    return see(std::move(pieces), context_.clock, deadline, kPoll);
  }

 private:
  std::string words() const { return fmt::format("no new {} for {}", action_.what, p_.unit); }

  Limit require_limit(const Deadline& deadline) const {
    const auto limit = read_limit(context_, node_.name, process_, action_.name, deadline);
    if (!limit)
      throw Error(ErrorKind::unmet, fmt::format("looking at process {} on {}", process_.pid, node_.name), "it is gone",
                  "somebody else restarts it: systemctl status " + p_.unit);
    return *limit;
  }

  // Lower than it was, and by then nothing below it is free.
  bool look(Evidence& evidence, const Deadline& deadline) const {
    const auto now = read_limit(context_, node_.name, process_, action_.name, deadline);
    evidence.observed = now ? fmt::format("its limit was {}, now {}", before_.soft, now->soft) : "the process is gone";
    if (!now || now->soft == before_.soft) return false;
    if (!action_.port_falls_silent) return now->soft == "1";
    const std::string free =
        Answer(context_.remote, "counting the descriptors of process " + std::to_string(process_.pid), node_.name,
               fmt::format("n=0; while [ -h /proc/{}/fd/$n ]; do n=$((n + 1)); done; printf 'Free=%s\\nEnd=1\\n' $n",
                           process_.pid),
               deadline)
            .text("Free");
    evidence.observed += fmt::format(", its lowest free descriptor is {}", free);
    return std::stoll(free) >= std::stoll(now->soft);
  }

  const Action& action_;
  const Parameters p_;
  const Node node_;
  FaultContext context_;
  LimitedProcess process_;
  Limit before_;
  std::unique_ptr<ServicePort> port_;
};

class LimitSettings final : public FaultSettings {
 public:
  explicit LimitSettings(const Action& action) : action_(action) {}

  void describe(Fields& f) override {
    describe_unit(f, p_.unit);
    if (action_.port_falls_silent) describe_port(f, p_.port);
  }
  std::string summary() const override { return fmt::format("no new {} for the main process of {}", action_.what, p_.unit); }
  std::vector<std::pair<std::string, std::string>> parameters() const override {
    std::vector<std::pair<std::string, std::string>> all = {{"unit", p_.unit}};
    if (p_.port) all.emplace_back("port", std::to_string(*p_.port));
    return all;
  }
  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    return std::make_unique<LimitFault>(action_, p_, node, context);
  }

 private:
  const Action& action_;
  Parameters p_;
};

constexpr const char* kUndo =
    "The main process gets its soft limit back, if it is still the same; a service that could not bear it is started, one that "
    "no longer accepts what waits at its port is started anew. Without the runner by a systemd timer on the node.";

}  // namespace

const FaultAbout kResourceDescriptorsAbout = {
    "They go on, those that are there keep their descriptors; new connections are accepted by the kernel and not answered.",
    "The main process's limit in /proc is no higher than its lowest free descriptor; its port gives the runner no answer.",
    kUndo,
    "systemd and util-linux (prlimit, setpriv) on the node. Only the main process is limited: for a service whose work is done "
    "by "
    "other processes it changes little."};
const FaultAbout kResourceProcessesAbout = {
    "They go on where no new thread or process is needed for them; what needs one fails.",
    "The main process's limit in /proc is 1; nobody else can see it.", kUndo,
    "systemd and util-linux (prlimit, setpriv) on the node, and a service that does not run as root: the kernel does not count "
    "root's processes."};

std::unique_ptr<FaultSettings> resource_descriptors_settings() { return std::make_unique<LimitSettings>(kNoDescriptors); }
std::unique_ptr<FaultSettings> resource_processes_settings() { return std::make_unique<LimitSettings>(kNoProcesses); }

}  // namespace blackstart
