#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "reports/stream.h"
#include "runner/outage_server.h"

namespace blackstart {
namespace {

constexpr Duration kBaseline = 2s;               // before the first: the latency of a sound server is a part of the ±
constexpr double kLeastMore = 0.1, kMore = 0.1;  // seconds that it is up beyond the hold, and more by chance

double seconds(Duration value) { return std::chrono::duration<double>(value).count(); }

}  // namespace

Duration OutagePlan::length() const {
  return std::accumulate(up.begin(), up.end(), std::accumulate(out.begin(), out.end(), Duration(0)));
}

OutagePlan plan_outages(std::size_t count, Duration longest, Duration hold, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> share(0, 1);
  const double ratio = seconds(longest) / seconds(kShortestOutage);
  OutagePlan plan;
  for (std::size_t k = 0; k < count; ++k) {
    const double place = (static_cast<double>(k) + share(random)) / static_cast<double>(count);
    plan.out.push_back(from_seconds(seconds(kShortestOutage) * std::pow(ratio, place)));
    plan.up.push_back(hold + from_seconds(kLeastMore + kMore * share(random)));
  }
  std::shuffle(plan.out.begin(), plan.out.end(), random);
  if (count > 0) plan.up.front() += kBaseline;
  return plan;
}

}  // namespace blackstart
