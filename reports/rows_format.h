// The bytes of a file of a replica's rows: docs/record.md has the layout.
//
// Purpose: one definition for the side that writes and the side that reads. Ownership: plain values. Thread rule: pure
// functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "reports/snapshot.h"
#include "reports/transfer_plan.h"
#include "reports/varint.h"

namespace blackstart::rows_format {

inline constexpr std::string_view kMagic = "BLKSTROW";
inline constexpr std::uint32_t kVersion = 2;
inline constexpr std::size_t kHeadBytes = 16;
inline constexpr std::size_t kMostBytes = 65536;   // of a block, without its head
inline constexpr std::size_t kBlockHeadBytes = 8;  // how many bytes there are; their checksum, on top of the block's before
inline constexpr std::size_t kLongest = 80;        // an entry has 55 bytes at the most; a store takes up to 7 behind it along

inline std::string head() {
  std::string bytes(kHeadBytes, '\0');
  bytes.replace(0, kMagic.size(), kMagic);
  varint::store(bytes.data() + kMagic.size(), kVersion | (std::uint64_t{kMostBytes} << 32));
  return bytes;
}

// The first byte of a block.
enum Kind : char { kReplica = 1, kAccounts = 2, kRows = 3, kEnd = 4 };

// The lowest two bits of an entry's first number in a block of rows; the bits above are its value.
inline constexpr std::uint64_t kRun = 0;    // so many rows and one, each as planned and whole
inline constexpr std::uint64_t kSkip = 1;   // so many postings and one that have no row
inline constexpr std::uint64_t kRow = 2;    // one row, with these flags
inline constexpr std::uint64_t kAgain = 1;  // under the posting of the row before
inline constexpr std::uint64_t kPlanned = 2;
inline constexpr std::uint64_t kWhole = 4;
// More rows than this are several runs: what a few bytes claim must be read in little time, whoever wrote them.
inline constexpr std::uint64_t kMostInRun = 4096;

// Both history rows are there.
inline bool whole(const PostedTransfer& t) { return t.history_rows == 2 && t.debit == t.amount && t.credit == t.amount; }

// The row that transfer number `posting` - 1 leaves behind in a bank of so many accounts.
inline PostedTransfer planned_row(std::uint64_t posting, std::uint64_t accounts) {
  const Transfer t = planned_transfer(posting - 1, accounts);
  return {posting, t.from, t.to, t.amount, 2, t.amount, t.amount};
}

// There is such a plan.
inline bool plans(std::uint64_t accounts) { return accounts >= 2 && accounts <= UINT32_MAX; }

}  // namespace blackstart::rows_format
