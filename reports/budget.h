// A series' error budget: how much of it the rehearsal spent, how fast, and when a pager would have gone off
// (docs/measurement.md, "Downtime and the error budget").
//
// Purpose: the usual burn-rate alerts, replayed over the record. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include "reports/bad_times.h"
#include "reports/judgement.h"
#include "reports/stream.h"

namespace blackstart {

// `recovered`: the service was seen to be good at the end, so that what comes after the record counts as good, like what came
// before it. Otherwise an alarm that is on at the end has no end.
Budget budget_of(const Stream& stream, bool recovered);
// The same, of a stream whose bad operations were found already, and settled.
Budget budget_of(const Stream& stream, const BadTimes& bad, bool recovered);

}  // namespace blackstart
