#include "reports/stage_time.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "base/error.h"

namespace blackstart {
namespace {

constexpr std::size_t kMostParts = 8;

// Widths in seconds; one that is next to nothing beside the widest would only add rounding errors.
std::vector<long double> widths_of(const StageTime& time) {
  if (time.uniform.size() > kMostParts)
    throw Error(ErrorKind::internal, "computing how long a stage takes", "it has more than eight uniform parts");
  std::vector<long double> widths;
  for (Duration part : time.uniform) widths.push_back(std::chrono::duration<long double>(part < 0s ? -part : part).count());
  const auto widest = std::max_element(widths.begin(), widths.end());
  const long double enough = widest == widths.end() ? 0 : *widest * 1e-4L;
  std::erase_if(widths, [&](long double width) { return width <= enough; });
  return widths;
}

// P(Σ U(0, w) ≤ x)
long double share_of(const std::vector<long double>& widths, long double x) {
  const auto n = static_cast<int>(widths.size());
  long double sum = 0, volume = 1;
  for (int i = 0; i < n; ++i) volume *= widths[static_cast<std::size_t>(i)] * (i + 1);
  for (std::uint32_t subset = 0; subset < (1U << n); ++subset) {
    long double rest = x;
    for (int i = 0; i < n; ++i)
      if ((subset >> i & 1U) != 0) rest -= widths[static_cast<std::size_t>(i)];
    if (rest > 0) sum += (std::popcount(subset) % 2 == 0 ? 1 : -1) * std::pow(rest, static_cast<long double>(n));
  }
  return std::clamp(sum / volume, 0.0L, 1.0L);
}

}  // namespace

Duration least_of(const StageTime& time) {
  Duration least = time.constant;
  for (Duration part : time.uniform) least += std::min(part, Duration(0));
  return least;
}

Duration most_of(const StageTime& time) {
  Duration most = time.constant;
  for (Duration part : time.uniform) most += std::max(part, Duration(0));
  return most;
}

double share_within(const StageTime& time, Duration value) {
  if (value >= most_of(time)) return 1;
  if (value < least_of(time)) return 0;
  const auto widths = widths_of(time);
  return static_cast<double>(share_of(widths, std::chrono::duration<long double>(value - least_of(time)).count()));
}

Duration quantile_of(const StageTime& time, double probability) {
  Duration low = least_of(time), high = most_of(time);
  while (high - low > 1us) {
    const Duration middle = low + (high - low) / 2;
    (share_within(time, middle) < probability ? low : high) = middle;
  }
  return high;
}

// P(first ≤ x) = 1 − (1 − P(T ≤ x))^count
Duration quantile_of_first(const StageTime& time, std::size_t count, double probability) {
  const double each = 1 - std::pow(1 - probability, 1.0 / static_cast<double>(std::max<std::size_t>(count, 1)));
  return quantile_of(time, each);
}

}  // namespace blackstart
