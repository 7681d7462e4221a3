// Many pings from one node, and what became of each.
//
// Purpose: delay, loss, duplicates and order of packets as a third party measures them. Ownership: plain values.
// Thread rule: calls are independent.
#pragma once

#include <string>
#include <vector>

#include "faults/fault.h"

namespace blackstart {

struct PingSeries {
  int sent = 0, answered = 0, duplicates = 0;  // answers that came damaged don't count
  std::vector<double> times;                   // milliseconds, of each first answer; none when the pings are too small for it
  int lost() const { return sent - answered; }
  // Of the answers' times; `quantile` from 0 to 1. 0 when nothing was answered.
  double time_at(double quantile) const;
  void add(const PingSeries& more);
};

struct PingWish {
  int count = 50;
  Duration interval = 10ms;
  int size = 56;  // bytes of payload
  int burst = 1;  // sent at once in the beginning
};
// Throws Error when `from` could not be asked, or its ping failed otherwise than by answers that did not come.
PingSeries ping_series(FaultContext context, const std::string& from, const std::string& address, const PingWish& wish,
                       const Deadline& deadline);
// Throws Error(unmet) for an answer that is none.
PingSeries parse_pings(const std::string& text, const std::string& doing);

}  // namespace blackstart
