#include "base/fraction.h"

#include <cmath>

namespace blackstart {

Fraction fraction_of(double value) {
  constexpr double kRounding = 1e-13;
  constexpr double kLargest = 1e9;
  std::uint64_t over = 1, under = 0, last_over = 0, last_under = 1;
  for (double rest = value;;) {
    double whole = std::floor(rest);
    auto term = static_cast<std::uint64_t>(whole);
    std::uint64_t next_over = term * over + last_over, next_under = term * under + last_under;
    last_over = over, last_under = under, over = next_over, under = next_under;
    double reached = static_cast<double>(over) / static_cast<double>(under);
    double left = rest - whole;
    if (std::abs(reached - value) <= value * kRounding || left <= 0) break;
    rest = 1 / left;
    if (static_cast<double>(under) * rest > kLargest || static_cast<double>(over) * rest > kLargest * 1e3) break;
  }
  return {over, under};
}

}  // namespace blackstart
