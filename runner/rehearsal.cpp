#include "runner/rehearsal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>

#include "base/error.h"
#include "base/units.h"
#include "runner/hits.h"
#include "runner/injector.h"
#include "runner/preflight.h"
#include "runner/running_probes.h"
#include "runner/selection.h"
#include "runner/state.h"
#include "runner/step_log.h"

namespace blackstart {
namespace {

// What ends the steps early; the undo and the record follow all the same.
struct Interrupted {
  std::string why;
};
struct Tripped {};

constexpr Duration kTick = 100ms, kAskHalt = 1s, kNodes = 20s, kUndo = 180s, kLeast = 5s, kNoSleep = 100ms;

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
        steps_(input.clock, zero_, record_),
        probes_(input.clock, zero_, record_) {}
  void run();

 private:
  void open_record();
  void rehearse_until_something_ends_it();
  void preflight();
  void become_steady();
  void do_steps();
  void do_step(const ScenarioStep& step, std::size_t index);
  void inject(const ScenarioStep& step, std::size_t index);
  PlannedInjection resolved(const InjectStep& step, std::size_t index);
  void undo(const std::string& injection);
  void wait_recovered(const ScenarioStep& step, std::size_t index);
  void undo_everything();
  void settle();
  void audit();
  bool injected() const { return injector_ && injector_->latest_effect().count() >= 0; }

  // Waits, and keeps an eye on interruption and guards meanwhile; false when `limit` passed first.
  bool watch(const std::function<bool()>& condition, Duration limit);
  void wait(Duration length) {
    watch([] { return false; }, length);
  }
  void check_interrupted();
  void check_guards();
  void trip(const std::string& guard, const std::string& observed);

  void say(const std::string& text) { in_.status.line(text); }
  void begin(std::size_t index);
  void phase(const std::string& name, const std::string& text, const std::function<void()>& work);
  // What goes wrong in here makes the rehearsal prove nothing, and never keeps the rest of the clean-up from being done.
  void guarded(const std::string& doing, const std::function<void()>& work);
  void problem(const std::string& text);
  // For what must not be kept from going on by a full disk; the record is then unfinished, which no verdict passes.
  void note(const std::function<void()>& write);
  void unwritten(const std::string& what);
  Time run_time() const { return in_.clock.now() - zero_; }
  Deadline within(Duration length) const { return Deadline(in_.clock, length); }

  const RehearsalInput& in_;
  const Time zero_;
  const Duration asleep_before_;
  RecordWriter record_;
  StepLog steps_;
  RunningProbes probes_;
  std::vector<PlannedInjection> plan_;
  Hits hits_;
  std::optional<Journal> journal_;
  std::optional<Injector> injector_;
  bool guards_armed_ = false, interrupted_ = false, undone_ = true;
  Time steps_began_{-1}, halt_asked_{-1};
  std::string unwritten_;
};

// --- telling and recording ---

void Rehearsal::note(const std::function<void()>& write) {
  try {
    write();
  } catch (const std::exception& error) {
    unwritten(error.what());
  }
}

void Rehearsal::unwritten(const std::string& what) {
  unwritten_ = what;
  say("NOT RECORDED " + what);
}

void Rehearsal::problem(const std::string& text) {
  note([&] { record_.problem(text); });
  say("PROBLEM " + text);
}

void Rehearsal::guarded(const std::string& doing, const std::function<void()>& work) {
  try {
    work();
  } catch (const Interrupted& stop) {
    interrupted_ = true;
    problem(stop.why);
  } catch (const Error& error) {
    problem(error.what());
  } catch (const std::exception& error) {
    problem(doing + ": " + error.what());
  }
}

void Rehearsal::phase(const std::string& name, const std::string& text, const std::function<void()>& work) {
  Phase phase{name, run_time(), Time{-1}};
  note([&] { record_.phase(phase); });
  in_.status.phase(name);
  say(text);
  auto close = [&] {
    phase.ended = run_time();
    note([&] { record_.phase(phase); });
  };
  try {
    work();
  } catch (...) {
    close();
    throw;
  }
  close();
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
  record_.objectives(in_.scenario.objectives);
  write_text(in_.folder / "scenario.yaml", in_.scenario.file_text);
  write_text(in_.folder / "cloud.yaml", write_cloud(in_.cloud));
  steps_.plan(planned_steps(in_.scenario, {}));
}

// --- what ends the steps early ---

void Rehearsal::check_interrupted() {
  if (in_.stop.stop_requested()) throw Interrupted{"interrupted by " + in_.stop_reason()};
  if (halt_asked_.count() >= 0 && run_time() - halt_asked_ < kAskHalt) return;
  halt_asked_ = run_time();
  if (auto reason = halt_reason(in_.cloud.name)) throw Interrupted{"halted: " + *reason};
}

void Rehearsal::trip(const std::string& guard, const std::string& observed) {
  record_.guard({guard, observed, run_time()});
  say(fmt::format("GUARD {}: {}", guard, observed));
  throw Tripped{};
}

void Rehearsal::check_guards() {
  for (const GuardSpec& guard : in_.scenario.guards) {
    const bool total = guard.kind == GuardSpec::Kind::total;
    const Duration spent = total ? run_time() - steps_began_ : probes_.without_success(steps_began_, guard.probe);
    if (spent > guard.limit) trip(guard.text(), (total ? "" : "none for ") + format_seconds(spent, 1));
  }
}

bool Rehearsal::watch(const std::function<bool()>& condition, Duration limit) {
  const Deadline deadline = within(limit);
  while (!condition()) {
    check_interrupted();
    if (guards_armed_) check_guards();
    if (deadline.passed()) return false;
    in_.clock.pause(std::min(kTick, deadline.left()), in_.stop);
  }
  return true;
}

// --- before anything is touched ---

void Rehearsal::preflight() {
  check_interrupted();
  Ready ready = blackstart::preflight(in_.scenario, in_.cloud, in_.seed, {in_.remote, in_.clock, in_.cloud});
  probes_.take(std::move(ready.probes));
  plan_ = std::move(ready.plan);
  steps_.plan(planned_steps(in_.scenario, plan_));
  for (const Step& step : steps_.steps()) say(fmt::format("  step {}: {}", step.number, step.text));
}

void Rehearsal::become_steady() {
  check_interrupted();
  probes_.prepare();
  probes_.start();
  in_.status.pulse([this] { return probes_.pulse(); });
  const Steady& wanted = in_.scenario.steady;
  std::vector<SteadyCheck> checks;
  const bool reached = watch(
      [&] {
        checks = probes_.steady(wanted);
        return std::all_of(checks.begin(), checks.end(), [](const SteadyCheck& check) { return check.steady; });
      },
      wanted.within);
  for (const SteadyCheck& check : checks) {
    record_.steady(check);
    say(fmt::format("  {} {}: {} good of {} operations in {}", check.probe, check.series, format_ratio(check.observed),
                    check.operations, format_duration(check.length)));
  }
  if (!reached)
    throw Error(ErrorKind::unmet, "waiting for a steady baseline",
                fmt::format("not {} good for {} within {}", format_ratio(wanted.success), format_duration(wanted.length),
                            format_duration(wanted.within)),
                "nothing was injected; mend the cloud first, or look at the probe's errors in the report");
}

// --- the steps ---

void Rehearsal::begin(std::size_t index) {
  const Step& step = steps_.begin(index);
  say(fmt::format("step {}: {}", step.number, step.text));
}

void Rehearsal::do_steps() {
  journal_.emplace(in_.id, in_.cloud, in_.folder);
  injector_.emplace(Injector::Context{in_.cloud, in_.remote, in_.clock, zero_, in_.id, *journal_, record_,
                                      [this](const std::string& text) { say(text); },
                                      [this](const std::string& text) { unwritten(text); }, in_.stop});
  guards_armed_ = true;
  steps_began_ = run_time();
  std::size_t index = 0;
  for (const ScenarioStep& step : in_.scenario.steps) {
    check_interrupted();
    do_step(step, index);
    check_guards();  // what happened while the step could not look
    index += std::max<std::size_t>(1, step.injections.size());
  }
}

void Rehearsal::do_step(const ScenarioStep& step, std::size_t index) {
  if (step.kind == ScenarioStep::Kind::inject) return inject(step, index);
  begin(index);
  if (step.kind == ScenarioStep::Kind::wait_recovered) return wait_recovered(step, index);
  if (step.kind == ScenarioStep::Kind::hold)
    wait(step.length);
  else
    undo(step.name);
  steps_.done(index);
}

void Rehearsal::undo(const std::string& injection) {
  if (!injector_->undo(injection, kUndo))
    throw Error(ErrorKind::unmet, "undoing " + injection, "it is not confirmed to be gone", "'blackstart recover' tries again");
  hits_.remove(injection);
}

// The writer and the holder of the virtual IP may have moved since the plan: who is hit is who it is now.
PlannedInjection Rehearsal::resolved(const InjectStep& step, std::size_t index) {
  const PlannedInjection& planned = *std::find_if(plan_.begin(), plan_.end(), [&](const auto& p) { return p.step == &step; });
  PlannedInjection now = planned;
  now.targets = resolve(step, in_.cloud, in_.seed, in_.remote, within(kNodes), hits_);
  check_not_shared(step, now.targets, hits_);
  hits_.add(step.id, now.targets);
  if (now.targets != planned.targets)
    steps_.reword(index, fmt::format("inject {}: {} on {} ({}, was {} when planned)", step.id, step.settings->summary(),
                                     fmt::join(now.targets, ", "), step.on.text(), fmt::join(planned.targets, ", ")));
  return now;
}

void Rehearsal::inject(const ScenarioStep& step, std::size_t index) {
  for (const InjectStep& injection : step.injections)
    wait(std::chrono::duration_cast<Duration>(injection.jitter * fraction(in_.seed, "jitter " + injection.id)));
  std::vector<PlannedInjection> together;
  for (std::size_t i = 0; i < step.injections.size(); ++i) {
    together.push_back(resolved(step.injections[i], index + i));
    begin(index + i);
  }
  check_floor("checking what is left", floor_of(in_.scenario.leave, in_.cloud), in_.cloud, hits_);
  undone_ = false;
  try {
    injector_->inject(together);
  } catch (const Error&) {
    check_interrupted();  // then that is why
    throw;
  }
  for (std::size_t i = 0; i < step.injections.size(); ++i) steps_.done(index + i);
}

void Rehearsal::wait_recovered(const ScenarioStep& step, std::size_t index) {
  const Time since = std::max(injector_->latest_effect(), Time{0});
  if (watch([&] { return probes_.recovered(since, step.name); }, step.length)) return steps_.done(index);
  steps_.done(index, "not recovered within " + format_duration(step.length));
  trip(fmt::format("{} recovers within {}", step.name, format_duration(step.length)), "it had not");
}

// --- afterwards ---

void Rehearsal::undo_everything() {
  if (!injector_) return;
  phase("undo", "undoing everything", [&] { undone_ = injector_->undo_all(kUndo); });
}

// Waited for after the undo, so that no recovery is cut off by our own end. Redundancy first: its return can hurt once more (a
// cluster that takes a node back stops for a moment), and that belongs into the record with its recovery.
void Rehearsal::settle() {
  if (!undone_ || interrupted_ || !injected()) return;
  const Time since = run_time();
  const Deadline deadline = within(in_.scenario.settle);
  guards_armed_ = false;
  phase("redundancy", "waiting for full redundancy", [&] {
    for (const Redundancy& seen : probes_.await_redundancy(deadline, in_.stop)) {
      record_.redundancy(seen);
      say(fmt::format("  {} {}: {}", seen.restored ? "seen" : "NOT SEEN", seen.what, seen.observed));
    }
  });
  phase("settle", "waiting for recovery of the probes", [&] {
    // Even when redundancy has used up the time: a hold that has begun is seen to its end.
    watch([&] { return probes_.recovered(since); }, std::max(deadline.left(), probes_.longest_hold() + kLeast));
  });
}

void Rehearsal::audit() {
  if (!interrupted_ && injected()) phase("audit", "auditing every replica", [&] { probes_.audit(); });
}

void Rehearsal::rehearse_until_something_ends_it() {
  std::string reason = "an earlier problem";
  guarded("rehearsing", [&] {
    try {
      phase("preflight", "preflight", [&] { preflight(); });
      phase("steady", "starting the probes, waiting for a steady baseline", [&] { become_steady(); });
      phase("rehearse", "rehearsing", [&] { do_steps(); });
    } catch (const Tripped&) {
      reason = "a guard stopped the rehearsal";
    } catch (const Interrupted&) {
      reason = "interrupted";
      throw;
    }
  });
  note([&] { steps_.give_up(reason); });
}

void Rehearsal::run() {
  open_record();
  rehearse_until_something_ends_it();
  guarded("undoing", [&] { undo_everything(); });
  guarded("waiting for recovery", [&] { settle(); });
  in_.status.pulse(nullptr);
  guarded("stopping the probes", [&] { probes_.stop(); });
  guarded("auditing", [&] { audit(); });
  guarded("cleaning up after the probes", [&] { probes_.clean_up(); });
  if (const Duration asleep = in_.clock.asleep() - asleep_before_; asleep > kNoSleep)
    problem(fmt::format("this machine was suspended for {}: no time in this record can be trusted", format_seconds(asleep, 1)));
  guarded("closing the journal", [&] {
    if (journal_ && !journal_->close()) say("UNDO PENDING: 'blackstart recover' tries again");
  });
  in_.status.phase("");
  if (!unwritten_.empty())
    throw Error(ErrorKind::internal, "recording the rehearsal", unwritten_,
                "everything was undone or is in the journal; is the disk full?");
  record_.finished(run_time());
}

}  // namespace

Judged rehearse(const RehearsalInput& input) {
  // Its record is closed before it is read.
  Rehearsal(input).run();
  return judge_folder(input.folder);
}

}  // namespace blackstart
