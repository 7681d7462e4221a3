// A page of a file of operations: written record by record, read as a whole. docs/record.md has the layout byte by byte.
//
// Purpose: each page is read by itself, so that damage costs one page, and is whole after each record, so that the death of the
// process at any instruction costs nothing. Ownership: a PageWriter refers to memory that outlives its use. Thread rule: a
// writer or reader belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "reports/operation.h"
#include "reports/operation_series.h"
#include "reports/transfer_plan.h"

namespace blackstart::operation_page {

inline constexpr std::size_t kBytes = 65536;  // the file's first page shares them with the file's head
inline constexpr std::size_t kHeadBytes = 8;  // how many bytes of records there are, and their checksum

// The first byte of a record: whether flags follow, the series, how far its number is from the expected one.
inline constexpr unsigned kHasFlags = 1;
inline constexpr unsigned kSeriesShift = 1, kSeriesBeyond = 3;  // from here on: 3, and the rest in a number
inline constexpr unsigned kStepShift = 3, kStepBeyond = 31;
// The byte of flags.
inline constexpr unsigned kOutcome = 1;    // outcome and error are not those of the series' record before
inline constexpr unsigned kScheduled = 2;  // the scheduled time is not as expected
inline constexpr unsigned kNotSent = 4, kNotDone = 8;
inline constexpr unsigned kExact = 16;     // sent and done in nanoseconds, before or after the scheduled time
inline constexpr unsigned kPosting = 32;   // it does not post what the plan says
inline constexpr unsigned kOpens = 64;     // the series' first record in this page
inline constexpr unsigned kUnknown = 128;  // none of ours

// The latest time that is kept in microseconds: 126 years. A multiple of 1000.
inline constexpr std::int64_t kLatest = 4'000'000'000'000'000'000;
inline constexpr std::uint64_t kLatestMicros = kLatest / 1000;

class PageWriter {
 public:
  explicit PageWriter(const std::vector<SeriesPlan>& plans);
  // Begins a page in `bytes` bytes of zeros at `at`, which is a multiple of 8.
  void begin(char* at, std::size_t bytes);
  // There may be no room for one more record.
  bool full() const { return static_cast<std::size_t>(end_ - at_) < kLongest; }
  // Only when not full. When it returns the record is in the page, and the page is whole.
  void put(const Operation& operation);
  char* end() const { return at_; }  // of what was put
  void finish() { end_ = at_; }      // it is full from now on

 private:
  static constexpr std::size_t kLongest = 128;  // a record has 91 bytes at the most; a store takes up to 7 behind them along

  struct Series {
    Pace pace;
    std::uint64_t accounts = 0;
    std::uint64_t page = 0;  // where it has been opened last; pages count from 1
    Expected expected = {};
  };

  inline bool put_short(const Operation& operation);
  inline void append(std::uint64_t word, unsigned length);
  void put_any(const Operation& operation);
  Series& series_of(std::uint16_t index);
  static unsigned flags_of(const Operation& operation, const Series& series, std::uint64_t due);
  void write(const Operation& operation, const Series& series, std::uint64_t step, std::uint64_t due, unsigned flags);
  inline void publish();

  std::vector<Series> series_;  // kSeriesBeyond at least
  std::uint64_t page_ = 0;
  char* head_ = nullptr;
  char* at_ = nullptr;
  char* end_ = nullptr;
  std::uint32_t crc_ = 0;
};

class PageReader {
 public:
  // Appends what `page` holds, and returns how many of its bytes are damaged: all of them when the checksum is wrong, none or
  // those from the first that makes no sense otherwise.
  std::size_t read(std::string_view page, std::vector<Operation>& to);

 private:
  struct Series {
    std::uint64_t accounts = 0;
    std::uint64_t page = 0;
    Expected expected = {};
  };
  std::vector<Series> series_;
  std::uint64_t page_ = 0;
  class Record;
};

}  // namespace blackstart::operation_page
