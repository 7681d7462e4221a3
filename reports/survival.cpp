#include "reports/survival.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <utility>

namespace blackstart {
namespace {

// What products of shares may be off by.
constexpr double kRounding = 1e-9;

// The time of the first step of which `holds` is true; more than the longest time that was watched when there is none.
template <class Holds>
Bound first(const std::vector<SurvivalStep>& steps, const std::vector<Bound>& values, Holds holds) {
  const auto found = std::find_if(steps.begin(), steps.end(), holds);
  if (found == steps.end()) return {maximum(values).value, true};
  return {found->at, false};
}

// By how many of its standard errors the surviving share lies below one half. Without a known error: by none.
double below_half(const SurvivalStep& step) {
  if (step.surviving <= 0) return 0;
  const double hazard = -std::log(step.surviving);
  return (std::log(hazard) - std::log(std::log(2.0))) * hazard / std::sqrt(step.variance);
}

}  // namespace

std::vector<SurvivalStep> survival(std::vector<Bound> values) {
  std::sort(values.begin(), values.end(),
            [](const Bound& a, const Bound& b) { return std::pair(a.value, a.more) < std::pair(b.value, b.more); });
  std::vector<SurvivalStep> steps;
  SurvivalStep now;
  for (std::size_t before = 0; before < values.size(); ++before) {
    if (values[before].more) continue;
    const auto at_risk = static_cast<double>(values.size() - before);
    now.at = values[before].value;
    now.surviving *= (at_risk - 1) / at_risk;
    now.variance += 1 / (at_risk * (at_risk - 1));
    steps.push_back(now);
  }
  return steps;
}

Bound survival_median(const std::vector<Bound>& values) {
  const auto steps = survival(values);
  const Bound from = first(steps, values, [](const SurvivalStep& step) { return step.surviving <= 0.5 + kRounding; });
  const Bound to = first(steps, values, [](const SurvivalStep& step) { return step.surviving < 0.5 - kRounding; });
  return {from.value + (to.value - from.value) / 2, from.more || to.more};
}

std::optional<ConfidenceInterval> survival_median_interval(const std::vector<Bound>& values) {
  if (!median_rank(values.size())) return std::nullopt;
  const auto steps = survival(values);
  if (steps.empty()) return median_interval(values);
  const double limit = boost::math::quantile(boost::math::normal(), (1 + kConfidence) / 2);
  return ConfidenceInterval{
      first(steps, values, [&](const SurvivalStep& step) { return below_half(step) >= -limit; }),
      first(steps, values, [&](const SurvivalStep& step) { return below_half(step) > limit; }),
  };
}

}  // namespace blackstart
