#include "reports/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace blackstart {
namespace {

constexpr std::uint64_t kBins = 1000;  // of each kind
constexpr std::uint64_t kFewest = 5;   // operations in a bin, so that a share in it means something
constexpr std::size_t kWindows = 100;  // with fine bins; a service that flaps more often is told by coarse ones
constexpr Duration kRoom = 5s;         // fine bins before and after what happened

struct Window {
  std::uint64_t first, last;
};

struct Schedule {
  Time started{0};
  double rate = 1;
  std::uint64_t count = 0;
  Time at(std::uint64_t number) const { return started + Duration(std::llround(static_cast<double>(number) * 1e9 / rate)); }
  std::uint64_t number(Time time) const {
    double place = std::round(std::chrono::duration<double>(time - started).count() * rate);
    return static_cast<std::uint64_t>(std::clamp(place, 0.0, static_cast<double>(count)));
  }
};

std::vector<Window> merged(std::vector<Window> windows) {
  std::sort(windows.begin(), windows.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Window> result;
  for (const auto& window : windows) {
    if (!result.empty() && window.first <= result.back().last)
      result.back().last = std::max(result.back().last, window.last);
    else
      result.push_back(window);
  }
  if (result.size() > kWindows) result.resize(kWindows);
  return result;
}

// Where something happened: there the bins are fine.
std::vector<Window> windows_of(const Schedule& schedule, const SeriesMeasures* measures, const Record& record) {
  std::vector<Window> windows;
  auto add = [&](Time from, Time to) { windows.push_back({schedule.number(from - kRoom), schedule.number(to + kRoom)}); };
  for (const auto& injection : record.injections)
    if (injection.effect.known()) add(injection.effect.from, injection.effect.to);
  if (measures == nullptr) return merged(windows);
  for (const auto& outage : measures->outages) {
    Time end = outage.recovery.known() ? outage.recovery.to : outage.onset.to;
    if (end - outage.onset.from < 10min) {
      add(outage.onset.from, end);
    } else {
      add(outage.onset.from, outage.onset.to);
      add(end, end);
    }
  }
  return merged(windows);
}

// Where a bin must end: an outage's first and last bad operation share no bin with those before and after it.
std::vector<std::uint64_t> cuts_of(const Schedule& schedule, const SeriesMeasures* measures) {
  std::vector<std::uint64_t> cuts{schedule.count};
  if (measures == nullptr) return cuts;
  for (const auto& outage : measures->outages) {
    cuts.push_back(schedule.number(outage.onset.to));
    if (outage.recovery.known()) cuts.push_back(schedule.number(outage.recovery.from) + 1);
  }
  if (cuts.size() > 2 * kWindows) cuts.resize(1);
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

std::uint64_t bin_length(std::uint64_t operations) { return std::max(kFewest, (operations + kBins - 1) / kBins); }

std::vector<ChartBin> edges(const Schedule& schedule, const std::vector<Window>& windows,
                            const std::vector<std::uint64_t>& cuts) {
  std::uint64_t inside = 0;
  for (const auto& window : windows) inside += window.last - window.first;
  std::uint64_t coarse = bin_length(schedule.count), fine = std::min(coarse, bin_length(inside));
  std::vector<ChartBin> bins;
  auto window = windows.begin();
  for (std::uint64_t at = 0; at < schedule.count;) {
    while (window != windows.end() && window->last <= at) ++window;
    std::uint64_t stop = std::min(schedule.count, *std::upper_bound(cuts.begin(), cuts.end(), at)), length = coarse;
    if (window != windows.end()) {
      bool in = window->first <= at;
      stop = std::min(stop, in ? window->last : window->first);
      if (in) length = fine;
    }
    std::uint64_t next = std::min(at + length, stop);
    ChartBin bin;
    bin.first = at;
    bin.last = next;
    bin.from = schedule.at(at);
    bins.push_back(bin);
    at = next;
  }
  return bins;
}

// Nearest rank; `sorted` holds at least one.
Duration quantile(const std::vector<Duration>& sorted, double share) {
  auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

void fill_bin(ChartBin& bin, const Stream& stream, SeriesOperations::Iterator& next) {
  std::uint64_t sent = 0, good = 0;
  std::vector<Duration> latencies;
  for (; next != stream.operations.end() && next->number < bin.last; ++next) {
    const Operation& operation = *next;
    if (operation.outcome == Outcome::unsent) continue;
    ++sent;
    good += stream.good(operation);
    if (operation.outcome == Outcome::ok) latencies.push_back(operation.done - operation.scheduled);
  }
  if (sent > 0) bin.good = static_cast<double>(good) / static_cast<double>(sent);
  if (latencies.empty()) return;
  std::sort(latencies.begin(), latencies.end());
  bin.p50 = quantile(latencies, 0.5);
  bin.p99 = quantile(latencies, 0.99);
  bin.longest = latencies.back();
}

// The last operation's number, but no more than its scheduled time allows: a damaged number must not stretch the axis.
Schedule schedule_of(const Stream& stream) {
  const Operation& last = stream.operations.back();
  Schedule schedule{std::max(stream.started, Time{0}), stream.info->rate, std::numeric_limits<std::uint32_t>::max()};
  schedule.count = std::min(last.number, schedule.number(last.scheduled + stream.step)) + 1;
  return schedule;
}

}  // namespace

ChartSeries chart_series(const Stream& stream, const SeriesMeasures* measures, const Record& record) {
  ChartSeries result;
  if (stream.operations.empty() || stream.step <= 0ns) return result;
  Schedule schedule = schedule_of(stream);
  result.bins = edges(schedule, windows_of(schedule, measures, record), cuts_of(schedule, measures));
  result.end = schedule.at(schedule.count);
  SeriesOperations::Iterator next = stream.operations.begin();
  for (auto& bin : result.bins) fill_bin(bin, stream, next);
  return result;
}

}  // namespace blackstart
