// The measures of a series the plain way: all operations in memory, sorted, and gone over as often as is convenient. What the
// product computes while they go by must be the same (reports_streaming_test.cpp).
#pragma once

#include <fmt/format.h>

#include <algorithm>

#include "reports/operation_survey.h"
#include "reports/stream.h"

namespace blackstart::naive {

struct Stream {
  const ProbeInfo* probe = nullptr;
  const SeriesInfo* info = nullptr;
  std::vector<Operation> operations;  // by number
  std::uint64_t planned = 0;
  Time started{0}, end{0};
  Duration step{0};
  std::string problem;

  bool good(const Operation& o) const { return o.outcome == Outcome::ok && o.done - o.scheduled <= info->good_within; }
  Time known(const Operation& bad) const {
    const bool in_time = bad.done - bad.scheduled <= info->good_within;
    return bad.outcome != Outcome::ok && in_time ? bad.done : bad.scheduled + info->good_within;
  }
  std::size_t window() const { return window_of(*info); }
  Duration hold() const { return hold_of(*probe, *info); }
};

constexpr std::uint64_t kUnknown = ~std::uint64_t{0};

inline void complain(Stream& stream, const std::string& problem) {
  if (stream.problem.empty()) stream.problem = problem;
}

inline Stream empty_stream(const ProbeRecord& probe, std::size_t index) {
  Stream stream;
  stream.probe = &probe.info;
  stream.info = &probe.info.series[index];
  stream.planned = index < probe.planned.size() ? probe.planned[index] : kUnknown;
  stream.started = probe.started;
  double rate = stream.info->rate;
  if (rate > 0 && rate <= 1e9) stream.step = from_seconds(1 / rate);
  if (stream.step <= 0ns) complain(stream, fmt::format("its rate of {} a second is none", rate));
  if (!plausible(probe.started) || !plausible(probe.stopped)) complain(stream, "it began or ended at an impossible time");
  return stream;
}

inline void sort_by_number(Stream& stream) {
  auto& all = stream.operations;
  auto before = [](const Operation& a, const Operation& b) { return a.number < b.number; };
  if (!std::is_sorted(all.begin(), all.end(), before)) std::stable_sort(all.begin(), all.end(), before);
  auto twice = std::adjacent_find(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.number == b.number; });
  if (twice == all.end()) return;
  complain(stream, fmt::format("operation {} was recorded twice", twice->number));
  all.erase(std::unique(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.number == b.number; }), all.end());
}

inline void check_schedule(Stream& stream) {
  const auto& all = stream.operations;
  auto back =
      std::adjacent_find(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.scheduled >= b.scheduled; });
  if (back != all.end()) complain(stream, fmt::format("operation {} was not scheduled before the next one", back->number));
  if (stream.planned != kUnknown && !all.empty() && all.back().number >= stream.planned)
    complain(stream, fmt::format("operation {} is beyond the {} that were planned", all.back().number, stream.planned));
}

inline void finish(Stream& stream, Time stopped) {
  sort_by_number(stream);
  check_schedule(stream);
  const auto& all = stream.operations;
  if (stream.planned == kUnknown) stream.planned = all.empty() ? 0 : all.back().number + 1;
  stream.end = stopped.count() >= 0 ? stopped : all.empty() ? stream.started : all.back().scheduled + stream.step;
}

inline std::vector<Stream> streams_of(const ProbeRecord& probe) {
  std::vector<Stream> streams;
  for (std::size_t index = 0; index < probe.info.series.size(); ++index) streams.push_back(empty_stream(probe, index));
  for (const Operation& operation : probe.operations) {
    if (operation.series >= streams.size()) {
      if (!streams.empty()) complain(streams.front(), fmt::format("there are operations of a series {}", operation.series));
    } else if (!plausible(operation)) {
      complain(streams[operation.series], fmt::format("operation {} has impossible times", operation.number));
    } else {
      streams[operation.series].operations.push_back(operation);
    }
  }
  for (Stream& stream : streams) finish(stream, plausible(probe.stopped) ? probe.stopped : Time(-1));
  return streams;
}

}  // namespace blackstart::naive
