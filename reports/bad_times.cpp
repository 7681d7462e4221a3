#include "reports/bad_times.h"

#include <algorithm>

namespace blackstart {

void BadTimes::see(const Operation& operation) {
  if (!bad(operation)) return;
  const Time known = stream_.known(operation);
  lateness_.see(known);
  if (++count_ <= most_kept_)
    kept_.push_back(known);
  else
    kept_ = {};
}

void BadTimes::settle() { std::sort(kept_.begin(), kept_.end()); }

BadTimes::Cursor::Cursor(const BadTimes& all) : all_(all), order_(all.lateness_.most()) {
  if (all.count_ > all.most_kept_) operations_ = all.stream_.operations.begin();
  find();
}

void BadTimes::Cursor::next() {
  ++passed_;
  find();
}

void BadTimes::Cursor::find() {
  now_ = std::nullopt;
  if (passed_ == all_.count_) return;
  if (!all_.kept_.empty()) {
    now_ = all_.kept_[passed_];
    return;
  }
  while (!order_.ready()) {
    if (operations_ == all_.stream_.operations.end()) {
      order_.end();
      continue;
    }
    if (all_.bad(*operations_)) order_.put(all_.stream_.known(*operations_), all_.stream_.known(*operations_));
    ++operations_;
  }
  now_ = order_.take();
}

}  // namespace blackstart
