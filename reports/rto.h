// Which outage follows from which injection, and how long recovery took (docs/measurement.md, "RTO").
//
// Purpose: from the fault to the start of the stable recovery, with the interval that certainly holds it.
// Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <vector>

#include "reports/judgement.h"
#include "reports/stream.h"

namespace blackstart {

// One for each injection whose effect is known and after which the series was watched for at least the hold H: where fewer
// operations were recorded nothing can be said, and there is none. `clock`: by what the stream's clock may differ from that of
// the injections. `notice`: how long what was broken may look whole to the series (noticed_within).
std::vector<Rto> rtos_of(const Stream& stream, const SeriesMeasures& measures, const std::vector<Injection>& injections,
                         Duration clock = Duration(0), Duration notice = Duration(0));

// An injection and the time that is its own.
struct Aftermath {
  const Injection* injection;
  Time until;  // `next`, or `least` after its effect if that is later
  Time next;   // when the next injection began, or the end of time
};
// Injections whose effects overlap (`parallel`) can't be told apart: what follows belongs to each of them. Nor can those that
// come sooner than it takes to see that nothing follows: what begins from `next` to `until` may be the doing of either.
std::vector<Aftermath> aftermaths(const std::vector<const Injection*>& order, Duration least = Duration(0));

// From one moment to another, each known to its bracket; `more` is added to the ±.
Measured between(const Bracket& from, const Bracket& to, Duration more);
// The greater of two, each known to its interval only.
Measured greater(const Measured& a, const Measured& b);
// One of two, nobody knows which.
Measured either(const Measured& a, const Measured& b);
// So long, or not at all: nobody can tell.
Measured or_nothing(const Measured& length);

// Injections with a known effect, in the order of their effects.
std::vector<const Injection*> effective(const std::vector<Injection>& injections);

}  // namespace blackstart
