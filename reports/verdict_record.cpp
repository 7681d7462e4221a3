// The rules about how the rehearsal was carried out and recorded.
#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "reports/instrument.h"
#include "reports/rto.h"
#include "reports/vantage_clock.h"
#include "reports/verdict_rules.h"
#include "reports/words.h"

namespace blackstart::rules {
namespace {

bool fired(const Injection& i) { return i.effect.from.count() >= 0; }

std::string because(const std::string& why) { return why.empty() ? "." : ": " + why + "."; }

const SteadyCheck* check_of(const Record& record, const std::string& probe, const std::string& series) {
  for (const SteadyCheck& check : record.steady)
    if (check.probe == probe && (check.series == series || check.series.empty())) return &check;
  return nullptr;
}

void steady_check(const SteadyCheck& check, const std::string& name, Objections& o) {
  bool enough = check.operations > 0 && check.observed >= check.required;
  if (check.steady && enough) return;
  o.inconclusive.push_back(fmt::format("{} was not steady before the fault: {} of {} operations were good, {} was required.",
                                       name, percent_text(check.observed), grouped(check.operations),
                                       percent_text(check.required)));
}

// When the steady check was over; the fault may have come much later.
Time checked_until(const Record& record, Time effect) {
  for (const Phase& phase : record.phases)
    if (phase.name == "steady" && phase.ended.count() >= 0) return std::min(phase.ended, effect);
  return effect;
}

// An outage whose bad operations were certain before the fault can't be its effect, and falsifies what comes after. Nor can
// one of operations that had waited by then for twice as long as any had to: they are certain only when their time is up.
Time spoiled(const Outage& outage, const SeriesMeasures& series) {
  return std::min(outage.known, outage.onset.to + 2 * series.baseline_max + series.send_lag_p999);
}

// `from`: when the steady check began.
void out_before(const SeriesMeasures& series, const std::string& name, Time from, Time effect, Objections& o) {
  for (const Outage& outage : series.outages)
    if (spoiled(outage, series) < effect && (outage.censored || outage.recovery.to > from))
      o.inconclusive.push_back(
          fmt::format("{} was not steady: it had an outage at {}, before the first fault took effect at {}.", name,
                      time_text(outage.onset.to), time_text(effect)));
}

std::string not_stopped(const ProbeInfo& probe) {
  if (probe.vantage.empty()) return "Probe " + probe.name + " was not seen to stop.";
  return fmt::format(
      "Probe {} was not seen to stop: its operations may still be on {}, from where 'blackstart fetch' brings them.",
      probe.name, probe.vantage);
}

void evidence_of(const Injection& injection, const std::string& target, Objections& o) {
  auto of_effect = [&](const Evidence& e) { return e.target == target && e.stage == "effect"; };
  if (std::none_of(injection.evidence.begin(), injection.evidence.end(), of_effect))
    o.inconclusive.push_back(fmt::format("There is no evidence that {} took effect on {}.", injection.id, target));
}

}  // namespace

Bracket judged_window(const Record& record) {
  auto order = effective(record.injections);
  if (order.empty()) return {};
  Time end = record.ended;
  for (const ProbeRecord& probe : record.probes) end = std::max(end, probe.stopped);
  return {order.front()->effect.from, std::max(end, order.front()->effect.from)};
}

void undo(const Record& record, Objections& o) {
  for (const Injection& i : record.injections) {
    // After a crash whatever was recorded may have been fired: only a confirmed undo says otherwise.
    if (i.undone.count() < 0 && (!record.finished || undo_is_open(i)))
      o.undo_pending.push_back(
          fmt::format("The undo of {} ({}) is not confirmed{}", i.id, injection_text(i), because(i.undo_problem)));
    for (const Evidence& e : i.evidence)
      if (e.stage == "undo" && !e.confirmed)
        o.undo_pending.push_back(fmt::format("The undo of {} on {} did not show: expected {}, observed {}.", i.id, e.target,
                                             e.expected, e.observed));
  }
}

void record_whole(const Record& record, Objections& o) {
  if (!record.finished) o.inconclusive.push_back("The runner did not come to its end: the record is not finished.");
  for (const std::string& problem : record.problems) o.inconclusive.push_back("A problem was recorded" + because(problem));
  if (record.torn_events > 0)
    o.inconclusive.push_back(count_text(record.torn_events, "line") + " of events.jsonl could not be read.");
  if (record.probes.empty()) o.inconclusive.push_back("No probe was running.");
  for (const ProbeRecord& probe : record.probes) {
    if (probe.stopped.count() < 0) o.inconclusive.push_back(not_stopped(probe.info));
    if (probe.damaged_bytes > 0)
      o.inconclusive.push_back(
          fmt::format("{} of the operations of {} are damaged.", count_text(probe.damaged_bytes, "byte"), probe.info.name));
  }
}

// What is only not proven is said in every report, and not held against the run.
void instrument(const Record& record, Objections& o) {
  const auto found = instrument_of(record);
  if (found && found->state == Instrument::State::unfit)
    o.inconclusive.insert(o.inconclusive.end(), found->remarks.begin(), found->remarks.end());
}

// Up to here each probe had to watch.
Time needed_until(const Record& record) {
  Time end{-1};
  for (const Phase& phase : record.phases)
    if (phase.name == "rehearse" || phase.name == "undo" || phase.name == "settle") end = std::max(end, phase.ended);
  return end;
}

// Times of another clock say nothing as long as nobody knows how far it may be off. A probe elsewhere may end by itself, too:
// by its own bound, or with its node.
void clocks(const Record& record, Objections& o) {
  for (const ProbeRecord& probe : record.probes) {
    if (probe.info.vantage.empty()) continue;
    const VantageClock* clock = clock_of(record, probe.info.name);
    if (clock == nullptr || (clock->bound.count() < 0 && clock->trouble.empty()))
      o.inconclusive.push_back(fmt::format("Nobody knows how far the clock of {}, which {} was sent from, is off.",
                                           probe.info.vantage, probe.info.name));
    else if (!clock->trouble.empty())
      o.inconclusive.push_back(fmt::format("The times of {} can't be trusted: {}.", probe.info.name, clock->trouble));
    else if (probe.stopped.count() >= 0 && probe.stopped + clock->bound < needed_until(record))
      o.inconclusive.push_back(fmt::format("{} ended on {} at {}, before the rehearsal did: what came then was not seen.",
                                           probe.info.name, probe.info.vantage, time_text(probe.stopped)));
  }
}

void steady(const Record& record, const Judgement& measured, Objections& o) {
  auto order = effective(record.injections);
  for (const ProbeMeasures& probe : measured.probes) {
    for (const SeriesMeasures& series : probe.series) {
      std::string name = probe.probe + "/" + series.name;
      const SteadyCheck* check = check_of(record, probe.probe, series.name);
      if (check == nullptr)
        o.inconclusive.push_back("Nobody looked whether " + name + " was steady before the fault.");
      else
        steady_check(*check, name, o);
      if (order.empty()) continue;
      const Time effect = order.front()->effect.from - clock_bound_of(record, probe.probe);
      out_before(series, name, checked_until(record, effect) - (check == nullptr ? Duration(0) : check->length), effect, o);
    }
  }
}

// Steps that a guard cut off are the guard's doing, and its trip is a failure already.
void steps(const Record& record, Objections& o) {
  if (!record.guards.empty()) return;
  for (const Step& step : record.steps)
    if (step.state != "done")
      o.inconclusive.push_back(
          fmt::format("Step {} ({}) was not done but {}{}", step.number, step.text, step.state, because(step.reason)));
}

void injections(const Record& record, Objections& o) {
  if (effective(record.injections).empty()) o.inconclusive.push_back("Nothing was injected.");
  for (const Injection& i : record.injections) {
    if (!i.problem.empty())
      o.inconclusive.push_back(fmt::format("{} could not be injected: {}.", i.id, i.problem));
    else if (!i.effect.known())
      o.inconclusive.push_back(fmt::format("{} is not known to have taken effect.", i.id));
  }
}

void evidence(const Record& record, Objections& o) {
  for (const Injection& i : record.injections) {
    if (!fired(i)) continue;
    if (i.targets.empty()) o.inconclusive.push_back(i.id + " had no target.");
    for (const std::string& target : i.targets) evidence_of(i, target, o);
    for (const Evidence& e : i.evidence)
      if (e.stage != "undo" && !e.confirmed)
        o.inconclusive.push_back(
            fmt::format("{} did not show on {}: expected {}, observed {}.", i.id, e.target, e.expected, e.observed));
  }
}

}  // namespace blackstart::rules
