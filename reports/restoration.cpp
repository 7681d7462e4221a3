#include "reports/restoration.h"

#include <algorithm>
#include <utility>

#include "reports/rto.h"

namespace blackstart {
namespace {

using Loss = Redundancy::Loss;

// It may have begun before the injection's own time ended, and was not over when this one had its effect.
// Or it may be the doing of our undo, or of another injection since then: it began within a hold of that undo.
bool belongs(const Loss& loss, const Aftermath& after, Duration hold) {
  const Time undo = after.injection->undo_asked;
  const bool by_undo = undo.count() >= 0 && loss.lost.to >= undo && loss.lost.from < undo + hold;
  return (loss.lost.from < after.until || by_undo) && (!loss.back.known() || loss.back.to > after.injection->effect.from);
}

// The first undo that was asked between the loss and its end: the repair may be ours.
std::optional<AfterUndo> undo_within(const Loss& loss, const Bracket& effect, const std::vector<Aftermath>& all) {
  std::optional<AfterUndo> first;
  for (const Aftermath& after : all) {
    const Time asked = after.injection->undo_asked;
    const bool amid = asked.count() >= 0 && asked > loss.lost.from && asked < loss.back.to;
    if (amid && (!first || asked < first->asked)) first = {asked, std::max(asked - effect.middle(), Duration(0))};
  }
  return first;
}

bool after_our_undo(const Loss& loss, const Injection& injection) {
  return injection.undo_asked.count() >= 0 && loss.lost.from >= injection.undo_asked;
}

// It began after our undo, but sooner after the fault than that may take to be seen.
bool undo_came_soon(const Loss& loss, const Injection& injection, Duration shown) {
  return after_our_undo(loss, injection) && loss.lost.from < injection.effect.to + shown;
}

// A loss that began after our undo was asked is the undo's doing.
Measured length_of(const Loss& loss, const Bracket& back, const Injection& injection, Duration shown) {
  const Measured by_fault = between(injection.effect, back, Duration(0));
  if (!after_our_undo(loss, injection)) return by_fault;
  const Measured by_undo = between({injection.undo_asked, injection.undo_asked}, back, Duration(0));
  return undo_came_soon(loss, injection, shown) ? either(by_undo, by_fault) : by_undo;
}

// Seen by a look that was answered, and begun neither before the fault nor by our undo nor by the next fault.
bool by_fault(const Loss& loss, const Aftermath& after) {
  const Time undo = after.injection->undo_asked;
  return !loss.unread && loss.lost.to >= after.injection->effect.from && loss.lost.from < after.next &&
         (undo.count() < 0 || loss.lost.to <= undo);
}

void take(const Loss& loss, const Aftermath& after, Time end, Duration shown, const std::vector<Aftermath>& all,
          Restoration& worst) {
  worst.struck = worst.struck || by_fault(loss, after);
  const bool censored = !loss.back.known();
  const Bracket back = censored ? Bracket{end, end} : loss.back;
  Measured length = length_of(loss, back, *after.injection, shown);
  const bool shared = loss.lost.from >= after.next;
  if (!censored && shared) length = or_nothing(length);
  worst.shared = worst.shared || shared;
  worst.undo_soon = worst.undo_soon || undo_came_soon(loss, *after.injection, shown);
  if (!censored && !worst.after_undo) worst.after_undo = undo_within(loss, after.injection->effect, all);
  const bool first = !std::exchange(worst.impact, true);
  if (!first && censored == worst.censored)
    worst.time = greater(worst.time, length);
  else if (first || censored)
    worst.time = length;
  worst.censored = worst.censored || censored;
}

}  // namespace

std::vector<Restoration> restorations_of(const Redundancy& redundancy, const std::vector<Injection>& injections, Duration hold,
                                         Duration notice) {
  std::vector<Restoration> result;
  if (redundancy.probe.empty() || redundancy.at.count() < 0) return result;
  const Duration shown = std::max(hold, notice);
  const std::vector<Aftermath> all = aftermaths(effective(injections), shown);
  for (const Aftermath& after : all) {
    Restoration one{
        redundancy.probe, redundancy.what, after.injection->id, false, false, {0s, std::max(redundancy.every, notice)}, {},
        redundancy.single};
    for (const Loss& loss : redundancy.losses)
      if (belongs(loss, after, hold)) take(loss, after, redundancy.at, shown, all, one);
    // Whole in the end, but not seen so for long enough, is not whole again.
    if (!redundancy.restored && !one.censored)
      one.impact = one.censored = true, one.time = between(after.injection->effect, {redundancy.at, redundancy.at}, 0s);
    result.push_back(std::move(one));
  }
  return result;
}

}  // namespace blackstart
