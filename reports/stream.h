// One series' operations in the order of its schedule: what every measure is computed from.
//
// Purpose: the record's operations come in the order of completion, perhaps damaged; a Stream is sorted, each number once,
// every time plausible, and it says what was wrong. It keeps none of them: each way through `operations` reads the record
// again. Ownership: refers to the ProbeRecord it came from. Thread rule: plain data.
#pragma once

#include <string>
#include <vector>

#include "reports/record.h"
#include "reports/series_operations.h"

namespace blackstart {

// The length of a series' sliding window in operations: 20, or one second of them if that is more.
std::size_t window_of(const SeriesInfo& series);
// How long a series must stay up to count as recovered: the probe's hold, or one window of its operations if that is longer.
// A shorter one could not be told from a flap (docs/measurement.md).
Duration hold_of(const ProbeInfo& probe, const SeriesInfo& series);

struct Stream {
  const ProbeInfo* probe = nullptr;
  const SeriesInfo* info = nullptr;
  SeriesOperations operations;  // by number
  std::uint64_t planned = 0;    // how many were due; as many as are there when that isn't known
  Time started{0}, end{0};      // scheduled in [started, end)
  Duration step{0};             // 1 / rate
  std::string problem;          // empty when nothing was wrong

  // ok, and done within L of the scheduled time.
  bool good(const Operation& operation) const;
  // From when on this bad operation was certain to be bad: it had failed, or could be good no more.
  Time known(const Operation& bad) const;
  std::size_t window() const { return window_of(*info); }
  Duration hold() const { return hold_of(*probe, *info); }
};

// One for each series of the probe, in its order.
std::vector<Stream> streams_of(const ProbeRecord& probe);

// Seconds as a Duration; what is no number or beyond a century becomes the nearest end of that range.
Duration from_seconds(double seconds);

}  // namespace blackstart
