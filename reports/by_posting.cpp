#include "reports/by_posting.h"

#include <algorithm>
#include <queue>
#include <tuple>
#include <vector>

namespace blackstart {
namespace {

struct Waiting {
  Operation operation;
  std::uint64_t arrival = 0;
};
bool before(const Waiting& a, const Waiting& b) {
  return std::tie(a.operation.posting, a.arrival) < std::tie(b.operation.posting, b.arrival);
}
struct Before {
  bool operator()(const Waiting& a, const Waiting& b) const { return before(a, b); }
};
struct After {
  bool operator()(const Waiting& a, const Waiting& b) const { return before(b, a); }
};

// Passes operations on that come in order, each posting once.
class Outlet {
 public:
  explicit Outlet(const std::function<void(const Operation&)>& take) : take_(take) {}

  void put(const Operation& operation) {
    if (any_ && operation.posting == last_) {
      used_twice(last_);
      return;
    }
    any_ = true;
    last_ = operation.posting;
    take_(operation);
  }
  bool passed(std::uint64_t posting) const { return any_ && posting <= last_; }
  std::uint64_t next() const { return any_ ? last_ + 1 : 1; }
  void used_twice(std::uint64_t posting) { result.twice = std::min(result.twice.value_or(posting), posting); }

  ByPosting result;

 private:
  const std::function<void(const Operation&)>& take_;
  std::uint64_t last_ = 0;
  bool any_ = false;
};

class Nearly {
 public:
  Nearly(std::size_t most, const std::function<void(const Operation&)>& take) : most_(most), outlet_(take) {}

  void take(const Operation& operation) {
    if (outlet_.passed(operation.posting)) outlet_.result.in_order = false;
    if (!outlet_.result.in_order) return;
    if (operation.posting == outlet_.next()) {
      outlet_.put(operation);
    } else {
      waiting_.push({operation, arrivals_++});
      if (waiting_.size() > most_) pass_on();
    }
    while (!waiting_.empty() && waiting_.top().operation.posting <= outlet_.next()) pass_on();
  }

  ByPosting finish() {
    while (outlet_.result.in_order && !waiting_.empty()) pass_on();
    return outlet_.result;
  }

 private:
  void pass_on() {
    outlet_.put(waiting_.top().operation);
    waiting_.pop();
  }

  std::size_t most_;
  Outlet outlet_;
  std::priority_queue<Waiting, std::vector<Waiting>, After> waiting_;  // the first is on top
  std::uint64_t arrivals_ = 0;
};

// The next `most` of those that were not passed on yet.
class Selection {
 public:
  Selection(std::size_t most, Outlet& outlet) : most_(most), outlet_(outlet) {}

  void take(const Operation& operation) {
    if (outlet_.passed(operation.posting)) return;
    const Waiting candidate{operation, arrivals_++};
    if (kept_.size() >= most_ && !before(candidate, kept_.front())) {
      rest_ = true;
      // It will not be seen again when the one with its posting is passed on now.
      if (operation.posting == kept_.front().operation.posting) outlet_.used_twice(operation.posting);
      return;
    }
    kept_.push_back(candidate);
    std::push_heap(kept_.begin(), kept_.end(), Before());  // the last is in front
    if (kept_.size() > most_) drop_last();
  }

  // True when there are more.
  bool pass_on() {
    std::sort(kept_.begin(), kept_.end(), before);
    for (const Waiting& one : kept_) outlet_.put(one.operation);
    return rest_;
  }

 private:
  void drop_last() {
    rest_ = true;
    std::pop_heap(kept_.begin(), kept_.end(), Before());
    if (kept_.back().operation.posting == kept_.front().operation.posting) outlet_.used_twice(kept_.back().operation.posting);
    kept_.pop_back();
  }

  std::size_t most_;
  Outlet& outlet_;
  std::vector<Waiting> kept_;
  std::uint64_t arrivals_ = 0;
  bool rest_ = false;
};

}  // namespace

ByPosting nearly_by_posting(const EachOperation& each, std::size_t most, const std::function<void(const Operation&)>& take) {
  Nearly nearly(most, take);
  each([&](const Operation& operation) {
    if (operation.posting != 0) nearly.take(operation);
  });
  return nearly.finish();
}

ByPosting wholly_by_posting(const EachOperation& each, std::size_t most, const std::function<void(const Operation&)>& take) {
  Outlet outlet(take);
  for (bool more = true; more;) {
    Selection next(std::max<std::size_t>(most, 1), outlet);
    each([&](const Operation& operation) {
      if (operation.posting != 0) next.take(operation);
    });
    more = next.pass_on();
  }
  return outlet.result;
}

}  // namespace blackstart
