#include "reports/quantiles.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace blackstart {
namespace {

// The first bins: one for what is below 0, one for each nanosecond below 2^kBits, then as many for each power of 2. Up to 4 ms
// a bin is narrower than a microsecond, which is what a file of operations keeps.
constexpr int kBits = 12;
constexpr std::uint64_t kPart = std::uint64_t{1} << kBits;
constexpr std::size_t kBins = 1 + (64 - kBits) * kPart;
constexpr std::int64_t kParts = 1 << 16;  // that a bin is cut into

std::size_t bin_of(Duration value) {
  if (value.count() < 0) return 0;
  const auto all = static_cast<std::uint64_t>(value.count());
  if (all < kPart) return 1 + all;
  const int beyond = std::bit_width(all) - kBits - 1;
  return 1 + (static_cast<std::size_t>(beyond) + 1) * kPart + ((all >> beyond) - kPart);
}

}  // namespace

void Quantiles::Bin::see(Duration value) {
  ++count;
  least = std::min(least, value);
  most = std::max(most, value);
}

Quantiles::Quantiles(std::vector<double> shares, std::size_t most_kept)
    : shares_(std::move(shares)), most_kept_(most_kept), found_(shares_.size()) {}

void Quantiles::see(Duration value) {
  if (settled_) return;
  if (first_round_) return count(value);
  for (Found& found : found_)
    if (!found.settled && value >= found.least && value <= found.most)
      found.parts[static_cast<std::size_t>((value - found.least) / found.width)].see(value);
}

void Quantiles::count(Duration value) {
  ++count_;
  if (bins_.empty()) {
    kept_.push_back(value);
    if (kept_.size() > most_kept_) stop_keeping();
  } else {
    bins_[bin_of(value)].see(value);
  }
}

void Quantiles::stop_keeping() {
  bins_.resize(kBins);
  for (Duration value : kept_) bins_[bin_of(value)].see(value);
  kept_ = {};
}

std::uint64_t Quantiles::rank(double share) const {
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  return std::clamp<std::uint64_t>(rank, 1, count_) - 1;
}

bool Quantiles::settle() {
  if (!settled_) settled_ = bins_.empty() && first_round_ ? settle_kept() : settle_counted();
  return settled_;
}

bool Quantiles::settle_kept() {
  for (std::size_t i = 0; i < found_.size() && count_ > 0; ++i) {
    const auto at = kept_.begin() + static_cast<std::ptrdiff_t>(rank(shares_[i]));
    std::nth_element(kept_.begin(), at, kept_.end());
    found_[i].value = *at;
  }
  kept_ = {};
  return true;
}

bool Quantiles::settle_counted() {
  bool all = true;
  for (std::size_t i = 0; i < found_.size(); ++i) {
    Found& found = found_[i];
    if (first_round_) found.rank = rank(shares_[i]);
    const std::vector<Bin> parts = std::exchange(found.parts, {});
    if (!found.settled) found.settled = settle_in(first_round_ ? bins_ : parts, found);
    all = all && found.settled;
  }
  first_round_ = false;
  bins_ = {};
  return all;
}

// The bin with the wanted value; it is the value itself where the bin has but one.
bool Quantiles::settle_in(const std::vector<Bin>& bins, Found& found) {
  auto bin = bins.begin();
  for (; found.rank >= bin->count; ++bin) found.rank -= bin->count;
  found.value = found.least = bin->least;
  found.most = bin->most;
  if (found.least == found.most) return true;
  found.width = (found.most - found.least) / kParts + Duration(1);
  found.parts.assign(kParts, {});
  return false;
}

}  // namespace blackstart
