// Recovery times of which some were not seen to end: nothing of them is left out, nothing is averaged.
//
// Purpose: Kaplan and Meier's estimate of how many have not recovered yet, and its median with an interval. It takes for
// granted that when the watching ended says nothing about when the service would have recovered. Ownership: plain values.
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <vector>

#include "reports/order_statistics.h"

namespace blackstart {

// After one more recovery. Of several at the same time each has a step of its own, as if one had come just before the other.
struct SurvivalStep {
  Duration at{0};
  double surviving = 1;  // the share that takes longer
  double variance = 0;   // of that share's logarithm (Greenwood 1926); infinite once nothing is left
};

// In the order of time; one for each value that is not censored. A value that is censored at the time of a recovery counts as
// longer. Kaplan and Meier, Journal of the American Statistical Association 53 (1958).
std::vector<SurvivalStep> survival(std::vector<Bound> values);

// The first time that no more than half take longer; the middle, when exactly half do for a while. More than the longest time
// that was watched when it was not reached by then. Not for an empty list.
Bound survival_median(const std::vector<Bound>& values);

// All times at which one half lies within the surviving share's own 95 % interval, on a scale of log(-log) (Brookmeyer and
// Crowley, Biometrics 38 (1982)). Where nothing is left the share's error is not known: the interval then has no upper end.
// By ranks when no recovery was seen at all. Nothing for fewer than 6 values.
std::optional<ConfidenceInterval> survival_median_interval(const std::vector<Bound>& values);

}  // namespace blackstart
