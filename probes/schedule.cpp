#include "probes/schedule.h"

#include "base/fraction.h"

namespace blackstart {
namespace {

__extension__ using Wide = unsigned __int128;  // number * seconds * 1e9 does not fit 64 bits after a few years
constexpr std::uint64_t kNanoseconds = 1'000'000'000;

}  // namespace

Schedule::Schedule(Time first, double rate) : first_(first) {
  const Fraction fraction = fraction_of(rate);
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
