#include "runner/rehearsed_steps.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "base/units.h"
#include "runner/selection.h"

namespace blackstart {
namespace {

constexpr Duration kNodes = 20s, kUndo = 180s;

}  // namespace

RehearsedSteps::RehearsedSteps(const Context& context, std::vector<PlannedInjection> plan)
    : c_(context),
      plan_(std::move(plan)),
      journal_(c_.in.id, c_.in.cloud, c_.in.folder),
      injector_({c_.in.cloud, c_.in.remote, c_.in.clock, c_.zero, c_.in.id, journal_, c_.record,
                 [this](const std::string& text) { c_.log.say(text); },
                 [this](const std::string& text) { c_.log.unwritten(text); }, c_.stopper.token()}) {}

void RehearsedSteps::run() {
  c_.guards.arm();
  std::size_t index = 0;
  for (const ScenarioStep& step : c_.in.scenario.steps) {
    c_.stopper.check();
    do_step(step, index);
    c_.guards.check();  // what happened while the step could not look
    index += std::max<std::size_t>(1, step.injections.size());
  }
}

void RehearsedSteps::begin(std::size_t index) {
  const Step& step = c_.steps.begin(index);
  c_.log.say(fmt::format("step {}: {}", step.number, step.text));
}

void RehearsedSteps::do_step(const ScenarioStep& step, std::size_t index) {
  if (step.kind == ScenarioStep::Kind::inject) return inject(step, index);
  begin(index);
  if (step.kind == ScenarioStep::Kind::wait_recovered) return wait_recovered(step, index);
  if (step.kind == ScenarioStep::Kind::hold)
    c_.guards.wait(step.length);
  else
    undo(step.name);
  c_.steps.done(index);
}

void RehearsedSteps::undo(const std::string& injection) {
  if (!injector_.undo(injection, kUndo))
    throw Error(ErrorKind::unmet, "undoing " + injection, "it is not confirmed to be gone", "'blackstart recover' tries again");
  hits_.remove(injection);
}

// The writer and the holder of the virtual IP may have moved since the plan: who is hit is who it is now.
PlannedInjection RehearsedSteps::resolved(const InjectStep& step, std::size_t index) {
  const PlannedInjection& planned = *std::find_if(plan_.begin(), plan_.end(), [&](const auto& p) { return p.step == &step; });
  PlannedInjection now = planned;
  now.targets = resolve(step, c_.in.cloud, c_.in.seed, c_.in.remote, Deadline(c_.in.clock, kNodes), hits_);
  check_not_shared(step, now.targets, hits_);
  hits_.add(step.id, now.targets);
  if (now.targets != planned.targets)
    c_.steps.reword(index, fmt::format("inject {}: {} on {} ({}, was {} when planned)", step.id, step.settings->summary(),
                                       fmt::join(now.targets, ", "), step.on.text(), fmt::join(planned.targets, ", ")));
  return now;
}

void RehearsedSteps::inject(const ScenarioStep& step, std::size_t index) {
  for (const InjectStep& injection : step.injections)
    c_.guards.wait(std::chrono::duration_cast<Duration>(injection.jitter * fraction(c_.in.seed, "jitter " + injection.id)));
  std::vector<PlannedInjection> together;
  for (std::size_t i = 0; i < step.injections.size(); ++i) {
    together.push_back(resolved(step.injections[i], index + i));
    begin(index + i);
  }
  check_floor("checking what is left", floor_of(c_.in.scenario.leave, c_.in.cloud), c_.in.cloud, hits_);
  try {
    injector_.inject(together);
  } catch (const Error&) {
    c_.stopper.check();  // then that is why
    throw;
  }
  for (std::size_t i = 0; i < step.injections.size(); ++i) c_.steps.done(index + i);
}

void RehearsedSteps::wait_recovered(const ScenarioStep& step, std::size_t index) {
  const Time since = std::max(injector_.latest_effect(), Time{0});
  if (c_.guards.watch([&] { return c_.probes.recovered(since, step.name); }, step.length)) return c_.steps.done(index);
  c_.steps.done(index, "not recovered within " + format_duration(step.length));
  c_.guards.trip(fmt::format("{} recovers within {}", step.name, format_duration(step.length)), "it had not");
}

bool RehearsedSteps::undo_all() { return injector_.undo_all(kUndo); }

}  // namespace blackstart
