// How the clock of a vantage point stands to the runner's: a straight line through what pings have told, and what it may be
// wrong by (docs/vantage-points.md).
//
// Purpose: stamps of another machine become run times with a bound that certainly holds the truth, as long as neither clock
// runs faster or slower against the other than kMostDrift and what the pings say beyond it. Ownership: plain values. Thread
// rule: pure functions.
#pragma once

#include <string>
#include <vector>

#include "reports/record.h"

namespace blackstart {

// One question for the time: asked and answered on the runner's clock, the answer stamped on the other. The stamp was taken
// somewhere in between, however uneven the ways there and back are.
struct ClockPing {
  Time asked{0}, answered{0};  // run time
  Time stamp{0};               // of the other clock
  // By how much both clocks together are being corrected beyond what kMostDrift has room for, seconds a second: counts up to
  // the ping before and the one behind.
  double beyond = 0;
};

// Seconds a second. Ours: a crystal is within 100 ppm, and the kernel lets NTP slew each clock by up to 500 ppm.
inline constexpr double kMostDrift = 0.0012;
// Of it, what it allows for NTP's corrections of one clock.
inline constexpr double kMostCorrection = 0.0005;
// ClockPing::beyond of two clocks that are being corrected at these rates (probes/clock_rate.h).
double beyond_drift(double one_rate, double other_rate);

// The line with the least bound for stamps in [from, to] of the other clock; `probe` is left empty. Without a ping, and where
// pings contradict each other, its trouble says so.
VantageClock fit_clock(std::vector<ClockPing> pings, Time from, Time to);

// The run time of a stamp, by the line.
Time run_time_of(const VantageClock& clock, Time stamp);

// The one of this probe; null: there is none.
const VantageClock* clock_of(const Record& record, const std::string& probe);
// What has to be added to the uncertainty of whatever compares the probe's times with the runner's; 0 for a probe that the
// runner's machine sent itself.
Duration clock_bound(const Record& record, const ProbeInfo& probe);
// The same by the probe's name; 0 for one that the record doesn't have.
Duration clock_bound_of(const Record& record, const std::string& probe);

// "sent from c3; its times are the runner's within ± 0.0021 s (340 pings, the best took 0.0013 s there and back)", or why
// nobody knows.
std::string vantage_sentence(const Record& record, const ProbeInfo& probe);

}  // namespace blackstart
