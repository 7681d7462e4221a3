// Who pays whom in a bank of so many accounts: a pure function, so that neither a probe nor its record needs to keep a list.
//
// Purpose: probes post what it says, and files of operations leave out what it says (docs/record.md). It is part of that
// format: it must never change. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <cstdint>

namespace blackstart {

struct Transfer {
  std::uint64_t posting = 0;  // the client-made unique id
  std::uint32_t from = 0, to = 0;
  std::int64_t amount = 0;  // cents

  bool operator==(const Transfer&) const = default;
};

inline constexpr std::uint64_t kMostAmount = 10'000;  // cents

// splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): well mixed, and the same everywhere.
inline std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// 0 to `limit` - 1, by 32 bits that were drawn (Lemire: Fast random integer generation in an interval, 2019, without its
// rejections).
inline std::uint64_t share(std::uint64_t drawn, std::uint64_t limit) { return (drawn * limit) >> 32; }

// Transfer number `number` of a bank with `accounts` accounts, 2 to 4294967295. Asked for each operation that is recorded: no
// division.
inline Transfer planned_transfer(std::uint64_t number, std::uint64_t accounts) {
  const std::uint64_t drawn = mix(2 * number), from = share(drawn >> 32, accounts);
  const std::uint64_t beyond = from + 1 + share(drawn & 0xFFFFFFFF, accounts - 1),
                      to = beyond - (beyond < accounts ? 0 : accounts);
  return {number + 1, static_cast<std::uint32_t>(from + 1), static_cast<std::uint32_t>(to + 1),
          static_cast<std::int64_t>(1 + share(mix(2 * number + 1) >> 32, kMostAmount))};
}

}  // namespace blackstart
