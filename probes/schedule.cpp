#include "probes/schedule.h"

#include <cmath>

namespace blackstart {
namespace {

__extension__ using Wide = unsigned __int128;  // number * seconds * 1e9 does not fit 64 bits after a few years
constexpr std::uint64_t kNanoseconds = 1'000'000'000;

struct Fraction {
  std::uint64_t over, under;
};

// The simplest fraction that is `value` up to the rounding of a double (continued fraction).
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

}  // namespace

Schedule::Schedule(Time first, double rate) : first_(first) {
  Fraction fraction = fraction_of(rate);
  operations_ = fraction.over;
  seconds_ = fraction.under;
}

Time Schedule::due(std::uint64_t number) const {
  Wide after = Wide{number} * seconds_ * kNanoseconds / operations_;
  return first_ + Duration(static_cast<std::int64_t>(after));
}

std::uint64_t Schedule::due_before(Time time) const {
  if (time <= first_) return 0;
  // number * seconds * 1e9 / operations < elapsed (rounded down on the left) means number < elapsed * operations / (seconds *
  // 1e9).
  Wide elapsed = static_cast<std::uint64_t>((time - first_).count());
  Wide unit = Wide{seconds_} * kNanoseconds;
  return static_cast<std::uint64_t>((elapsed * operations_ + unit - 1) / unit);
}

Duration phase(std::size_t index, std::size_t count, double highest_rate) {
  return Duration(static_cast<std::int64_t>(1e9 / highest_rate * static_cast<double>(index) / static_cast<double>(count)));
}

}  // namespace blackstart
