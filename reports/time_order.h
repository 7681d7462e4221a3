// Puts what comes nearly in the order of its times into that order, without keeping it all.
//
// Purpose: what an operation tells is known later than it was scheduled, by as much as it took. Ownership: plain values.
// Thread rule: plain data.
#pragma once

#include <algorithm>
#include <cstdint>
#include <queue>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace blackstart {

// By how much a time is before the latest one before it, at most.
class Lateness {
 public:
  void see(Time at) {
    if (any_) most_ = std::max(most_, latest_ - at);
    latest_ = any_ ? std::max(latest_, at) : at;
    any_ = true;
  }
  Duration most() const { return most_; }

 private:
  bool any_ = false;
  Time latest_{0};
  Duration most_{0};
};

template <class Value>
class TimeOrder {
 public:
  // No time may be put that is more than `late` before the latest one before it.
  explicit TimeOrder(Duration late) : late_(late) {}

  void put(Time at, const Value& value) {
    latest_ = std::max(latest_, at);
    waiting_.push({at, count_++, value});
  }
  void end() { ended_ = true; }  // nothing more will be put

  // The earliest can be taken: nothing that is put later comes before it.
  bool ready() const { return !waiting_.empty() && (ended_ || latest_ - waiting_.top().at >= late_); }
  // Of those with the same time the one that was put first. There must be one.
  Value take() {
    Value value = waiting_.top().value;
    waiting_.pop();
    return value;
  }

 private:
  struct Waiting {
    Time at;
    std::uint64_t number;
    Value value;
    bool operator<(const Waiting& other) const { return std::pair(other.at, other.number) < std::pair(at, number); }
  };
  Duration late_;
  Time latest_{Time::min()};
  std::uint64_t count_ = 0;
  bool ended_ = false;
  std::priority_queue<Waiting> waiting_;
};

}  // namespace blackstart
