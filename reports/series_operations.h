// One series' operations by number, each number once, though their file has them in the order of completion.
//
// Purpose: what is judged is the order of the schedule. An operation waits only for those that may still come before it, so
// that the room for it is bounded by what was in flight at once, not by the length of the record. Ownership: refers to the
// Operations it is made of. Thread rule: plain data; a way through them belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "reports/operation_survey.h"
#include "reports/operations.h"

namespace blackstart {

class SeriesOperations {
 public:
  // So many operations may wait: at 10,000/s those of 100 s. Where more would have to (a record that was put together from
  // others), all are read again for each part of the series.
  static constexpr std::size_t kMostWaiting = std::size_t{1} << 20;

  SeriesOperations() = default;  // none
  // Of those that are plausible. `survey`: of `all`. Goes over them once.
  SeriesOperations(const Operations& all, std::uint16_t series, const OperationSurvey::Series& survey,
                   std::size_t most_waiting = kMostWaiting);

  // A way through them, each of which reads them all again.
  class Iterator;
  Iterator begin() const;
  std::default_sentinel_t end() const { return {}; }

  std::uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Operation& front() const { return front_; }  // there must be one
  const Operation& back() const { return back_; }
  // The lowest number that was recorded twice; what came first in the file is taken.
  std::optional<std::uint64_t> twice() const { return twice_; }
  // The number of the first operation that was not scheduled before the next one.
  std::optional<std::uint64_t> disordered() const { return disordered_; }

 private:
  class Order;
  class Waiting;
  class Parts;
  std::unique_ptr<Order> in_order() const;

  const Operations* all_ = nullptr;
  std::uint16_t series_ = 0;
  std::uint64_t highest_ = 0, displaced_ = 0;  // as in OperationSurvey
  std::size_t most_waiting_ = kMostWaiting;
  std::uint64_t size_ = 0;
  Operation front_, back_;
  std::optional<std::uint64_t> twice_, disordered_;
};

// Puts them in order one by one.
class SeriesOperations::Order {
 public:
  virtual ~Order() = default;
  // The next one; null at the end. Valid until the next call.
  virtual const Operation* next() = 0;
  std::optional<std::uint64_t> twice;  // the lowest number that came twice so far
};

class SeriesOperations::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Operation;
  using difference_type = std::ptrdiff_t;
  using pointer = const Operation*;
  using reference = const Operation&;

  Iterator() = default;
  reference operator*() const { return *at_; }
  pointer operator->() const { return at_; }
  Iterator& operator++() {
    at_ = order_->next();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const Iterator& i, std::default_sentinel_t) { return i.at_ == nullptr; }

 private:
  friend class SeriesOperations;
  explicit Iterator(std::shared_ptr<Order> order) : order_(std::move(order)), at_(order_->next()) {}
  std::shared_ptr<Order> order_;
  const Operation* at_ = nullptr;
};

}  // namespace blackstart
