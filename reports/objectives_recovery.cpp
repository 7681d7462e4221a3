// Objectives on how something came back after an injection: RTO, first success, redundancy.
#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "reports/objective_check.h"
#include "reports/stream.h"
#include "reports/words.h"

namespace blackstart {
namespace {

template <class Time>  // Rto or Restoration
const char* remedy_for(const Time& one, const char* otherwise) {
  if (one.undo_soon) return ": the undo came before the fault had to show; hold for longer before it";
  return one.shared
             ? ": another injection came within a hold of it or of its undo; wait-recovered between them tells them apart"
             : otherwise;
}

Duration least(const Measured& one) { return one.value - one.plus_minus; }

}  // namespace

// Every series asked for must have been measured after every injection asked for: the worst of all counts, and an unknown
// one could be it.
ObjectiveResult ObjectiveCheck::each_rto(JudgeRto judge) {
  if (injections_.empty()) return not_measured("nothing was injected");
  int series = 0;
  for (const SeriesMeasures& measures : probe_->series) {
    if (!wanted(measures.name)) continue;
    ++series;
    for (const std::string& injection : injections_) each_rto_of(measures.name, injection, judge);
  }
  if (result_.spec.impact_required)
    for (const std::string& injection : injections_) require_outage(injection);
  return series > 0 ? std::move(result_) : no_series();
}

void ObjectiveCheck::each_rto_of(const std::string& series, const std::string& injection, JudgeRto judge) {
  auto rto = std::find_if(measured_.rtos.begin(), measured_.rtos.end(), [&](const Rto& r) {
    return r.probe == probe_->probe && r.series == series && r.injection == injection;
  });
  if (rto != measured_.rtos.end()) return (this->*judge)(*rto);
  worse(State::not_measured, 0, "",
        fmt::format("{} was not watched from before '{}' took effect until a hold after it, or '{}' took no effect", series,
                    injection, injection));
}

// One series that saw it is enough: the others may have come through.
void ObjectiveCheck::require_outage(const std::string& injection) {
  const bool seen = std::any_of(measured_.rtos.begin(), measured_.rtos.end(), [&](const Rto& rto) {
    return rto.probe == probe_->probe && rto.injection == injection && wanted(rto.series) && rto.struck;
  });
  if (!seen)
    worse(State::not_measured, 0, "no outage",
          fmt::format("{} saw no outage after '{}' that began before our undo and before another injection, so no recovery was "
                      "rehearsed; aim the fault at what it needs",
                      whose(result_.spec), injection));
}

// Whose value it is; with several injections the reader must be told after which.
std::string ObjectiveCheck::told(const std::string& value, const Rto& rto) const {
  return fmt::format("{} ({}{})", value, rto.series, injections_.size() > 1 ? " after " + rto.injection : "");
}

void ObjectiveCheck::check_rto(const Rto& rto) {
  if (rto.censored)
    return worse(State::missed, kForEver, told(rto_text(rto), rto), rto.series + " was not seen to recover", at_least(rto.rto));
  if (undo_may_disturb(rto.after_undo, rto.rto)) return disturbed(rto.series, told(rto_text(rto), rto));
  if (undo_spoils(rto.after_undo) && !rto.after_undo->there)
    return missed_by_undo(rto.series + " recovered", *rto.after_undo, rto_text(rto), rto);
  if (undo_spoils(rto.after_undo) && least(rto.rto) <= from_seconds(result_.spec.limit))
    return worse(State::not_measured, 0, told(rto_text(rto), rto),
                 rto.series + " had come and gone, and its hold was not over when the undo was asked; wait-recovered for it");
  if (undo_leaves_open(rto.undo_soon, rto.rto)) return too_soon(rto.series, told(rto_text(rto), rto));
  compare(rto.rto, told(rto_text(rto), rto), rto.series, remedy_for(rto, kHigherRate));
}

void ObjectiveCheck::check_first_success(const Rto& rto) {
  if (!rto.impact) return compare(rto.rto, told(rto_text(rto), rto), rto.series);
  if (!rto.first_success) return worse(State::missed, kForEver, told("none", rto), rto.series + " had no success again");
  std::string value = measured_text(*rto.first_success);
  if (undo_may_disturb(rto.first_success_after_undo, *rto.first_success)) return disturbed(rto.series, told(value, rto));
  if (undo_spoils(rto.first_success_after_undo))
    return missed_by_undo(rto.series + " had success again", *rto.first_success_after_undo, value, rto);
  if (undo_leaves_open(rto.undo_soon, *rto.first_success)) return too_soon(rto.series, told(value, rto));
  compare(*rto.first_success, told(value, rto), rto.series, remedy_for(rto, kHigherRate));
}

// A repair that we made ourselves shows nothing of what the cloud can do.
bool ObjectiveCheck::undo_spoils(const std::optional<AfterUndo>& after) const {
  return after && result_.spec.recovery == ObjectiveSpec::Recovery::itself;
}

// Whatever ended it may be our repair: it can be too late, but not in time.
bool ObjectiveCheck::undo_leaves_open(bool undo_soon, const Measured& time) const {
  return undo_soon && result_.spec.recovery == ObjectiveSpec::Recovery::itself &&
         least(time) <= from_seconds(result_.spec.limit);
}

bool ObjectiveCheck::undo_may_disturb(const std::optional<AfterUndo>& after, const Measured& time) const {
  return undo_spoils(after) && after->perhaps && least(time) <= from_seconds(result_.spec.limit);
}

void ObjectiveCheck::disturbed(const std::string& what, const std::string& value) {
  worse(State::not_measured, 0, value,
        what + " went while the undo was asked, and nobody can tell whether because of it; rehearse it again");
}

void ObjectiveCheck::too_soon(const std::string& what, const std::string& value) {
  worse(State::not_measured, 0, value,
        what +
            " went only after our undo, which came before the fault had to show: nobody can tell whose doing that was, nor "
            "what ended it; hold for longer before the undo");
}

void ObjectiveCheck::missed_by_undo(const std::string& what, const AfterUndo& after, const std::string& value, const Rto& rto) {
  worse(State::missed, kForEver, told(value, rto),
        fmt::format("{} only after the undo was asked at {}; by itself it had not within {}", what, time_text(after.asked),
                    format_seconds(after.alone)),
        at_least({after.alone, 0s}));
}

// Every component asked for, after every injection asked for.
ObjectiveResult ObjectiveCheck::each_restoration() {
  if (injections_.empty()) return not_measured("nothing was injected");
  for (const std::string& injection : injections_) each_restoration_of(injection);
  return std::move(result_);
}

void ObjectiveCheck::each_restoration_of(const std::string& injection) {
  bool any = false;
  for (const Restoration& one : measured_.restorations) {
    if (one.probe != probe_->probe || one.injection != injection || !wanted(one.component)) continue;
    any = true;
    check_restoration(one);
  }
  if (!any)
    worse(State::not_measured, 0, "",
          fmt::format("'{}' is not known to have taken effect, or nobody watched {}", injection, whose(result_.spec)));
}

void ObjectiveCheck::check_restoration(const Restoration& one) {
  const std::string told =
      fmt::format("{} ({}{})", restoration_text(one), one.component, injections_.size() > 1 ? " after " + one.injection : "");
  if (one.censored)
    return worse(State::missed, kForEver, told, one.component + " was not seen whole again", at_least(one.time));
  if (undo_spoils(one.after_undo))
    return worse(State::missed, kForEver, told,
                 fmt::format("{} was whole again only after the undo was asked at {}; by itself it had not been within {}",
                             one.component, time_text(one.after_undo->asked), format_seconds(one.after_undo->alone)),
                 at_least({one.after_undo->alone, 0s}));
  if (result_.spec.impact_required && !one.struck) return untouched(one, told);
  if (undo_leaves_open(one.undo_soon, one.time)) return too_soon(one.component, told);
  // Never seen to be missing is 0 with its ±, too: a loss between two looks was not seen.
  compare(one.time, told, one.component, remedy_for(one, ""));
}

// The fault met none of it, so nothing is known of how it comes back. What has no second is known not to.
void ObjectiveCheck::untouched(const Restoration& one, const std::string& told) {
  if (!one.single.empty())
    return worse(State::missed, kForEver, told, fmt::format("{} has no second: {}", one.component, one.single));
  worse(State::not_measured, 0, told,
        fmt::format(
            "nothing of {} was lost after '{}', so its recovery was not rehearsed; aim the fault at what has a part of it",
            one.component, one.injection));
}

}  // namespace blackstart
