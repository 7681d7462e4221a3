// Who pays whom in a bank of so many accounts: a pure function, so that neither a probe nor its record needs to keep a list.
//
// Purpose: probes post what it says, and files of operations leave out what it says (docs/record.md). It is part of that
// format: it must never change. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <bit>
#include <cstdint>

namespace blackstart {

struct Transfer {
  std::uint64_t posting = 0;  // the client-made unique id
  std::uint32_t from = 0, to = 0;
  std::int64_t amount = 0;  // cents

  bool operator==(const Transfer&) const = default;
};

inline constexpr std::int64_t kMostAmount = 10'000;  // cents

// splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): well mixed, and the same everywhere.
inline std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Transfer number `number` of a bank with `accounts` accounts, 2 to 4294967295.
Transfer planned_transfer(std::uint64_t number, std::uint64_t accounts);

// Tells for one divisor whether it divides, by a multiplication (Granlund, Montgomery: Division by invariant integers using
// multiplication, 1994, section 9).
class Divisor {
 public:
  explicit Divisor(std::uint64_t divisor);  // over 0
  bool divides(std::uint64_t number) const { return std::rotr(number * inverse_, twos_) <= most_; }

 private:
  int twos_;               // how often two divides it
  std::uint64_t inverse_;  // of its odd part, modulo 2^64
  std::uint64_t most_;     // the largest quotient
};

// planned_transfer() the other way round: is this the transfer that is planned? No division, as it is asked for each operation.
class TransferPlan {
 public:
  explicit TransferPlan(std::uint64_t accounts) : accounts_(accounts), among_all_(accounts), among_others_(accounts - 1) {}

  bool has(std::uint64_t number, const Transfer& t) const {
    const std::uint64_t from = std::uint64_t{t.from} - 1, to = std::uint64_t{t.to} - 1;
    if (t.posting != number + 1 || from >= accounts_ || to >= accounts_ || from == to) return false;
    const std::uint64_t beyond = (to > from ? to - from : to + accounts_ - from) - 1;  // the next account, and so many more
    const std::uint64_t drawn_from = mix(3 * number), drawn_to = mix(3 * number + 1);
    return drawn_from >= from && among_all_.divides(drawn_from - from) && drawn_to >= beyond &&
           among_others_.divides(drawn_to - beyond) &&
           t.amount == static_cast<std::int64_t>(1 + mix(3 * number + 2) % kMostAmount);
  }

 private:
  std::uint64_t accounts_;
  Divisor among_all_, among_others_;
};

}  // namespace blackstart
