// What a page of operations takes the next record of a series to be: what comes as expected costs no bytes (docs/record.md).
//
// Purpose: one definition for the side that writes and the side that reads. All sums are modulo 2^64, so that they are the same
// on both whatever the numbers are. Ownership: plain values. Thread rule: plain data.
#pragma once

#include <cstdint>
#include <numeric>

#include "reports/operation.h"

namespace blackstart::operation_page {

// So many operations in so many seconds, evenly. One that is not known (0 in 0) is due at once, whatever its number.
class Pace {
 public:
  Pace() = default;
  Pace(std::uint64_t operations, std::uint64_t seconds) : operations_(operations), seconds_(seconds) {
    if (operations == 0) return;
    const std::uint64_t period = seconds * 1'000'000'000, common = std::gcd(period, operations);
    under_ = operations / common;
    whole_ = period / common / under_;
    rest_ = period / common % under_;
  }
  // Within bounds that keep every intermediate result in its word.
  static bool possible(std::uint64_t operations, std::uint64_t seconds) {
    return operations == 0 ? seconds == 0 : operations >> 63 == 0 && seconds > 0 && seconds >> 34 == 0;
  }
  std::uint64_t operations() const { return operations_; }
  std::uint64_t seconds() const { return seconds_; }

  // after() needs no more than one word for it, as it does for some years.
  bool near(std::uint64_t number) const {
    std::uint64_t product = 0;
    return rest_ == 0 || !__builtin_mul_overflow(number, rest_, &product);
  }
  // When number `number` is due, in nanoseconds after number 0: rounded down, as the schedules of probes do it.
  std::uint64_t after(std::uint64_t number) const {
    if (rest_ == 0) return number * whole_;
    std::uint64_t product = 0;
    const bool wide = __builtin_mul_overflow(number, rest_, &product);
    return number * whole_ + (wide ? static_cast<std::uint64_t>(Wide{number} * rest_ / under_) : product / under_);
  }

 private:
  __extension__ using Wide = unsigned __int128;
  std::uint64_t operations_ = 0, seconds_ = 0;
  // The period is whole_ + rest_ / under_ nanoseconds.
  std::uint64_t whole_ = 0, rest_ = 0, under_ = 1;
};

// The first record of a series in a page finds this as it is made; each record adds what it tells.
struct Expected {
  Pace pace;
  std::uint64_t number = 0;
  std::uint64_t first_due = 0;  // of number 0, whether or not it is in this page
  Outcome outcome = Outcome::ok;
  std::uint16_t error = 0;

  std::uint64_t due(std::uint64_t of_number) const { return first_due + pace.after(of_number); }
  // `due` is what due() gave for it.
  void learn(const Operation& operation, std::uint64_t due_then) {
    number = operation.number + 1;
    first_due += static_cast<std::uint64_t>(operation.scheduled.count()) - due_then;
    outcome = operation.outcome;
    error = operation.error;
  }
};

}  // namespace blackstart::operation_page
