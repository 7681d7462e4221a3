// How long a stage of a recovery takes when it waits for timers: a constant and equally distributed parts.
//
// Purpose: the quantiles of such a sum, exactly. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <vector>

#include "base/clock.h"

namespace blackstart {

// constant + Σ U(0, w): whoever waits for a heartbeat meets it at any moment of its interval. A negative w stands for
// −U(0, |w|).
struct StageTime {
  Duration constant{0};
  std::vector<Duration> uniform = {};  // eight at most
};

// The shortest and the longest that it can take.
Duration least_of(const StageTime& time);
Duration most_of(const StageTime& time);

// P(T ≤ value). Sums of independent uniforms have the distribution of P. S. Laplace and J. O. Irwin, P. Hall (Biometrika 19,
// 1927), here with parts of different widths: F(x) = 1/(n! Π w) · Σ over subsets S of (−1)^|S| · max(0, x − Σ of S)^n.
// Throws Error(internal) for more than eight parts.
double share_within(const StageTime& time, Duration value);
// The value that T does not exceed with this probability, of 0 to 1.
Duration quantile_of(const StageTime& time, double probability);
// The same for the shortest of `count` independent ones.
Duration quantile_of_first(const StageTime& time, std::size_t count, double probability);

}  // namespace blackstart
