// A number that somebody wrote in decimals, as the fraction of whole numbers that was meant.
//
// Purpose: what is counted in such a number never drifts: 10/min is exactly one in six seconds. Ownership: a value. Thread
// rule: a pure function.
#pragma once

#include <cstdint>

namespace blackstart {

struct Fraction {
  std::uint64_t over = 0, under = 1;
};

// The simplest fraction that is `value` (0 to 1e9) up to the rounding of a double, by continued fractions. One that needs a
// number beyond 1e9 below or 1e12 above the line is cut short there.
Fraction fraction_of(double value);

}  // namespace blackstart
