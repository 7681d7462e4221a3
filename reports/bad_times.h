// When each bad operation of a series was certain to be bad, in the order of these times.
//
// Purpose: what an error budget is spent on. Few are kept; many are found again in the stream by each Cursor, so that a record
// of nothing but failures needs no more memory than another. Ownership: refers to the Stream. Thread rule: one thread for each
// Cursor.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "reports/stream.h"
#include "reports/time_order.h"

namespace blackstart {

class BadTimes {
 public:
  static constexpr std::size_t kMostKept = std::size_t{1} << 20;

  explicit BadTimes(const Stream& stream, std::size_t most_kept = kMostKept) : stream_(stream), most_kept_(most_kept) {}
  void see(const Operation& operation);  // each of the stream's, once and in order
  void settle();                         // after the last one
  std::uint64_t count() const { return count_; }

  // Goes through them; only once they are settled, and while these stay.
  class Cursor {
   public:
    explicit Cursor(const BadTimes& all);
    bool more() const { return now_.has_value(); }
    Time at() const { return *now_; }  // there must be one more
    std::uint64_t passed() const { return passed_; }
    void next();

   private:
    void find();

    const BadTimes& all_;
    std::uint64_t passed_ = 0;
    std::optional<Time> now_;
    SeriesOperations::Iterator operations_;  // only where they are not kept
    TimeOrder<Time> order_;
  };

 private:
  bool bad(const Operation& operation) const { return operation.outcome != Outcome::unsent && !stream_.good(operation); }

  const Stream& stream_;
  std::size_t most_kept_;
  std::uint64_t count_ = 0;
  Lateness lateness_;
  std::vector<Time> kept_;  // none when they are too many
};

}  // namespace blackstart
