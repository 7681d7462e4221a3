// CRC-32C of a few bytes that are in a register: what crc32c() of files.h says of them, without a call.
//
// Purpose: a page of operations is checked anew after each record, and that must cost next to nothing. Ownership: none. Thread
// rule: pure functions.
#pragma once

#include <cstdint>

#include "reports/files.h"

namespace blackstart {
namespace crc_word {

// Does this processor have an instruction for it?
#if defined(__x86_64__)
inline const bool kInstruction = __builtin_cpu_supports("sse4.2") != 0;

// In assembler, as the compiler puts nothing that needs the instruction into what must run without it.
inline std::uint64_t step(std::uint64_t word) {
  std::uint64_t remainder = 0;
  asm("crc32q %1, %0" : "+r"(remainder) : "r"(word));
  return remainder;
}
#else
inline constexpr bool kInstruction = false;
inline std::uint64_t step(std::uint64_t) { return 0; }  // never called
#endif

// Zeros before the first byte change nothing while the remainder is zero. So the bytes go to the end of a word of eight, and
// the remainder so far into the first four of them; what of it goes beyond the last one is left over.
inline std::uint32_t by_instruction(std::uint64_t word, unsigned length, std::uint32_t before) {
  const std::uint64_t crc = static_cast<std::uint32_t>(~before), left_over = (crc >> (4 * length)) >> (4 * length);
  return ~static_cast<std::uint32_t>(step((word ^ crc) << (64 - 8 * length)) ^ left_over);
}

}  // namespace crc_word

// Of the `length` (1 to 8) low bytes of `word`, the lowest first, which follow on those whose checksum is `before`.
inline std::uint32_t crc32c(std::uint64_t word, unsigned length, std::uint32_t before) {
  if (crc_word::kInstruction) return crc_word::by_instruction(word, length, before);
  return crc32c_by_table(word, length, before);
}

}  // namespace blackstart
