#include "runner/rehearsal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>

#include "base/error.h"
#include "base/units.h"
#include "probes/live_settings.h"
#include "runner/preflight.h"
#include "runner/rehearsed_steps.h"

namespace blackstart {
namespace {

constexpr Duration kLeast = 5s, kNoSleep = 100ms, kSettings = 30s;

void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) throw_errno("writing " + file.string(), errno);
}

class Rehearsal {
 public:
  explicit Rehearsal(const RehearsalInput& input)
      : in_(input),
        zero_(input.clock.now()),
        asleep_before_(input.clock.asleep()),
        record_(input.folder),
        log_(input.clock, zero_, record_, input.status),
        step_log_(input.clock, zero_, record_),
        probes_(input.clock, zero_, record_),
        stopper_(input.cloud.name, input.stop, input.stop_reason),
        guards_(input.scenario.guards, input.clock, stopper_, probes_, log_, record_) {}
  void run();

 private:
  void open_record();
  void rehearse_until_something_ends_it();
  void preflight();
  void read_settings();
  void become_steady();
  void prepare_probes();
  void do_steps();
  void undo_everything();
  void settle();
  void note(const Redundancy& seen);
  void audit();
  void finish();
  bool injected() const { return steps_ && steps_->injected(); }
  // What goes wrong in here makes the rehearsal prove nothing, and never keeps the rest of the clean-up from being done.
  void guarded(const std::string& doing, const std::function<void()>& work);

  const RehearsalInput& in_;
  const Time zero_;
  const Duration asleep_before_;
  RecordWriter record_;
  RunLog log_;
  StepLog step_log_;
  RunningProbes probes_;
  Stopper stopper_;
  Guards guards_;
  std::vector<PlannedInjection> plan_;
  std::optional<RehearsedSteps> steps_;
  bool interrupted_ = false, undone_ = true;
};

void Rehearsal::guarded(const std::string& doing, const std::function<void()>& work) {
  try {
    work();
  } catch (const Interrupted& stop) {
    interrupted_ = true;
    log_.problem(stop.why);
  } catch (const Error& error) {
    log_.problem(error.what());
  } catch (const std::exception& error) {
    log_.problem(doing + ": " + error.what());
  }
}

void Rehearsal::open_record() {
  RunInfo run;
  run.id = in_.id;
  run.scenario = in_.scenario.name;
  run.claim = in_.scenario.claim;
  run.source = in_.scenario.source;
  run.cloud = in_.cloud.name;
  run.simulated = in_.cloud.simulated;
  run.seed = in_.seed;
  run.repetition = in_.repetition;
  run.repetitions = in_.repetitions;
  run.zero_wall = in_.clock.wall();
  run.version = BLACKSTART_VERSION;
  record_.run(run);
  if (in_.calibration) record_.calibration(*in_.calibration);
  record_.objectives(in_.scenario.objectives);
  write_text(in_.folder / "scenario.yaml", in_.scenario.file_text);
  write_text(in_.folder / "cloud.yaml", write_cloud(in_.cloud));
  step_log_.plan(planned_steps(in_.scenario, {}));
}

// --- before anything is touched ---

void Rehearsal::preflight() {
  stopper_.check();
  Ready ready = blackstart::preflight(in_.scenario, in_.cloud, in_.seed, {in_.remote, in_.clock, in_.cloud});
  probes_.take(std::move(ready.probes), [this](const std::string& line) { log_.say(line); });
  plan_ = std::move(ready.plan);
  step_log_.plan(planned_steps(in_.scenario, plan_));
  for (const Step& step : step_log_.steps()) log_.say(fmt::format("  step {}: {}", step.number, step.text));
}

// What can't be read is told, and stops nothing: the bands of a recovery are there to compare it with, and decide nothing.
void Rehearsal::read_settings() {
  for (const LiveSettings& one : read_live_settings(in_.cloud, in_.remote, Deadline(in_.clock, kSettings, stopper_.token()))) {
    log_.note([&] { record_.live_settings(one); });
    if (!one.problem.empty())
      log_.say(fmt::format("  settings of {} on {} not read: {}", one.component, one.node, one.problem));
  }
}

void Rehearsal::prepare_probes() {
  try {
    probes_.prepare(stopper_.token());
  } catch (const Error&) {
    stopper_.check();  // then that is why
    throw;
  }
}

void Rehearsal::become_steady() {
  stopper_.check();
  prepare_probes();
  probes_.start();
  in_.status.pulse([this] { return probes_.pulse(); });
  const Steady& wanted = in_.scenario.steady;
  std::vector<SteadyCheck> checks;
  const bool reached = guards_.watch(
      [&] {
        checks = probes_.steady(wanted);
        return probes_.whole() &&
               std::all_of(checks.begin(), checks.end(), [](const SteadyCheck& check) { return check.steady; });
      },
      wanted.within);
  for (const SteadyCheck& check : checks) {
    record_.steady(check);
    log_.say(fmt::format("  {} {}: {} good of {} operations in {}", check.probe, check.series, format_ratio(check.observed),
                         check.operations, format_duration(check.length)));
  }
  if (!reached)
    throw Error(ErrorKind::unmet, "waiting for a steady baseline",
                fmt::format("not {} good for {}{} within {}", format_ratio(wanted.success), format_duration(wanted.length),
                            probes_.whole() ? "" : ", or not whole for its hold,", format_duration(wanted.within)),
                "nothing was injected; mend the cloud first, or look at the probe's errors in the report");
}

void Rehearsal::do_steps() {
  steps_.emplace(RehearsedSteps::Context{in_, zero_, stopper_, record_, log_, step_log_, probes_, guards_}, std::move(plan_));
  undone_ = false;
  steps_->run();
}

// --- afterwards ---

void Rehearsal::undo_everything() {
  if (!steps_) return;
  log_.phase("undo", "undoing everything", [&] { undone_ = steps_->undo_all(); });
}

void Rehearsal::note(const Redundancy& seen) {
  record_.redundancy(seen);
  log_.say(fmt::format("  {} {}: {}", seen.restored ? "seen" : "NOT SEEN", seen.what, seen.observed));
}

// Waited for after the undo, so that no recovery is cut off by our own end. Redundancy first: its return can hurt once more (a
// cluster that takes a node back stops for a moment), and that belongs into the record with its recovery.
void Rehearsal::settle() {
  if (!undone_ || interrupted_ || !injected()) return;
  const Time since = log_.run_time();
  const Deadline deadline(in_.clock, in_.scenario.settle);
  guards_.disarm();
  log_.phase("redundancy", "waiting for full redundancy", [&] {
    for (const Redundancy& seen : probes_.await_redundancy(since, deadline, stopper_.token())) note(seen);
  });
  log_.phase("settle", "waiting for recovery of the probes", [&] {
    // Even when redundancy has used up the time: a hold that has begun is seen to its end.
    guards_.watch([&] { return probes_.recovered(since); }, std::max(deadline.left(), probes_.longest_hold() + kLeast));
    // What was whole then may have been lost since: the last word counts.
    for (const Redundancy& seen : probes_.watched_redundancy(since)) note(seen);
  });
}

void Rehearsal::audit() {
  if (!interrupted_ && injected()) log_.phase("audit", "auditing every replica", [&] { probes_.audit(); });
}

void Rehearsal::rehearse_until_something_ends_it() {
  std::string reason = "an earlier problem";
  guarded("rehearsing", [&] {
    try {
      log_.phase("preflight", "preflight", [&] { preflight(); });
      log_.phase("settings", "reading what the services are set to", [&] { read_settings(); });
      log_.phase("steady", "starting the probes, waiting for a steady baseline", [&] { become_steady(); });
      log_.phase("rehearse", "rehearsing", [&] { do_steps(); });
    } catch (const Tripped&) {
      reason = "a guard stopped the rehearsal";
      if (steps_) steps_->hurry();
    } catch (const Interrupted&) {
      reason = "interrupted";
      throw;
    }
  });
  log_.note([&] { step_log_.give_up(reason); });
}

void Rehearsal::run() {
  open_record();
  rehearse_until_something_ends_it();
  guarded("undoing", [&] { undo_everything(); });
  guarded("waiting for recovery", [&] { settle(); });
  in_.status.pulse(nullptr);
  guarded("stopping the probes", [&] { probes_.stop(); });
  guarded("auditing", [&] { audit(); });
  guarded("cleaning up after the probes", [&] { probes_.clean_up(stopper_.token()); });
  finish();
}

void Rehearsal::finish() {
  if (const Duration asleep = in_.clock.asleep() - asleep_before_; asleep > kNoSleep)
    log_.problem(
        fmt::format("this machine was suspended for {}: no time in this record can be trusted", format_seconds(asleep, 1)));
  guarded("closing the journal", [&] {
    if (steps_ && !steps_->close_journal()) log_.say("UNDO PENDING: 'blackstart recover' tries again");
  });
  in_.status.phase("");
  if (!log_.not_written().empty())
    throw Error(ErrorKind::internal, "recording the rehearsal", log_.not_written(),
                "everything was undone or is in the journal; is the disk full?");
  record_.finished(log_.run_time());
}

}  // namespace

Judged rehearse(const RehearsalInput& input) {
  // Its record is closed before it is read.
  Rehearsal(input).run();
  return judge_folder(input.folder);
}

}  // namespace blackstart
