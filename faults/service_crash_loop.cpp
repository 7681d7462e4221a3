// service.crash-loop: a unit of ours on the node kills the service's main process again on each restart, for a time.
#include <fmt/format.h>

#include <set>

#include "base/error.h"
#include "base/process.h"
#include "base/units.h"
#include "faults/answer.h"
#include "faults/facts.h"
#include "faults/load_unit.h"
#include "faults/service.h"
#include "faults/service_target.h"

namespace blackstart {
namespace {

constexpr Duration kPoll = 50ms;
constexpr Duration kReadLimit = 3s;
constexpr Duration kOrderLimit = 10s;
constexpr std::int64_t kLeastEnds = 2;  // one end is a kill, the second makes it a loop

struct Parameters {
  std::string unit;
  std::string signal = "KILL";
  Duration length{0};
  std::optional<int> port;
};

// systemd.service(5), table "Exit causes": these end a service cleanly, the others do not.
bool is_clean(const std::string& signal) { return signal == "TERM" || signal == "INT" || signal == "HUP"; }

// Would systemd start it again? Otherwise the loop would be a single kill.
void require_restart(FaultContext context, const Node& node, const Parameters& p, const Deadline& deadline) {
  const std::string doing = fmt::format("looking at {} on {}", p.unit, node.name);
  const std::string ask = fmt::format("systemctl show {} -p Restart && echo End=1", shell_quote(p.unit));
  const std::string restart = Answer(context.remote, doing, node.name, ask, deadline).text("Restart");
  const bool restarts = restart == "always" ||
                        (is_clean(p.signal) ? restart == "on-success" : restart.starts_with("on-") && restart != "on-success");
  if (!restarts)
    throw Error(ErrorKind::unmet, doing,
                fmt::format("systemd does not start it again after SIG{} (Restart={})", p.signal, restart),
                "use service.kill, or another signal");
}

// Each process gets the signal once: one that takes its time to end is waited for.
std::string loop_script(const Parameters& p) {
  return fmt::format(
      "now() {{ cut -d. -f1 /proc/uptime; }}\n"
      "end=$(($(now) + {0})); last=\n"
      "while [ $(now) -lt $end ]; do\n"
      "  main=$(systemctl show {1} -p MainPID -p ExecMainStartTimestampMonotonic)\n"
      "  case $main in *MainPID=0*|'') ;; \"$last\") ;; *) systemctl kill --kill-who=main -s {2} {1} && last=$main ;; esac\n"
      "  sleep 0.1\n"
      "done\n",
      std::chrono::ceil<std::chrono::seconds>(p.length).count(), shell_quote(p.unit), p.signal);
}

class CrashLoop final : public TargetFault {
 public:
  CrashLoop(Parameters parameters, Node node, FaultContext context)
      : p_(std::move(parameters)), node_(std::move(node)), context_(context) {}

  void preflight(const Deadline& deadline) override {
    before_ = read_running_unit(context_, node_.name, p_.unit, deadline);
    require_other_than_our_way_in(context_, p_.unit, node_.name, deadline);
    require_restart(context_, node_, p_, deadline);
    port_ = ServicePort::find(context_, node_, before_.main_pid, p_.port, deadline);
  }

  UndoRecord undo_record() const override {
    UndoRecord record{"service.loop-ended", node_.name, {{"id", context_.id}, {"unit", p_.unit}}};
    if (p_.signal != "KILL") record.facts["may-end"] = "yes";
    if (port_) {
      record.facts["host"] = port_->where().host;
      record.facts["port"] = std::to_string(port_->where().port);
    }
    return record;
  }

  void stage(const Deadline& deadline) override {
    before_ = read_running_unit(context_, node_.name, p_.unit, deadline);
    seen_ = {{before_.main_pid, before_.process->start_ticks}};
    if (port_) port_->hold(deadline);
  }

  void fire(const Deadline& deadline) override {
    if (port_) port_->hold(deadline);
    context_.remote.check(fmt::format("starting the crash loop of {} on {}", p_.unit, node_.name), node_.name,
                          guarded_order(context_.id, load_order(context_.id, loop_script(p_))), deadline.sooner(kOrderLimit));
  }

  std::vector<Evidence> confirm(const Deadline& deadline) override {
    std::vector<Piece> pieces = {piece(node_.name,
                                       fmt::format("main process {} of {} on {} ends, and so does the one that follows{}",
                                                   before_.main_pid, p_.unit, node_.name, port_ ? "" : kNoSecondWitness),
                                       [&](Evidence& evidence) { return look(evidence, deadline); })};
    if (port_)
      pieces.push_back(port_piece(*port_, port_->where().text() + " ends its open connection or refuses a new one",
                                  &ServicePort::ended, deadline));
    return see(std::move(pieces), context_.clock, deadline, kPoll);
  }

 private:
  // Each restart is the end of one process; those seen between two restarts (or after the last that systemd allows) count too.
  bool look(Evidence& evidence, const Deadline& deadline) {
    const UnitState now = read_unit(context_.remote, node_.name, p_.unit, deadline.sooner(kReadLimit));
    if (now.runs()) seen_.insert({now.main_pid, now.process->start_ticks});
    const auto seen = static_cast<std::int64_t>(seen_.size()) - (now.runs() ? 1 : 0);
    const std::int64_t ended = std::max(seen, now.restarts - before_.restarts);
    evidence.observed =
        fmt::format("{} ended, {} restarts by systemd, now {}", ended, now.restarts - before_.restarts, now.words());
    return ended >= kLeastEnds;
  }

  const Parameters p_;
  const Node node_;
  FaultContext context_;
  UnitState before_;
  std::set<std::pair<std::int64_t, std::int64_t>> seen_;  // main processes: PID and start
  std::unique_ptr<ServicePort> port_;
};

class CrashLoopSettings final : public FaultSettings {
 public:
  void describe(Fields& f) override {
    describe_unit(f, p_.unit);
    f.choice({"signal", "what each main process gets"}, p_.signal, {"KILL", "TERM", "INT", "QUIT", "HUP", "SEGV", "ABRT"});
    f.duration({"for", "how long it is killed again and again, in whole seconds", Field::required}, p_.length, {1s, 24h});
    describe_port(f, p_.port);
  }
  std::string summary() const override {
    return fmt::format("SIG{} to each main process of {} for {}", p_.signal, p_.unit, format_duration(p_.length));
  }
  std::vector<std::pair<std::string, std::string>> parameters() const override {
    std::vector<std::pair<std::string, std::string>> all = {
        {"unit", p_.unit}, {"signal", p_.signal}, {"for", format_duration(p_.length)}};
    if (p_.port) all.emplace_back("port", std::to_string(*p_.port));
    return all;
  }
  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    return std::make_unique<CrashLoop>(p_, node, context);
  }

 private:
  Parameters p_;
};

UndoRecord loop_part(const UndoRecord& record) { return load_absent_record(id_fact(record), record.node); }

}  // namespace

const FaultAbout kServiceCrashLoopAbout = {
    "They end each time: the kernel sends FIN or RST for the dead process; between two kills new ones may succeed for a "
    "moment.",
    "At least two main processes have ended one after the other (PIDs, and systemd's count of restarts); the runner's open "
    "connection ends or a new one is refused.",
    "The unit of ours that kills is stopped, then the service is started, also when it ran into its start limit; without the "
    "runner by a systemd timer on the node.",
    "systemd on the node, and a unit that systemd starts again after that signal (Restart=)."};

std::unique_ptr<FaultSettings> service_crash_loop_settings() { return std::make_unique<CrashLoopSettings>(); }

std::string service_loop_ended_command(const UndoRecord& record) {
  return load_absent_command(loop_part(record)) + "; " + service_running_command(running_record(record));
}

std::vector<Evidence> service_loop_ended_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  try {
    std::vector<Evidence> evidence = load_absent_undo(loop_part(record), context, deadline);
    if (all_confirmed(evidence)) append(evidence, service_running_undo(running_record(record), context, deadline));
    return evidence;
  } catch (const Error& error) {
    return not_tried("the service on " + record.node + " runs again", error.what());
  }
}

}  // namespace blackstart
