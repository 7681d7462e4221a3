#include "reports/refusal.h"

#include <algorithm>

#include "reports/rto.h"

namespace blackstart {
namespace {

// Whoever undid it: the rehearsal, or the dead-man before it.
Time in_force_until(const Injection& injection, Time end) {
  for (Time over : {injection.undo_asked, injection.undone})
    if (over.count() >= 0) end = std::min(end, over);
  return end;
}

void count(const Operation& operation, Refusal& refusal) {
  // Sent before the effect, it may have been served before it; ended after the undo was asked, it may have been served by it.
  const bool within =
      operation.outcome != Outcome::unsent && operation.sent >= refusal.window.from && operation.done <= refusal.window.to;
  if (!within) return;
  ++refusal.sent;
  refusal.answered += answered(operation);
  if (operation.outcome != Outcome::ok) return;
  if (refusal.acknowledged++ == 0) refusal.first_acknowledged = operation.sent;
  refusal.last_acknowledged = std::max(refusal.last_acknowledged, operation.done);
}

}  // namespace

std::vector<Refusal> refusals_of(const Stream& stream, const SeriesMeasures& measures, const std::vector<Injection>& injections,
                                 Duration clock) {
  std::vector<Refusal> all;
  if (!stream.info->posts) return all;
  for (const Injection* injection : effective(injections)) {
    Refusal refusal{stream.probe->name, stream.info->name, injection->id, {injection->effect.to + clock, {}}, 0, 0, 0,
                    Time(-1),           Time(-1),          false};
    refusal.window.to = std::min(in_force_until(*injection, Time::max()) - clock, stream.end);
    refusal.blind = std::any_of(measures.blind.begin(), measures.blind.end(), [&](const BlindInterval& b) {
      return b.to >= refusal.window.from && b.from <= refusal.window.to;
    });
    all.push_back(std::move(refusal));
  }
  if (all.empty()) return all;
  for (const Operation& operation : stream.operations)
    for (Refusal& refusal : all) count(operation, refusal);
  return all;
}

}  // namespace blackstart
