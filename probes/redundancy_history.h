// When a component was whole and when it was not, out of single looks.
//
// Purpose: losses as brackets that certainly hold the true moments. Ownership: a plain value. Thread rule: one thread at a
// time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/record.h"

namespace blackstart {

class RedundancyHistory {
 public:
  // A look that began and ended at these times; `missing` in words, nothing: whole. Without an answer to it, `missing` says
  // why. Looks come in their order.
  void add(Time began, Time ended, const std::vector<std::string>& missing, bool answered = true);

  const std::vector<Redundancy::Loss>& losses() const { return losses_; }
  bool whole() const { return whole_since_.has_value(); }
  // Seen whole by each of several looks that all began after `since`, over at least `length`.
  bool whole_for(Duration length, Time since) const;
  const std::vector<std::string>& missing() const { return missing_; }  // of the last look
  Time looked() const { return last_.to; }
  Time looked_from() const { return last_.from; }  // when the last look began; -1: there was none
  // From the begin of a look to the end of the next: what is lost and back within is not seen. The longest of all.
  Duration longest_gap() const { return longest_gap_; }

 private:
  struct Span {
    Time from, to;
  };
  std::vector<Redundancy::Loss> losses_;
  std::vector<std::string> missing_;
  Duration longest_gap_{0};
  std::size_t worst_ = 0;            // how many were missing at the worst moment of the present loss
  std::optional<Span> whole_since_;  // the first look of those, up to now, that saw it whole
  Span last_{Time(-1), Time(-1)};
};

}  // namespace blackstart
