// How long a stage takes: the quantiles of sums of uniform parts, by hand and by simulation.
#include "reports/stage_time.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "tests/support/error_of.h"

using namespace blackstart;

namespace {

double seconds(Duration value) { return std::chrono::duration<double>(value).count(); }

// The largest distance between the simulated and the computed distribution.
double distance(const StageTime& time, std::uint64_t seed) {
  constexpr int kDraws = 20'000;
  std::mt19937_64 random(seed);
  std::vector<double> drawn;
  for (int i = 0; i < kDraws; ++i) {
    double sum = seconds(time.constant);
    for (Duration part : time.uniform) sum += seconds(part) * std::uniform_real_distribution<>(0, 1)(random);
    drawn.push_back(sum);
  }
  std::sort(drawn.begin(), drawn.end());
  double worst = 0;
  for (int i = 0; i < kDraws; i += 100) {
    const auto at = Duration(static_cast<std::int64_t>(drawn[static_cast<std::size_t>(i)] * 1e9));
    worst = std::max(worst, std::abs(share_within(time, at) - static_cast<double>(i) / kDraws));
  }
  return worst;
}

}  // namespace

TEST_CASE("stage time: a constant alone is itself", "[stage-time]") {
  const StageTime time{3s, {}};
  CHECK(least_of(time) == 3s);
  CHECK(most_of(time) == 3s);
  CHECK(quantile_of(time, 0.05) == 3s);
  CHECK(quantile_of(time, 0.95) == 3s);
}

TEST_CASE("stage time: one uniform part", "[stage-time]") {
  // 1 s + U(0, 1 s): 5 % at 1.05 s, 95 % at 1.95 s.
  const StageTime time{1s, {1s}};
  CHECK(seconds(quantile_of(time, 0.05)) == Approx(1.05).margin(1e-5));
  CHECK(seconds(quantile_of(time, 0.95)) == Approx(1.95).margin(1e-5));
  // 3.6 s − U(0, 1 s)
  const StageTime backwards{3600ms, {-1s}};
  CHECK(least_of(backwards) == 2600ms);
  CHECK(most_of(backwards) == 3600ms);
  CHECK(seconds(quantile_of(backwards, 0.05)) == Approx(2.65).margin(1e-5));
}

TEST_CASE("stage time: two equal parts make a triangle", "[stage-time]") {
  // U + U on [0, 2]: F(x) = x²/2 up to 1, so 5 % at √0.1.
  const StageTime time{0s, {1s, 1s}};
  CHECK(share_within(time, 1s) == Approx(0.5));
  CHECK(seconds(quantile_of(time, 0.05)) == Approx(std::sqrt(0.1)).margin(1e-5));
  CHECK(seconds(quantile_of(time, 0.95)) == Approx(2 - std::sqrt(0.1)).margin(1e-5));
}

TEST_CASE("stage time: the first of many comes earlier", "[stage-time]") {
  // min of 4 of U(0, 1): 1 − (1 − x)⁴ = 0.95 at x = 1 − 0.05^(1/4)
  const StageTime time{0s, {1s}};
  CHECK(seconds(quantile_of_first(time, 4, 0.95)) == Approx(1 - std::pow(0.05, 0.25)).margin(1e-5));
  CHECK(quantile_of_first(time, 1, 0.95) == quantile_of(time, 0.95));
}

TEST_CASE("stage time: as simulated, whatever the widths are", "[stage-time]") {
  // With 20,000 draws a distance over 1.95/√20000 = 0.0138 has a chance of one in a thousand.
  const StageTime some[] = {{5s, {-1s, 500ms}}, {0s, {60s, 100ms, 200ms}}, {2s, {1s, 1s, 1s, 1s}},
                            {75s, {-30s, 37s}}, {1s, {10s, 1us}},          {1s, {1s, 2s, 3s, 4s, 5s, 6s, 7s, 8s}}};
  std::uint64_t seed = 1;
  for (const StageTime& time : some) CHECK(distance(time, seed++) < 0.0138);
}

TEST_CASE("stage time: outside of its range it is certain; too many parts are an error", "[stage-time]") {
  const StageTime time{1s, {1s, 1s}};
  CHECK(share_within(time, 999ms) == 0);
  CHECK(share_within(time, 3s) == 1);
  CHECK(error_of([] { share_within({0s, std::vector<Duration>(9, 1s)}, 2s); }).kind() == ErrorKind::internal);
}
