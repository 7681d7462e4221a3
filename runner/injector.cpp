#include "runner/injector.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/units.h"
#include "runner/dead_man_process.h"

namespace blackstart {
namespace {

// Generous: they bound a call to a node that is slow, none of them is waited for when it answers.
constexpr Duration kPreflight = 20s, kArm = 15s, kStage = 15s, kRetry = 2s;
// Once an undo's own time is over, for what was held up.
constexpr Duration kUndoSpare = 60s;
// A second look before the undo; it holds the undo up.
constexpr Duration kLookAgain = 5s;

Evidence unseen(const std::string& observer, const std::string& why) {
  Evidence evidence;
  evidence.observer = observer;
  evidence.expected = "its effect";
  evidence.observed = why;
  return evidence;
}

Error to_stop() { return Error(ErrorKind::unmet, "injecting", "the rehearsal is to stop"); }

void throw_first(const std::string& doing, const std::vector<std::string>& problems) {
  for (const std::string& problem : problems)
    if (!problem.empty()) throw Error(ErrorKind::unmet, doing, problem);
}

}  // namespace

std::vector<std::string> at_the_same_time(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::vector<std::string> problems(count);
  std::atomic<bool> all_there = false;
  auto guarded = [&](std::size_t i) {
    try {
      all_there.wait(false);
      work(i);
    } catch (const std::exception& problem) {
      problems[i] = problem.what();
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    try {
      threads.emplace_back([&, i] { guarded(i); });
    } catch (const std::exception& problem) {
      problems[i] = std::string("no thread could be started for it: ") + problem.what();
    }
  }
  all_there = true;
  all_there.notify_all();
  threads.clear();
  return problems;
}

void Injector::inject(const std::vector<PlannedInjection>& together) {
  Targets targets;
  const std::size_t first = active_.size();
  try {
    prepare(together, targets);
    check_stop();
    journal_and_arm(targets);
    check_stop();
    fire(targets);
    confirm(targets);
    check_stop();
    keep_lasting(targets);
  } catch (const Error& problem) {
    // A stage that was cut short blames what it was waiting for.
    const std::string why = context_.stop.stop_requested() ? to_stop().what() : problem.what();
    for (std::size_t i = first; i < active_.size(); ++i) {
      active_[i].record.problem = why;
      context_.record.injection(active_[i].record);
    }
    throw;
  }
}

void Injector::check_stop() const {
  if (context_.stop.stop_requested()) throw to_stop();
}

void Injector::prepare(const std::vector<PlannedInjection>& together, Targets& targets) {
  Duration jitter{0};  // each waits for those of all
  for (const PlannedInjection& planned : together) jitter += planned.step->jitter;
  for (const PlannedInjection& planned : together) {
    Injection record;
    record.id = planned.step->id;
    record.fault = planned.step->fault;
    record.summary = planned.step->settings->summary();
    record.parameters = planned.step->settings->parameters();
    record.parameters.emplace_back(kJitter, format_duration(jitter));
    record.targets = planned.targets;
    for (const std::string& name : planned.targets) {
      const std::string id = fmt::format("{}-{}-{}-{}", context_.run, ++numbered_, planned.step->id, name);
      FaultContext with_id = fault_context();
      with_id.id = id;
      with_id.together = planned.targets;
      auto fault = planned.step->settings->make(*context_.cloud.find(name), with_id);
      targets.push_back({active_.size(), std::move(fault), {id, planned.step->id, {}, false}, planned.dead_man, Time{-1}, {}});
    }
    active_.push_back({record, {}, {}});
  }
  const Deadline deadline = within(kPreflight + kPerTarget * targets.size());
  throw_first("checking that it can be injected",
              at_the_same_time(targets.size(), [&](std::size_t i) { targets[i].fault->preflight(deadline); }));
}

void Injector::journal_and_arm(Targets& targets) {
  for (Target& target : targets) {
    target.entry.undo = target.fault->undo_record();
    const std::int64_t now = context_.clock.wall();
    target.entry.since = format_utc(now, false);
    target.entry.due = format_utc(now + target.dead_man.count(), false);
    context_.journal.arm(target.entry);
    active_[target.injection].entries.push_back(target.entry);
  }
  const Deadline arming = within(kArm + kPerTarget * targets.size());
  throw_first("arming the dead-man", at_the_same_time(targets.size(), [&](std::size_t i) { arm(targets[i], arming); }));
  check_stop();
  const Deadline stage = within(kStage + kPerTarget * targets.size());
  throw_first("staging the fault", at_the_same_time(targets.size(), [&](std::size_t i) { targets[i].fault->stage(stage); }));
}

void Injector::arm(const Target& target, const Deadline& deadline) {
  const JournalEntry& entry = target.entry;
  if (undo_kind(entry.undo.kind).command)
    arm_dead_man(entry.id, entry.undo, target.dead_man, fault_context(), deadline);
  else
    start_dead_man_process(context_.program, context_.journal.file(), entry.id, target.dead_man, deadline);
}

void Injector::fire(Targets& targets) {
  // From here on a crash of ours leaves a record that says: it may have been fired.
  for (Active& active : active_)
    if (active.record.effect.from.count() < 0) {
      active.record.effect.from = run_time();
      context_.record.injection(active.record);
    }
  auto problems = at_the_same_time(targets.size(), [&](std::size_t i) {
    const Deadline deadline = within(targets[i].fault->fire_limit());
    targets[i].fired = run_time();
    targets[i].fault->fire(deadline);
  });
  for (std::size_t index = targets.front().injection; index < active_.size(); ++index) {
    Time earliest = Time::max(), latest{-1};
    for (const Target& target : targets)
      if (target.injection == index) earliest = std::min(earliest, target.fired), latest = std::max(latest, target.fired);
    Injection& record = active_[index].record;
    record.effect.from = earliest;
    record.skew = latest - earliest;
    latest_effect_ = std::max(latest_effect_, latest);
    context_.record.injection(record);
  }
  throw_first("injecting", problems);
}

void Injector::confirm(Targets& targets) {
  auto problems = at_the_same_time(targets.size(), [&](std::size_t i) {
    targets[i].evidence = targets[i].fault->confirm(within(targets[i].fault->confirm_limit() + kPerTarget * targets.size()));
  });
  for (Target& target : targets) tell(target, "effect");
  for (std::size_t i = targets.front().injection; i < active_.size(); ++i) settle_bracket(active_[i], targets, i);
  throw_first("looking for evidence", problems);
}

void Injector::tell(Target& target, const char* stage) {
  for (Evidence& evidence : target.evidence) {
    evidence.injection = active_[target.injection].record.id;
    evidence.target = target.entry.undo.node;
    evidence.stage = stage;
    if (evidence.at.count() >= 0) evidence.at -= context_.zero;
    context_.record.evidence(evidence);
    context_.say(fmt::format("  {} {}: {}: {}", evidence.confirmed ? "seen" : "NOT SEEN", evidence.target, evidence.expected,
                             evidence.observed));
  }
}

void Injector::keep_lasting(Targets& targets) {
  for (Target& target : targets)
    if (target.fault->looks_again()) active_[target.injection].lasting.push_back(std::move(target));
}

void Injector::hurry() {
  for (Active& active : active_) active.lasting.clear();
}

// An undo that is wanted at once is not held up by it: such a rehearsal proves nothing anyway.
void Injector::look_again(Active& active) {
  Targets lasting = std::exchange(active.lasting, {});
  if (lasting.empty() || context_.stop.stop_requested()) return;
  context_.say(fmt::format("  looking whether {} is still there", active.record.id));
  const Deadline deadline = within(kLookAgain + kPerTarget * lasting.size());
  const auto problems =
      at_the_same_time(lasting.size(), [&](std::size_t i) { lasting[i].evidence = lasting[i].fault->look_again(deadline); });
  if (context_.stop.stop_requested()) return;
  for (std::size_t i = 0; i < lasting.size(); ++i) {
    if (!problems[i].empty()) lasting[i].evidence = {unseen(lasting[i].entry.undo.node, problems[i])};
    for (Evidence& evidence : lasting[i].evidence) evidence.expected = "still, just before the undo: " + evidence.expected;
    note([&] { tell(lasting[i], "hold"); });
  }
}

// The effect began, on each target, by its first piece of evidence; on all of them, by the last of those. Where there is none
// on a target, or it was seen before the order and so shows something else, when it began is not known.
void Injector::settle_bracket(Active& active, const Targets& targets, std::size_t index) {
  Time to{-1};
  for (const Target& target : targets) {
    if (target.injection != index) continue;
    Time first{-1};
    for (const Evidence& evidence : target.evidence)
      if (evidence.confirmed && evidence.at >= target.fired && (first.count() < 0 || evidence.at < first)) first = evidence.at;
    if (first.count() < 0) return context_.record.injection(active.record);
    to = std::max(to, first);
  }
  active.record.effect.to = to;
  latest_effect_ = std::max(latest_effect_, to);
  context_.record.injection(active.record);
}

void Injector::note(const std::function<void()>& write) {
  try {
    write();
  } catch (const std::exception& problem) {
    context_.not_recorded(problem.what());
  }
}

bool Injector::undo_once(Active& active, const Deadline& deadline, std::vector<Evidence>& evidence) {
  std::vector<Undone> results(active.entries.size());
  auto problems = at_the_same_time(active.entries.size(), [&](std::size_t i) {
    const JournalEntry& entry = active.entries[i];
    if (!entry.undone)
      results[i] =
          undo_entry(context_.journal.file(), entry, fault_context(), deadline.sooner(undo_kind(entry.undo.kind).limit));
  });
  active.record.undo_problem.clear();
  std::vector<const JournalEntry*> settled;
  for (std::size_t i = 0; i < results.size(); ++i) {
    JournalEntry& entry = active.entries[i];
    if (entry.undone) continue;
    if (!results[i].dead_man.empty())
      note([&] {
        context_.record.problem(fmt::format("{} on {}: {}", active.record.id, entry.undo.node, results[i].dead_man));
      });
    const std::string problem = problems[i].empty() ? results[i].problem : problems[i];
    if (problem.empty()) {
      note([&] { context_.journal.undone(entry.id); });
      entry.undone = true;
      settled.push_back(&entry);
      for (const Evidence& piece : results[i].evidence) evidence.push_back(piece), evidence.back().target = entry.undo.node;
    } else {
      active.record.undo_problem +=
          fmt::format("{}{}: {}", active.record.undo_problem.empty() ? "" : "; ", entry.undo.node, problem);
    }
  }
  at_the_same_time(settled.size(), [&](std::size_t i) { settle_dead_man(*settled[i], context_.clock); });
  return active.record.undo_problem.empty();
}

bool Injector::undo(const std::string& injection, Duration limit) {
  auto found = std::find_if(active_.begin(), active_.end(), [&](const Active& a) { return a.record.id == injection; });
  if (found == active_.end() || found->entries.empty() || found->record.undone.count() >= 0) return true;
  Active& active = *found;
  look_again(active);
  // The first time counts: even an undo that isn't confirmed may have mended what the cloud did not mend by itself.
  if (active.record.undo_asked.count() < 0) active.record.undo_asked = run_time();
  note([&] { context_.record.injection(active.record); });
  std::vector<Evidence> evidence;
  for (const JournalEntry& entry : active.entries) limit = std::max(limit, undo_kind(entry.undo.kind).limit + kUndoSpare);
  const Deadline deadline(context_.clock, limit);
  bool gone = false;
  wait_until(
      [&] {
        gone = undo_once(active, deadline, evidence);
        if (!gone) context_.say(fmt::format("  not undone yet: {}", active.record.undo_problem));
        return gone;
      },
      deadline, kRetry);
  for (Evidence& piece : evidence) {
    piece.injection = injection;
    piece.stage = "undo";
    if (piece.at.count() >= 0) piece.at -= context_.zero;
    note([&] { context_.record.evidence(piece); });
  }
  if (gone) active.record.undone = run_time();
  note([&] { context_.record.injection(active.record); });
  return gone;
}

bool Injector::undo_all(Duration limit) {
  bool all = true;
  for (auto active = active_.rbegin(); active != active_.rend(); ++active) all = undo(active->record.id, limit) && all;
  return all;
}

}  // namespace blackstart
