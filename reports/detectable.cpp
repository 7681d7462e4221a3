#include "reports/detectable.h"

#include <boost/math/distributions/normal.hpp>
#include <cmath>

namespace blackstart {
namespace {

constexpr double kPower = 0.8;

}  // namespace

std::optional<double> log_spread(const std::vector<Bound>& values) {
  if (values.size() < 2) return std::nullopt;
  const auto count = static_cast<double>(values.size());
  std::vector<double> logs;
  double mean = 0, squares = 0;
  for (const Bound& one : values) {
    if (one.more || one.value <= Duration{0}) return std::nullopt;
    logs.push_back(std::log(static_cast<double>(one.value.count())));
    mean += logs.back() / count;
  }
  for (double one : logs) squares += (one - mean) * (one - mean);
  return std::sqrt(squares / (count - 1));
}

// Noether's number of runs, solved for the probability that the other version's run is the slower one; of two lognormal times
// that probability tells how far apart their medians are.
std::optional<double> detectable_slowdown(std::size_t runs, double spread) {
  if (runs < kRunsToCompare) return std::nullopt;
  const boost::math::normal standard;
  const double quantiles = boost::math::quantile(standard, kConfidence) + boost::math::quantile(standard, kPower);
  const double slower = 0.5 + quantiles / std::sqrt(6 * static_cast<double>(runs));
  return std::exp(spread * std::sqrt(2.0) * boost::math::quantile(standard, slower)) - 1;
}

}  // namespace blackstart
