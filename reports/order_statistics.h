// What ordered values tell about the distribution that they come from, whatever its shape is.
//
// Purpose: median, maximum, and confidence bounds of quantiles by rank, for values of which some are only known to be longer
// than what was watched. All that is asked of the values is that they come from runs that are alike and independent.
// Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace blackstart {

// A value of which sometimes only a lower bound is known (it is censored): then `more`, written "> value".
struct Bound {
  Duration value{0};
  bool more = false;
  bool operator==(const Bound&) const = default;
};

// What lies between the two, with 95 % confidence. `from.more`: all that is known is that it is more than that. `to.more`:
// there is no upper end.
struct ConfidenceInterval {
  Bound from, to;
  bool operator==(const ConfidenceInterval&) const = default;
};

// How sure a statement is meant to be.
constexpr double kConfidence = 0.95;

// The value of this rank, from 1 (the smallest) to values.size(). Exact when it is the same wherever the censored values
// really lie, else a lower bound.
Bound at_rank(const std::vector<Bound>& values, std::size_t rank);
// The middle one, or the mean of the two middle ones; likewise. Not for an empty list.
Bound median(const std::vector<Bound>& values);
Bound maximum(const std::vector<Bound>& values);

// The least rank whose value is, with at least 95 % confidence, no smaller than the quantile `share` (0.95: the p95); nothing
// when not even the largest of `runs` values is. David and Nagaraja, Order Statistics (2003), 7.1.
std::optional<std::size_t> upper_rank(std::size_t runs, double share);
// The highest share whose quantile the largest of `runs` values bounds that surely. Not for 0 runs.
double bounded_share(std::size_t runs);
// Between the values of this rank and of the same rank from the other end lies the median, with at least 95 % confidence (two
// sides, 2.5 % each); nothing for fewer than 6 runs. The same, 7.1.
std::optional<std::size_t> median_rank(std::size_t runs);
std::optional<ConfidenceInterval> median_interval(const std::vector<Bound>& values);

}  // namespace blackstart
