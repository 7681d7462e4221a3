#include "reports/order_statistics.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>

namespace blackstart {
namespace {

using Binomial = boost::math::binomial_distribution<>;

// The value of this rank, were all censored ones at `elsewhere`.
Duration ranked(const std::vector<Bound>& values, std::size_t rank, Duration elsewhere) {
  std::vector<Duration> all;
  for (const Bound& one : values) all.push_back(one.more ? std::max(one.value, elsewhere) : one.value);
  std::sort(all.begin(), all.end());
  return all[rank - 1];
}

}  // namespace

Bound at_rank(const std::vector<Bound>& values, std::size_t rank) {
  const Duration least = ranked(values, rank, Duration{0});
  return {least, ranked(values, rank, Duration::max()) != least};
}

Bound median(const std::vector<Bound>& values) {
  const Bound lower = at_rank(values, (values.size() + 1) / 2), upper = at_rank(values, values.size() / 2 + 1);
  return {lower.value + (upper.value - lower.value) / 2, lower.more || upper.more};
}

Bound maximum(const std::vector<Bound>& values) {
  Bound result;
  for (const Bound& value : values) {
    result.value = std::max(result.value, value.value);
    result.more = result.more || value.more;
  }
  return result;
}

// The value of a rank is below the quantile only when that many values are, and each is with a probability of `share` at most.
std::optional<std::size_t> upper_rank(std::size_t runs, double share) {
  const Binomial below(static_cast<double>(runs), share);
  const auto sure = [&](std::size_t rank) {
    return rank > 0 && boost::math::cdf(below, static_cast<double>(rank - 1)) >= kConfidence;
  };
  if (!sure(runs)) return std::nullopt;
  std::size_t rank = runs;
  while (sure(rank - 1)) --rank;
  return rank;
}

double bounded_share(std::size_t runs) { return std::pow(1 - kConfidence, 1 / static_cast<double>(runs)); }

std::optional<std::size_t> median_rank(std::size_t runs) {
  if (runs == 0) return std::nullopt;
  const Binomial below(static_cast<double>(runs), 0.5);
  std::size_t rank = 0;
  while (boost::math::cdf(below, static_cast<double>(rank)) <= (1 - kConfidence) / 2) ++rank;
  return rank == 0 ? std::nullopt : std::optional(rank);
}

std::optional<ConfidenceInterval> median_interval(const std::vector<Bound>& values) {
  const auto rank = median_rank(values.size());
  if (!rank) return std::nullopt;
  return ConfidenceInterval{at_rank(values, *rank), at_rank(values, values.size() + 1 - *rank)};
}

}  // namespace blackstart
