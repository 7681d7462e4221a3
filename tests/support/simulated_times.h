// Recovery times drawn from distributions whose quantiles are known: what statistics are held against.
//
// Purpose: shapes that real series have, with and without runs that were not seen to recover. Ownership: plain values. Thread
// rule: one thread for each generator.
#pragma once

#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "reports/order_statistics.h"

namespace blackstart::simulated {

using Random = std::mt19937_64;

// Seconds. `watched` is independent of `time`, and the shorter of the two in one run of five.
struct Shape {
  std::string name;
  std::function<double(Random&)> time, watched;
  std::function<double(double share)> quantile;
};

// The standard library's own distributions take most of a simulation's time where nothing is optimised.
inline double uniform(Random& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }
inline double normal(Random& random) {
  const double length = std::sqrt(-2 * std::log(1 - uniform(random)));  // Box and Muller 1958
  return length * std::cos(6.283185307179586 * uniform(random));
}

// Six of ten runs hit a follower (1 to 2 s), the others the leader (6 to 8 s).
inline double two_kinds(double share) { return share < 0.6 ? 1 + share / 0.6 : 6 + 2 * (share - 0.6) / 0.4; }

inline std::vector<Shape> shapes() {
  // In 20 %: of two normal values the one whose mean is √2 · 0.8416 higher is the lesser one, ...
  constexpr double kApart = 1.1902;
  // ... and what is equally distributed up to 2.5 is less than what is so up to 1.
  constexpr double kLater = 2.5;
  return {
      {"lognormal", [](Random& random) { return std::exp(0.5 * normal(random)); },
       [](Random& random) { return std::exp(0.5 * (kApart + normal(random))); },
       [](double share) { return std::exp(0.5 * boost::math::quantile(boost::math::normal(), share)); }},
      {"uniform", [](Random& random) { return 5 + uniform(random); },
       [](Random& random) { return 5 + kLater * uniform(random); }, [](double share) { return 5 + share; }},
      {"bimodal", [](Random& random) { return two_kinds(uniform(random)); },
       [](Random& random) { return two_kinds(kLater * uniform(random)); }, two_kinds},
  };
}

inline Duration seconds(double value) { return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value)); }

inline std::vector<Bound> all_seen(const Shape& shape, std::size_t runs, Random& random) {
  std::vector<Bound> values(runs);
  for (Bound& one : values) one.value = seconds(shape.time(random));
  return values;
}

inline std::vector<Bound> some_censored(const Shape& shape, std::size_t runs, Random& random) {
  std::vector<Bound> values = all_seen(shape, runs, random);
  for (Bound& one : values)
    if (const Duration watched = seconds(shape.watched(random)); watched < one.value) one = {watched, true};
  return values;
}

inline bool covers(const ConfidenceInterval& interval, Duration truth) {
  return interval.from.value <= truth && (interval.to.more || interval.to.value >= truth);
}

// The share of `trials` in which it holds.
inline double share_of(int trials, const std::function<bool()>& holds) {
  int held = 0;
  for (int i = 0; i < trials; ++i) held += holds();
  return static_cast<double>(held) / trials;
}

// Four standard errors of such a share: what chance alone hardly goes beyond.
inline double chance(int trials, double share) { return 4 * std::sqrt(share * (1 - share) / trials); }

}  // namespace blackstart::simulated
