#include "probes/redundancy_history.h"

#include <algorithm>

#include "probes/redundancy_look.h"

namespace blackstart {

// What a look tells was so at some moment between its begin and its end.
void RedundancyHistory::add(Time began, Time ended, const std::vector<std::string>& missing, bool answered) {
  const bool lost = !losses_.empty() && !losses_.back().back.known();
  if (missing.empty()) {
    if (lost) losses_.back().back = {last_.from, ended};
    if (!whole_since_) whole_since_ = {began, ended};
  } else {
    if (!lost) losses_.push_back({{last_.from.count() >= 0 ? last_.from : began, ended}, {}, "", true}), worst_ = 0;
    if (answered) losses_.back().unread = false;
    if (missing.size() > worst_) worst_ = missing.size(), losses_.back().what = some_of(missing);
    whole_since_.reset();
  }
  if (last_.from.count() >= 0) longest_gap_ = std::max(longest_gap_, ended - last_.from);
  missing_ = missing;
  last_ = {began, ended};
}

bool RedundancyHistory::whole_for(Duration length, Time since) const {
  if (!whole_since_) return false;
  const Time from = std::max(whole_since_->from, since);
  return last_.from - from >= length;
}

}  // namespace blackstart
