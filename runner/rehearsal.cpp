#include "runner/rehearsal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>

#include "base/error.h"
#include "base/units.h"
#include "runner/injector.h"
#include "runner/live.h"
#include "runner/preflight.h"
#include "runner/selection.h"
#include "runner/state.h"

namespace blackstart {
namespace {

// What ends the steps early; the undo and the record follow all the same.
struct Interrupted {
  std::string why;
};
struct Tripped {};

constexpr Duration kTick = 100ms, kNodes = 20s, kProbePreflight = 20s, kPrepare = 60s, kUndo = 180s, kAudit = 300s, kCleanUp = 30s, kLeast = 5s;

struct RunningProbe {
  const ProbeStep* step;
  std::unique_ptr<Probe> probe;
  std::unique_ptr<OperationFile> file;
  std::unique_ptr<LiveProbe> live;
  bool prepared = false, started = false, stopped = false;
};

void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  if (!out.flush()) throw_errno("writing " + file.string(), errno);
}

class Rehearsal {
 public:
  explicit Rehearsal(const RehearsalInput& input)
      : in_(input), zero_(input.clock.now()), record_(input.folder) {}
  void run();

 private:
  void open_record();
  void preflight();
  void start_probes();
  void become_steady();
  void do_steps();
  void do_step(const ScenarioStep& step, std::size_t number);
  void inject(const ScenarioStep& step, std::size_t number);
  void wait_recovered(const ScenarioStep& step, std::size_t number);
  void undo_everything();
  void settle();
  void await_redundancy(const Deadline& deadline);
  void stop_probes();
  void audit();
  void clean_up();

  // Waits, and keeps an eye on interruption and guards meanwhile; false when `limit` passed first.
  bool watch(const std::function<bool()>& condition, Duration limit);
  void check_interrupted();
  void check_guards();
  void trip(const std::string& guard, const std::string& observed);
  void begin(std::size_t number);
  void end(std::size_t number, const std::string& state, const std::string& reason = "");
  void skip_the_rest(const std::string& reason);
  void phase(const std::string& name, const std::string& text, const std::function<void()>& work);
  // What goes wrong in here makes the rehearsal prove nothing, and never keeps the rest of the clean-up from being done.
  void guarded(const std::string& doing, const std::function<void()>& work);
  void problem(const std::string& text);
  // For what must not be kept from going on by a full disk; the record is then unfinished, which no verdict passes.
  void note(const std::function<void()>& write);
  Time run_time() const { return in_.clock.now() - zero_; }
  Deadline within(Duration length) const { return Deadline(in_.clock, length); }
  std::string pulse() const;

  const RehearsalInput& in_;
  const Time zero_;
  RecordWriter record_;
  std::vector<Step> steps_;
  std::vector<PlannedInjection> plan_;
  std::vector<RunningProbe> probes_;
  std::optional<Journal> journal_;
  std::optional<Injector> injector_;
  bool guards_armed_ = false, interrupted_ = false, undone_ = true;
  Time steps_began_{-1}, halt_asked_{-1};
  std::string unwritten_;
};

void Rehearsal::note(const std::function<void()>& write) {
  try {
    write();
  } catch (const std::exception& error) {
    unwritten_ = error.what();
    in_.status.line(std::string("NOT RECORDED ") + error.what());
  }
}

void Rehearsal::problem(const std::string& text) {
  note([&] { record_.problem(text); });
  in_.status.line("PROBLEM " + text);
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
  in_.status.line(text);
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
  steps_ = planned_steps(in_.scenario, {});
  for (const Step& step : steps_) record_.step(step);
}

void Rehearsal::preflight() {
  check_interrupted();
  check_free(in_.cloud);
  check_nodes(in_.cloud, in_.remote, within(kNodes));
  std::vector<ProbeInfo> infos;
  for (const ProbeStep& step : in_.scenario.probes) {
    probes_.push_back({&step, step.settings->make(step.name, in_.cloud), nullptr, nullptr});
    probes_.back().probe->preflight(within(kProbePreflight));
    infos.push_back(probes_.back().probe->info());
  }
  check_objectives(in_.scenario, infos);
  plan_ = plan_injections(in_.scenario, in_.cloud, in_.seed, {in_.remote, in_.clock});
  steps_ = planned_steps(in_.scenario, plan_);
  for (const Step& step : steps_) {
    record_.step(step);
    in_.status.line(fmt::format("  step {}: {}", step.number, step.text));
  }
}

void Rehearsal::start_probes() {
  for (RunningProbe& running : probes_) {
    check_interrupted();
    running.prepared = true;  // from here on there may be something to clean up
    running.probe->prepare(within(kPrepare));
  }
  for (RunningProbe& running : probes_) {
    const ProbeInfo info = running.probe->info();
    running.file = std::make_unique<OperationFile>(operations_path(in_.folder, info.name));
    running.live = std::make_unique<LiveProbe>(info, *running.file);
    const Time start = running.probe->start(in_.clock, zero_, *running.live);
    running.started = true;
    running.live->started(start);
    record_.probe_started(info, start);
  }
  in_.status.pulse([this] { return pulse(); });
}

std::string Rehearsal::pulse() const {
  std::string text;
  for (const RunningProbe& running : probes_) {
    if (!running.live || running.stopped) continue;
    const auto pulse = running.live->pulse(run_time());
    text += fmt::format("{}{} {:.0f}/s {:.1f} % good", text.empty() ? "" : " · ", running.step->name, pulse.rate, 100 * pulse.success);
  }
  return text;
}

void Rehearsal::become_steady() {
  const Steady& steady = in_.scenario.steady;
  std::vector<SteadyCheck> checks;
  auto all_steady = [&] {
    checks.clear();
    for (const RunningProbe& running : probes_)
      for (const SteadyCheck& check : running.live->steady(run_time(), steady.length, steady.success)) checks.push_back(check);
    return std::all_of(checks.begin(), checks.end(), [](const SteadyCheck& check) { return check.steady; });
  };
  const bool reached = watch(all_steady, steady.within);
  for (const SteadyCheck& check : checks) {
    record_.steady(check);
    in_.status.line(fmt::format("  {} {}: {} good of {} operations in {}", check.probe, check.series, format_ratio(check.observed),
                                check.operations, format_duration(check.length)));
  }
  if (!reached)
    throw Error(ErrorKind::unmet, "waiting for a steady baseline", fmt::format("not {} good for {} within {}", format_ratio(steady.success),
                format_duration(steady.length), format_duration(steady.within)), "nothing was injected; mend the cloud first, or look at the probe's errors in the report");
}

void Rehearsal::check_interrupted() {
  if (in_.stop.stop_requested()) throw Interrupted{"interrupted by " + in_.stop_reason()};
  if (halt_asked_.count() >= 0 && run_time() - halt_asked_ < 1s) return;
  halt_asked_ = run_time();
  if (auto reason = halt_reason(in_.cloud.name)) throw Interrupted{"halted: " + *reason};
}

void Rehearsal::trip(const std::string& guard, const std::string& observed) {
  record_.guard({guard, observed, run_time()});
  in_.status.line(fmt::format("GUARD {}: {}", guard, observed));
  throw Tripped{};
}

void Rehearsal::check_guards() {
  for (const GuardSpec& guard : in_.scenario.guards) {
    if (guard.kind == GuardSpec::Kind::total) {
      const Duration spent = run_time() - steps_began_;
      if (spent > guard.limit) trip(guard.text(), format_seconds(spent, 1));
      continue;
    }
    for (const RunningProbe& running : probes_) {
      if (running.step->name != guard.probe) continue;
      const Duration without = running.live->without_success(run_time());
      if (without > guard.limit) trip(guard.text(), "none for " + format_seconds(without, 1));
    }
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

void Rehearsal::begin(std::size_t number) {
  steps_[number].began = run_time();
  in_.status.line(fmt::format("step {}: {}", steps_[number].number, steps_[number].text));
}

void Rehearsal::end(std::size_t number, const std::string& state, const std::string& reason) {
  steps_[number].state = state;
  steps_[number].reason = reason;
  steps_[number].ended = run_time();
  record_.step(steps_[number]);
}

void Rehearsal::skip_the_rest(const std::string& reason) {
  for (Step& step : steps_) {
    if (step.state != "planned") continue;
    step.state = step.began.count() < 0 ? "skipped" : "failed";
    step.reason = reason;
    note([&] { record_.step(step); });
  }
}

void Rehearsal::do_steps() {
  journal_.emplace(in_.id, in_.cloud, in_.folder);
  injector_.emplace(Injector::Context{in_.cloud, in_.remote, in_.clock, zero_, in_.id, *journal_, record_,
                                      [this](const std::string& text) { in_.status.line(text); }});
  guards_armed_ = true;
  steps_began_ = run_time();
  std::size_t number = 0;
  for (const ScenarioStep& step : in_.scenario.steps) {
    check_interrupted();
    do_step(step, number);
    number += std::max<std::size_t>(1, step.injections.size());
  }
}

void Rehearsal::do_step(const ScenarioStep& step, std::size_t number) {
  if (step.kind == ScenarioStep::Kind::inject) return inject(step, number);
  begin(number);
  if (step.kind == ScenarioStep::Kind::wait_recovered) return wait_recovered(step, number);
  if (step.kind == ScenarioStep::Kind::hold) {
    watch([] { return false; }, step.length);
  } else if (!injector_->undo(step.name, kUndo)) {
    throw Error(ErrorKind::unmet, "undoing " + step.name, "it is not confirmed to be gone", "'blackstart recover' tries again");
  }
  end(number, "done");
}

void Rehearsal::inject(const ScenarioStep& step, std::size_t number) {
  for (const InjectStep& injection : step.injections)
    watch([] { return false; }, std::chrono::duration_cast<Duration>(injection.jitter * fraction(in_.seed, "jitter " + injection.id)));
  std::vector<PlannedInjection> together;
  for (std::size_t i = 0; i < step.injections.size(); ++i) {
    auto planned = std::find_if(plan_.begin(), plan_.end(), [&](const auto& p) { return p.step == &step.injections[i]; });
    // The writer and the holder of the virtual IP may have moved since; who is hit is who it is now.
    PlannedInjection now = *planned;
    now.targets = resolve(step.injections[i], in_.cloud, in_.seed, in_.remote, within(kNodes));
    if (now.targets != planned->targets) {
      steps_[number + i].text = fmt::format("inject {}: {} on {} ({}, was {} when planned)", now.step->id, now.step->settings->summary(),
                                            fmt::join(now.targets, ", "), now.step->on.text(), fmt::join(planned->targets, ", "));
    }
    begin(number + i);
    together.push_back(now);
  }
  undone_ = false;
  injector_->inject(together);
  for (std::size_t i = 0; i < step.injections.size(); ++i) end(number + i, "done");
}

void Rehearsal::wait_recovered(const ScenarioStep& step, std::size_t number) {
  auto running = std::find_if(probes_.begin(), probes_.end(), [&](const auto& p) { return p.step->name == step.name; });
  const Time since = std::max(injector_->latest_effect(), Time{0});
  if (watch([&] { return running->live->recovered(since); }, step.length)) return end(number, "done");
  end(number, "done", "not recovered within " + format_duration(step.length));
  trip(fmt::format("{} recovers within {}", step.name, format_duration(step.length)), "it had not");
}

void Rehearsal::undo_everything() {
  if (!injector_) return;
  phase("undo", "undoing everything", [&] { undone_ = injector_->undo_all(kUndo); });
}

// Waited for after the undo, so that no recovery is cut off by our own end. Redundancy first: its return can hurt once more (a
// cluster that takes a node back stops for a moment), and that belongs into the record with its recovery.
void Rehearsal::settle() {
  if (!undone_ || interrupted_ || !injector_ || injector_->latest_effect().count() < 0) return;
  const Time since = run_time();
  const Deadline deadline = within(in_.scenario.settle);
  guards_armed_ = false;
  phase("redundancy", "waiting for full redundancy", [&] { await_redundancy(deadline); });
  phase("settle", "waiting for recovery of the probes", [&] {
    // Even when redundancy has used up the time: a hold that has begun is seen to its end.
    for (const RunningProbe& running : probes_)
      watch([&] { return running.live->recovered(since); }, std::max(deadline.left(), running.live->info().hold + kLeast));
  });
}

void Rehearsal::await_redundancy(const Deadline& deadline) {
  for (const RunningProbe& running : probes_)
    for (const Redundancy& seen : running.probe->await_redundancy(deadline, in_.stop)) {
      record_.redundancy(seen);
      in_.status.line(fmt::format("  {} {}: {}", seen.restored ? "restored" : "NOT RESTORED", seen.what, seen.observed));
    }
}

void Rehearsal::stop_probes() {
  for (RunningProbe& running : probes_) {
    if (!running.started) continue;
    const Probe::Stopped stopped = running.probe->stop();
    record_.probe_stopped(running.step->name, stopped.stopped, stopped.planned);
    running.stopped = true;
    running.file->close();
  }
}

void Rehearsal::audit() {
  if (interrupted_ || !injector_ || injector_->latest_effect().count() < 0) return;
  phase("audit", "auditing every replica", [&] {
    for (const RunningProbe& running : probes_)
      if (running.stopped && running.probe->info().audited)
        record_.snapshots(running.step->name, running.probe->snapshots(within(kAudit)));
  });
}

void Rehearsal::clean_up() {
  for (RunningProbe& running : probes_)
    if (running.prepared) guarded("cleaning up after " + running.step->name, [&] { running.probe->clean_up(within(kCleanUp)); });
}

void Rehearsal::run() {
  open_record();
  std::string reason = "an earlier problem";
  guarded("rehearsing", [&] {
    try {
      phase("preflight", "preflight", [&] { preflight(); });
      phase("steady", "starting the probes, waiting for a steady baseline", [&] {
        start_probes();
        become_steady();
      });
      phase("rehearse", "rehearsing", [&] { do_steps(); });
    } catch (const Tripped&) {
      reason = "a guard stopped the rehearsal";
    } catch (const Interrupted&) {
      reason = "interrupted";
      throw;
    }
  });
  skip_the_rest(reason);
  guarded("undoing", [&] { undo_everything(); });
  guarded("waiting for recovery", [&] { settle(); });
  in_.status.pulse(nullptr);
  guarded("stopping the probes", [&] { stop_probes(); });
  guarded("auditing", [&] { audit(); });
  clean_up();
  guarded("closing the journal", [&] {
    if (journal_ && !journal_->close()) in_.status.line("UNDO PENDING: 'blackstart recover' tries again");
  });
  in_.status.phase("");
  if (!unwritten_.empty()) throw Error(ErrorKind::internal, "recording the rehearsal", unwritten_, "everything was undone or is in the journal; is the disk full?");
  record_.finished(run_time());
}

}  // namespace

Judged rehearse(const RehearsalInput& input) {
  // Its record is closed before it is read.
  Rehearsal(input).run();
  return judge_folder(input.folder);
}

}  // namespace blackstart
