#include "probes/part_history.h"

namespace blackstart {
namespace {

constexpr std::size_t kMost = 5000;
constexpr std::size_t kLongest = 200;  // characters: a part may quote what others say

}  // namespace

void PartHistory::add(Time began, Time ended, const RedundancyLook& look) {
  for (const RedundancyPart& part : look.parts) {
    Last& last = last_[part.name];
    const bool changed = last.heard.count() < 0 || last.says != part.says || last.good != part.good;
    if (changed && sayings_.size() < kMost)
      sayings_.push_back({part.name, part.good, part.says.substr(0, kLongest), {last.heard, ended}});
    last = {part.says, part.good, began};
  }
}

}  // namespace blackstart
