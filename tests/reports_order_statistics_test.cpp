#include "reports/order_statistics.h"

#include <boost/math/distributions/binomial.hpp>
#include <catch2/catch.hpp>

#include "tests/support/simulated_times.h"

using namespace blackstart;
using namespace blackstart::simulated;

namespace {

constexpr int kTrials = 3000;

Bound exact(int seconds) { return {std::chrono::seconds(seconds), false}; }
Bound more_than(int seconds) { return {std::chrono::seconds(seconds), true}; }

// That at most `most` of `runs` values are below the quantile of this share.
double at_most(std::size_t most, std::size_t runs, double share) {
  return boost::math::cdf(boost::math::binomial(static_cast<double>(runs), share), static_cast<double>(most));
}

double upper_confidence(std::size_t runs, double share) { return at_most(*upper_rank(runs, share) - 1, runs, share); }
double median_confidence(std::size_t runs) { return 1 - 2 * at_most(*median_rank(runs) - 1, runs, 0.5); }

}  // namespace

TEST_CASE("the median of exact values is exact") {
  CHECK(median({exact(3), exact(1), exact(2)}) == exact(2));
  CHECK(median({exact(4), exact(1), exact(2), exact(4)}) == exact(3));
  CHECK(median({exact(7)}) == exact(7));
}

TEST_CASE("censored values make a median a lower bound only where they may move it") {
  CHECK(median({exact(1), exact(2), more_than(120)}) == exact(2));
  CHECK(median({exact(1), more_than(120), more_than(60)}) == more_than(60));
  CHECK(median({exact(2), more_than(4)}) == more_than(3));
  CHECK(median({exact(1), exact(5), more_than(3)}) == more_than(3));  // it may be 5 just as well
  CHECK(median({more_than(9)}) == more_than(9));
}

TEST_CASE("the maximum is censored as soon as one value is") {
  CHECK(maximum({exact(1), exact(9)}) == exact(9));
  CHECK(maximum({exact(9), more_than(5)}) == more_than(9));
}

TEST_CASE("a p95 has an upper bound from 59 runs on: the longest, then the second, the third, the fifth longest") {
  CHECK_FALSE(upper_rank(0, 0.95));
  CHECK_FALSE(upper_rank(58, 0.95));
  CHECK(upper_rank(59, 0.95) == 59);
  CHECK(upper_rank(92, 0.95) == 92);
  CHECK(upper_rank(93, 0.95) == 92);
  CHECK(upper_rank(123, 0.95) == 122);
  CHECK(upper_rank(124, 0.95) == 122);
  CHECK(upper_rank(152, 0.95) == 150);
  CHECK(upper_rank(153, 0.95) == 150);
  CHECK(upper_rank(180, 0.95) == 177);
  CHECK(upper_rank(181, 0.95) == 177);
  CHECK(upper_rank(200, 0.95) == 196);
  CHECK(upper_rank(29, 0.90) == 29);
  CHECK_FALSE(upper_rank(28, 0.90));
  CHECK(upper_rank(299, 0.99) == 299);
  CHECK_FALSE(upper_rank(298, 0.99));
}

TEST_CASE("the longest of few runs bounds a lower quantile") {
  CHECK(bounded_share(20) == Approx(0.8609).epsilon(0.0001));
  CHECK(bounded_share(4) < 0.5);
  CHECK(bounded_share(5) > 0.5);
  for (std::size_t runs = 5; runs < 59; ++runs) CHECK(upper_rank(runs, bounded_share(runs) - 0.001) == runs);
}

TEST_CASE("a bound that falls on a censored value is more than that") {
  CHECK(at_rank({exact(3), more_than(9), exact(1)}, 3) == more_than(9));
  CHECK(at_rank({exact(3), more_than(2), exact(1)}, 3) == more_than(3));
  CHECK(at_rank({exact(3), more_than(9), exact(1)}, 2) == exact(3));
  CHECK(at_rank({more_than(9)}, 1) == more_than(9));
}

TEST_CASE("a median has an interval from 6 runs on") {
  CHECK_FALSE(median_rank(0));
  CHECK_FALSE(median_rank(5));
  CHECK(median_rank(6) == 1);
  CHECK(median_rank(9) == 2);
  CHECK(median_rank(20) == 6);
  CHECK_FALSE(median_interval({exact(1), exact(2), exact(3)}));
  CHECK(median_interval({exact(6), exact(1), exact(2), exact(5), exact(4), exact(3)}) ==
        ConfidenceInterval{exact(1), exact(6)});
  CHECK(median_interval({exact(6), exact(1), exact(2), more_than(5), exact(4), exact(3)}) ==
        ConfidenceInterval{exact(1), more_than(6)});
}

TEST_CASE("simulated: an upper bound by rank holds as often as the binomial distribution says") {
  Random random(20261122);
  for (const Shape& shape : shapes()) {
    for (const std::size_t runs : {std::size_t{20}, std::size_t{59}, std::size_t{93}}) {
      const double share = runs < 59 ? 0.86 : 0.95, said = upper_confidence(runs, share);
      const Duration truth = seconds(shape.quantile(share));
      const std::size_t rank = *upper_rank(runs, share);
      const double seen = share_of(kTrials, [&] { return at_rank(all_seen(shape, runs, random), rank).value >= truth; });
      const double censored = share_of(kTrials, [&] {
        const Bound bound = at_rank(some_censored(shape, runs, random), rank);
        return bound.more || bound.value >= truth;
      });
      INFO(shape.name << ", " << runs << " runs: " << said << " said, " << seen << " seen, " << censored << " with censoring");
      CHECK(said >= 0.95);
      CHECK(seen == Approx(said).margin(chance(kTrials, said)));
      CHECK(censored >= said - chance(kTrials, said));
    }
  }
}

TEST_CASE("simulated: a median's interval by ranks holds as often as the binomial distribution says") {
  Random random(5);
  for (const Shape& shape : shapes()) {
    const Duration truth = seconds(shape.quantile(0.5));
    for (const std::size_t runs : {std::size_t{6}, std::size_t{20}, std::size_t{45}}) {
      const double said = median_confidence(runs);
      const double seen = share_of(kTrials, [&] { return covers(*median_interval(all_seen(shape, runs, random)), truth); });
      const double censored =
          share_of(kTrials, [&] { return covers(*median_interval(some_censored(shape, runs, random)), truth); });
      INFO(shape.name << ", " << runs << " runs: " << said << " said, " << seen << " seen, " << censored << " with censoring");
      CHECK(said >= 0.95);
      CHECK(seen == Approx(said).margin(chance(kTrials, said)));
      CHECK(censored >= said - chance(kTrials, said));
    }
  }
}
