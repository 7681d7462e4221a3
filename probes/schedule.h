// When the operations of a series are due: an open loop, decided before the first one is sent.
//
// Purpose: number k is due at first + k / rate, exactly, however long it runs and whatever became of the earlier ones.
// Ownership: a value. Thread rule: immutable.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace blackstart {

class Schedule {
 public:
  // `rate` is in operations a second, over 0 and at most 1e6.
  Schedule(Time first, double rate);
  // Rounded down to a whole nanosecond; the error never adds up.
  Time due(std::uint64_t number) const;
  // How many operations are due before `time`: numbers 0 to that minus 1.
  std::uint64_t due_before(Time time) const;

 private:
  Time first_;
  // The rate as a fraction of whole numbers, so that 10/min is exactly one in six seconds.
  std::uint64_t operations_, seconds_;
};

// How far series `index` of `count` is moved, so that the series of one probe don't all send at the same instant: its share of
// the shortest period, that of `highest_rate`.
Duration phase(std::size_t index, std::size_t count, double highest_rate);

}  // namespace blackstart
