#include "reports/stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/plausible.h"

namespace blackstart {
namespace {

constexpr std::uint64_t kUnknown = ~std::uint64_t{0};

void complain(Stream& stream, const std::string& problem) {
  if (stream.problem.empty()) stream.problem = problem;
}

Stream empty_stream(const ProbeRecord& probe, std::size_t index) {
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

void sort_by_number(Stream& stream) {
  auto& all = stream.operations;
  auto before = [](const Operation& a, const Operation& b) { return a.number < b.number; };
  if (!std::is_sorted(all.begin(), all.end(), before)) std::stable_sort(all.begin(), all.end(), before);
  auto twice = std::adjacent_find(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.number == b.number; });
  if (twice == all.end()) return;
  complain(stream, fmt::format("operation {} was recorded twice", twice->number));
  all.erase(std::unique(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.number == b.number; }), all.end());
}

void check_schedule(Stream& stream) {
  const auto& all = stream.operations;
  auto back =
      std::adjacent_find(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.scheduled >= b.scheduled; });
  if (back != all.end()) complain(stream, fmt::format("operation {} was not scheduled before the next one", back->number));
  if (stream.planned != kUnknown && !all.empty() && all.back().number >= stream.planned)
    complain(stream, fmt::format("operation {} is beyond the {} that were planned", all.back().number, stream.planned));
}

void finish(Stream& stream, Time stopped) {
  sort_by_number(stream);
  check_schedule(stream);
  const auto& all = stream.operations;
  if (stream.planned == kUnknown) stream.planned = all.empty() ? 0 : all.back().number + 1;
  stream.end = stopped.count() >= 0 ? stopped : all.empty() ? stream.started : all.back().scheduled + stream.step;
}

}  // namespace

bool Stream::good(const Operation& operation) const {
  return operation.outcome == Outcome::ok && operation.done - operation.scheduled <= info->good_within;
}

Time Stream::known(const Operation& bad) const {
  const bool in_time = bad.done - bad.scheduled <= info->good_within;
  return bad.outcome != Outcome::ok && in_time ? bad.done : bad.scheduled + info->good_within;
}

std::size_t window_of(const SeriesInfo& series) {
  constexpr std::size_t kLeast = 20;
  return std::max(kLeast, static_cast<std::size_t>(std::ceil(std::clamp(series.rate, 0.0, 1e9))));
}

Duration hold_of(const ProbeInfo& probe, const SeriesInfo& series) {
  if (series.rate <= 0) return probe.hold;
  return std::max(probe.hold, from_seconds(static_cast<double>(window_of(series)) / series.rate));
}

std::vector<Stream> streams_of(const ProbeRecord& probe) {
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

Duration from_seconds(double seconds) {
  constexpr double kCentury = 100 * 365.25 * 86400;
  return std::isnan(seconds) ? Duration(0) : Duration(std::llround(std::clamp(seconds, -kCentury, kCentury) * 1e9));
}

}  // namespace blackstart
