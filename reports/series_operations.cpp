#include "reports/series_operations.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace blackstart {
namespace {

constexpr std::uint64_t kHighest = ~std::uint64_t{0};

void note_twice(std::optional<std::uint64_t>& twice, std::uint64_t number) {
  twice = std::min(twice.value_or(kHighest), number);
}

}  // namespace

// None comes whose number is more than `displaced` below the highest before it: what is lower is settled. So what waits lies
// within so many numbers, each of which has a place of its own.
class SeriesOperations::Waiting final : public Order {
 public:
  explicit Waiting(const SeriesOperations& of) : series_(of.series_), displaced_(of.displaced_), in_(of.all_->begin()) {
    places_.resize(std::bit_ceil(displaced_ + 1));
    taken_.resize(places_.size());
    find_mine();
  }

  const Operation* next() override {
    if (given_) take_next();
    given_ = false;
    for (;; take_next()) {
      if (in_ == std::default_sentinel) return settled(kHighest);
      const std::uint64_t number = in_->number;
      const std::uint64_t lowest = number > displaced_ ? number - displaced_ : 0;
      if (const Operation* one = settled(lowest)) return one;
      if (number == next_) return give();
      wait(number);
    }
  }

 private:
  std::size_t place(std::uint64_t number) const { return number & (places_.size() - 1); }

  void find_mine() {
    while (in_ != std::default_sentinel && (in_->series != series_ || !plausible(*in_))) ++in_;
  }
  void take_next() {
    ++in_;
    find_mine();
  }

  // The next of those that wait and have none before them: all below `lowest` are settled.
  const Operation* settled(std::uint64_t lowest) {
    while (waiting_ > 0 && (next_ < lowest || taken_[place(next_)])) {
      const std::size_t at = place(next_++);
      if (!taken_[at]) continue;
      taken_[at] = false;
      --waiting_;
      return &places_[at];
    }
    if (waiting_ == 0) next_ = std::max(next_, lowest);
    return nullptr;
  }

  // The one that has just come, which need not wait.
  const Operation* give() {
    ++next_;
    given_ = true;
    return &*in_;
  }

  void wait(std::uint64_t number) {
    if (number < next_ || taken_[place(number)]) return note_twice(twice, number);
    places_[place(number)] = *in_;
    taken_[place(number)] = true;
    ++waiting_;
  }

  std::uint16_t series_;
  std::uint64_t displaced_;
  Operations::Iterator in_;
  bool given_ = false;      // what in_ is at was given out
  std::uint64_t next_ = 0;  // all below it were given out, or are nowhere
  std::uint64_t waiting_ = 0;
  std::vector<Operation> places_;
  std::vector<bool> taken_;
};

// The lowest numbers first, then again all operations for the next ones.
class SeriesOperations::Parts final : public Order {
 public:
  explicit Parts(const SeriesOperations& of) : of_(of), most_(std::max<std::size_t>(of.most_waiting_ / 4, 1)) {}

  const Operation* next() override {
    if (at_ == part_.size()) read_part();
    return at_ < part_.size() ? &part_[at_++] : nullptr;
  }

 private:
  void read_part() {
    const bool further = !part_.empty();
    const std::uint64_t last = further ? part_.back().number : 0;
    part_.clear();
    at_ = 0;
    for (const Operation& operation : *of_.all_) {
      if (operation.series != of_.series_ || !plausible(operation) || (further && operation.number <= last)) continue;
      part_.push_back(operation);
      if (part_.size() >= 2 * most_) keep_lowest();
    }
    keep_lowest();
  }

  void keep_lowest() {
    std::stable_sort(part_.begin(), part_.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    auto same = [](const Operation& a, const Operation& b) { return a.number == b.number; };
    const auto found = std::adjacent_find(part_.begin(), part_.end(), same);
    if (found != part_.end()) note_twice(twice, found->number);
    part_.erase(std::unique(part_.begin(), part_.end(), same), part_.end());
    part_.resize(std::min(part_.size(), most_));
  }

  const SeriesOperations of_;  // a copy: whoever goes over them may have let go of his
  std::size_t most_;
  std::vector<Operation> part_;
  std::size_t at_ = 0;
};

SeriesOperations::SeriesOperations(const Operations& all, std::uint16_t series, const OperationSurvey::Series& survey,
                                   std::size_t most_waiting)
    : all_(survey.operations > 0 ? &all : nullptr),
      series_(series),
      highest_(survey.highest),
      // Numbers that lie further apart than there are operations: there would be more places than operations to wait in them.
      displaced_(survey.displaced < survey.operations ? survey.displaced : kHighest),
      most_waiting_(most_waiting) {
  if (all_ == nullptr) return;
  const auto order = in_order();
  for (const Operation* one = order->next(); one != nullptr; one = order->next()) {
    if (size_++ == 0)
      front_ = *one;
    else if (!disordered_ && back_.scheduled >= one->scheduled)
      disordered_ = back_.number;
    back_ = *one;
  }
  twice_ = order->twice;
}

SeriesOperations::Iterator SeriesOperations::begin() const { return all_ == nullptr ? Iterator() : Iterator(in_order()); }

std::unique_ptr<SeriesOperations::Order> SeriesOperations::in_order() const {
  if (displaced_ < most_waiting_ && highest_ < kHighest) return std::make_unique<Waiting>(*this);
  return std::make_unique<Parts>(*this);
}

}  // namespace blackstart
