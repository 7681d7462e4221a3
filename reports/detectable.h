// What a comparison with another version could have shown at best.
//
// Purpose: the smallest slowdown that so many runs could have seen, so that "no difference was found" is not taken for "there
// is none". Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "reports/order_statistics.h"

namespace blackstart {

// With fewer, Noether's approximation is off by more than 5 points of the power that it promises.
constexpr std::size_t kRunsToCompare = 10;

// Standard deviation of the values' natural logarithms. Nothing when any of them is censored or not greater than zero, or
// there are fewer than two.
std::optional<double> log_spread(const std::vector<Bound>& values);

// The slowdown (0.38: each takes 38 % longer) that a one-sided Mann–Whitney test at 5 % finds in four of five comparisons of
// `runs` runs with as many of another version. Noether, Journal of the American Statistical Association 82 (1987), for times
// that are lognormal with this spread. Nothing for fewer than 10 runs.
std::optional<double> detectable_slowdown(std::size_t runs, double spread);

}  // namespace blackstart
