#include "reports/detectable.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/simulated_times.h"

using namespace blackstart;
using namespace blackstart::simulated;

namespace {

// Of lognormal times with this coefficient of variation.
double spread_of(double variation) { return std::sqrt(std::log(1 + variation * variation)); }

// Whether a one-sided Mann–Whitney test at 5 % calls the second series the slower one.
bool found(const std::vector<double>& before, const std::vector<double>& after) {
  const auto runs = static_cast<double>(before.size());
  double slower = 0;
  for (double old : before)
    for (double now : after) slower += now > old;
  const double expected = runs * runs / 2, error = std::sqrt(runs * runs * (2 * runs + 1) / 12);
  return slower - 0.5 - expected >= 1.6449 * error;
}

// How often a slowdown is found in `runs` runs against as many.
double power(std::size_t runs, double spread, double slowdown, Random& random) {
  std::vector<double> before(runs), after(runs);
  return share_of(4000, [&] {
    for (double& one : before) one = std::exp(spread * normal(random));
    for (double& one : after) one = (1 + slowdown) * std::exp(spread * normal(random));
    return found(before, after);
  });
}

}  // namespace

TEST_CASE("what so many runs can see is what tables of Mann–Whitney's test say") {
  CHECK(*detectable_slowdown(40, spread_of(0.15)) == Approx(0.091).margin(0.002));
  CHECK(*detectable_slowdown(12, spread_of(0.15)) == Approx(0.188).margin(0.002));
  CHECK(*detectable_slowdown(40, spread_of(0.30)) == Approx(0.188).margin(0.002));
  CHECK(*detectable_slowdown(10, spread_of(0.30)) == Approx(0.465).margin(0.003));
  CHECK(*detectable_slowdown(20, 0) == Approx(0).margin(1e-9));
}

TEST_CASE("of too few runs nothing is said") {
  for (std::size_t runs = 0; runs < kRunsToCompare; ++runs) CHECK_FALSE(detectable_slowdown(runs, 0.2));
  CHECK(detectable_slowdown(kRunsToCompare, 0.2));
}

TEST_CASE("the spread is that of logarithms, and there is none of what has no logarithm or no end") {
  const Bound one{1s, false}, e{2'718'281'828ns, false}, none{0s, false}, more{1s, true};
  CHECK(*log_spread({one, e}) == Approx(std::sqrt(0.5)));
  CHECK(*log_spread({one, one, one}) == Approx(0).margin(1e-9));
  CHECK_FALSE(log_spread({one}));
  CHECK_FALSE(log_spread({one, none}));
  CHECK_FALSE(log_spread({one, more, e}));
}

TEST_CASE("simulated: the slowdown that is named is found in four of five comparisons") {
  Random random(20261122);
  for (const std::size_t runs : {std::size_t{10}, std::size_t{20}, std::size_t{40}})
    for (const double spread : {0.1, 0.5}) {
      const double slowdown = *detectable_slowdown(runs, spread);
      const double seen = power(runs, spread, slowdown, random), nothing = power(runs, spread, 0, random);
      INFO(runs << " runs of spread " << spread << ", slower by " << slowdown << ": found in " << seen << "; in " << nothing
                << " where there is none");
      CHECK(seen == Approx(0.8).margin(0.05));  // with 10 runs it errs on the safe side: 85 % are found
      CHECK(nothing <= 0.05 + chance(4000, 0.05));
    }
}
