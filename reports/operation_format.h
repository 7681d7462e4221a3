// The first bytes of a file of operations, of this version and of the one before: docs/record.md.
// Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "reports/varint.h"

namespace blackstart::operation_format {

inline constexpr std::string_view kMagic = "BLKSTOPS";
inline constexpr std::uint32_t kVersion = 2;
inline constexpr std::size_t kHeadBytes = 16;

// `unit`: the length of a page; in version 1 of a record.
inline std::string head(std::uint32_t version, std::uint64_t unit) {
  std::string bytes(kHeadBytes, '\0');
  bytes.replace(0, kMagic.size(), kMagic);
  varint::store(bytes.data() + kMagic.size(), version | (unit << 32));
  return bytes;
}

}  // namespace blackstart::operation_format
