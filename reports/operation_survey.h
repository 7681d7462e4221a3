// What one look over all of a probe's operations tells of them, in whatever order they come.
//
// Purpose: how far from its order each series is, so that it can be put into that order without being kept; and what is told of
// all of them. Ownership: plain values. Thread rule: plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "reports/plausible.h"

namespace blackstart {

struct OperationSurvey {
  // Places count from 0, over the operations of all series.
  struct Series {
    std::uint64_t operations = 0;  // that are plausible
    std::uint64_t highest = 0;     // number of these
    // By how much, at most, the number of one of these is below the highest before it.
    std::uint64_t displaced = 0;
    std::optional<std::uint64_t> first;       // place of its first one, plausible or not
    std::optional<std::uint64_t> impossible;  // number of the first that is not plausible
    std::uint64_t impossible_at = 0;          // its place
  };
  std::vector<Series> series;  // by index, as far as there are any
  std::uint64_t operations = 0;
  Time last_scheduled{Time::min()};
  Time last_moment{Time::min()};  // scheduled or done, of those within kLongestRun

  void see(const Operation& operation);
};

}  // namespace blackstart
