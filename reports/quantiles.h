// Exact quantiles of values that may be too many to keep.
//
// Purpose: the same number whether there are a hundred operations or a hundred million. Few values are kept. Many are counted
// in bins; where the bin with the wanted one holds more than one value, they must be shown again, and that bin is cut finer.
// Ownership: plain values. Thread rule: plain data.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace blackstart {

class Quantiles {
 public:
  static constexpr std::size_t kMostKept = std::size_t{1} << 20;

  // The nearest-rank quantile of a share is the least value that at least this share of all do not exceed.
  explicit Quantiles(std::vector<double> shares, std::size_t most_kept = kMostKept);

  void see(Duration value);  // within a century; of no account once they are settled
  // After all values were shown. False: show them all again, then ask again. Any number of values needs at most six rounds.
  bool settle();
  // Of the share with this index; 0 when there was no value. Only when settled.
  Duration at(std::size_t share) const { return found_[share].value; }

 private:
  struct Bin {
    std::uint64_t count = 0;
    Duration least{Duration::max()}, most{Duration::min()};
    void see(Duration value);
  };
  struct Found {
    bool settled = false;
    Duration value{0};
    std::uint64_t rank = 0;                // of it, from 0, among those of the bin that is cut
    Duration least{0}, most{0}, width{1};  // of that bin, and of a part of it
    std::vector<Bin> parts = {};
  };
  std::uint64_t rank(double share) const;
  void count(Duration value);  // in the first bins
  void stop_keeping();
  bool settle_kept();
  bool settle_counted();
  static bool settle_in(const std::vector<Bin>& bins, Found& found);

  std::vector<double> shares_;
  std::size_t most_kept_;
  std::uint64_t count_ = 0;  // of the first round
  bool first_round_ = true, settled_ = false;
  std::vector<Duration> kept_;
  std::vector<Bin> bins_;  // empty: all are kept
  std::vector<Found> found_;
};

}  // namespace blackstart
