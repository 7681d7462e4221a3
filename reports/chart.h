// What the report's charts draw: every probe's operations in bins, and what is shaded behind them.
//
// Purpose: two hours of operations in some 100 KiB, with fine bins where something happened. Ownership: plain values.
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/stream.h"
#include "reports/time_axis.h"

namespace blackstart {

// A run of consecutive operations of a series, [first, last) by their place in the schedule, so that no bin's count
// depends on how its edges fall between the scheduled times.
struct ChartBin {
  std::uint64_t first = 0, last = 0;
  Time from{0};
  std::optional<double> good;                 // share of those sent; nothing when none was
  std::optional<Duration> p50, p99, longest;  // latency from the scheduled time, of those that succeeded
};

struct ChartSeries {
  std::vector<ChartBin> bins;
  Time end{0};  // of the last bin
};

// At most about 1,000 coarse bins, and 1,000 fine ones around outages and injections.
// `measures` may be null: then only injections get fine bins.
ChartSeries chart_series(const Stream& stream, const SeriesMeasures* measures, const Record& record);

// The charts' data as one JSON value: the browser's script reads it and nothing else.
std::string chart_json(const Record& record, const Judgement& judgement);

}  // namespace blackstart
