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

// A loss that began after our undo was asked is the undo's doing.
Bracket cause_of(const Loss& loss, const Injection& injection) {
  const Time undo = injection.undo_asked;
  return undo.count() >= 0 && loss.lost.from >= undo ? Bracket{undo, undo} : injection.effect;
}

// Seen by a look that was answered, and begun neither before the fault nor by our undo nor by the next fault.
bool by_fault(const Loss& loss, const Aftermath& after) {
  const Time undo = after.injection->undo_asked;
  return !loss.unread && loss.lost.to >= after.injection->effect.from && loss.lost.from < after.next &&
         (undo.count() < 0 || loss.lost.from < undo);
}

void take(const Loss& loss, const Aftermath& after, Time end, const std::vector<Aftermath>& all, Restoration& worst) {
  worst.struck = worst.struck || by_fault(loss, after);
  const bool censored = !loss.back.known();
  const Bracket back = censored ? Bracket{end, end} : loss.back;
  Measured length = between(cause_of(loss, *after.injection), back, Duration(0));
  const bool shared = loss.lost.from >= after.next;
  if (!censored && shared) length = or_nothing(length);
  worst.shared = worst.shared || shared;
  if (!censored && !worst.after_undo) worst.after_undo = undo_within(loss, after.injection->effect, all);
  const bool first = !std::exchange(worst.impact, true);
  if (!first && censored == worst.censored)
    worst.time = greater(worst.time, length);
  else if (first || censored)
    worst.time = length;
  worst.censored = worst.censored || censored;
}

}  // namespace

std::vector<Restoration> restorations_of(const Redundancy& redundancy, const std::vector<Injection>& injections,
                                         Duration hold) {
  std::vector<Restoration> result;
  if (redundancy.probe.empty() || redundancy.at.count() < 0) return result;
  const std::vector<Aftermath> all = aftermaths(effective(injections), hold);
  for (const Aftermath& after : all) {
    Restoration one{redundancy.probe, redundancy.what, after.injection->id, false, false, {0s, redundancy.every}, {},
                    redundancy.single};
    for (const Loss& loss : redundancy.losses)
      if (belongs(loss, after, hold)) take(loss, after, redundancy.at, all, one);
    // Whole in the end, but not seen so for long enough, is not whole again.
    if (!redundancy.restored && !one.censored)
      one.impact = one.censored = true, one.time = between(after.injection->effect, {redundancy.at, redundancy.at}, 0s);
    result.push_back(std::move(one));
  }
  return result;
}

}  // namespace blackstart
