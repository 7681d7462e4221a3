// Whole numbers in as few bytes as they need, as files of operations have them: docs/record.md, "numbers".
//
// Purpose: the first byte tells the length, so that neither side has a loop. Ownership: a Reader refers to bytes that outlive
// it. Thread rule: pure functions; a Reader belongs to one thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace blackstart::varint {

// Little-endian whatever the machine is.
inline std::uint64_t little(std::uint64_t word) {
  return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}
inline void store(char* at, std::uint64_t word) {
  word = little(word);
  std::memcpy(at, &word, sizeof word);
}
inline std::uint64_t load(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return little(word);
}

// A signed number, given in two's complement, as one that is small when it is near to 0: 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4.
inline std::uint64_t zigzag(std::uint64_t value) { return (value << 1) ^ (0 - (value >> 63)); }
inline std::uint64_t unzigzag(std::uint64_t value) { return (value >> 1) ^ (0 - (value & 1)); }

// The bytes of a number below 2^56, the first one lowest.
struct Bytes {
  std::uint64_t word;
  unsigned length;  // 1 to 8
};
inline Bytes bytes_of(std::uint64_t value) {
  const std::uint64_t marked = 2 * value + 1;
  const unsigned highest = 63U ^ static_cast<unsigned>(std::countl_zero(marked));
  const unsigned more = (9 * highest) >> 6;  // up to 7 bits fit one byte: for 0 to 56 that is (highest - 1) / 7, and 0 for 0
  return {marked << more, more + 1};
}

// Writes a number, 9 bytes at the most; up to 7 bytes behind it are overwritten as well. Returns its end.
inline char* put(char* at, std::uint64_t value) {
  if (value >> 56 != 0) {
    *at = 0;
    store(at + 1, value);
    return at + 9;
  }
  const Bytes bytes = bytes_of(value);
  store(at, bytes.word);
  return at + bytes.length;
}

// Reads what put() has written, or anything else: what goes beyond the end is 0, and failed() from then on.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  bool failed() const { return failed_; }

  unsigned byte() {
    if (left() == 0) return fail();
    return static_cast<unsigned char>(*at_++);
  }

  std::uint64_t number() {
    const std::uint64_t word = next_word();
    if ((word & 0xFF) == 0) return long_number();
    const unsigned length = static_cast<unsigned>(std::countr_zero(word)) + 1;
    if (left() < length) return fail();
    at_ += length;
    return (word << (64 - 8 * length)) >> (64 - 7 * length);
  }

 private:
  // The next eight bytes, with zeros for those that are missing.
  std::uint64_t next_word() const {
    if (left() >= 8) return load(at_);
    char bytes[8] = {};
    for (std::size_t i = 0; i < left(); ++i) bytes[i] = at_[i];
    return load(bytes);
  }

  std::uint64_t long_number() {
    if (left() < 9) return fail();
    const std::uint64_t value = load(at_ + 1);
    at_ += 9;
    return value;
  }

  unsigned fail() {
    failed_ = true;
    at_ = end_;
    return 0;
  }

  const char* at_;
  const char* end_;
  bool failed_ = false;
};

}  // namespace blackstart::varint
