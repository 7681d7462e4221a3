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

// What is wrong with operations of the record, the first in the file first.
void check_operations(const OperationSurvey& survey, std::vector<Stream>& streams) {
  std::uint64_t first = ~std::uint64_t{0}, beyond = 0;  // of a series that the probe has not
  for (std::size_t index = streams.size(); index < survey.series.size(); ++index) {
    if (survey.series[index].first.value_or(first) >= first) continue;
    first = *survey.series[index].first;
    beyond = index;
  }
  for (std::size_t index = 0; index < std::min(streams.size(), survey.series.size()); ++index) {
    const OperationSurvey::Series& series = survey.series[index];
    const bool later = index == 0 && first < series.impossible_at;
    if (series.impossible && !later)
      complain(streams[index], fmt::format("operation {} has impossible times", *series.impossible));
  }
  if (beyond > 0 && !streams.empty()) complain(streams.front(), fmt::format("there are operations of a series {}", beyond));
}

void check_schedule(Stream& stream) {
  const SeriesOperations& all = stream.operations;
  if (all.twice()) complain(stream, fmt::format("operation {} was recorded twice", *all.twice()));
  if (all.disordered()) complain(stream, fmt::format("operation {} was not scheduled before the next one", *all.disordered()));
  if (stream.planned != kUnknown && !all.empty() && all.back().number >= stream.planned)
    complain(stream, fmt::format("operation {} is beyond the {} that were planned", all.back().number, stream.planned));
}

void finish(Stream& stream, Time stopped) {
  check_schedule(stream);
  const SeriesOperations& all = stream.operations;
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
  const OperationSurvey survey = probe.operations.survey();
  check_operations(survey, streams);
  for (std::size_t index = 0; index < std::min(streams.size(), survey.series.size()); ++index)
    streams[index].operations = {probe.operations, static_cast<std::uint16_t>(index), survey.series[index]};
  for (Stream& stream : streams) finish(stream, plausible(probe.stopped) ? probe.stopped : Time(-1));
  return streams;
}

Duration from_seconds(double seconds) {
  constexpr double kCentury = 100 * 365.25 * 86400;
  return std::isnan(seconds) ? Duration(0) : Duration(std::llround(std::clamp(seconds, -kCentury, kCentury) * 1e9));
}

}  // namespace blackstart
