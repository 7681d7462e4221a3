#include "runner/live.h"

#include <algorithm>

#include "reports/stream.h"

namespace blackstart {
namespace {

constexpr Duration kRemembered = 1h + 1min;  // beyond the longest `steady: for`
constexpr Duration kLeastGap = 1s;           // the shortest bound of a guard

}  // namespace

LiveProbe::LiveProbe(ProbeInfo info, OperationSink& next) : info_(std::move(info)), next_(next), series_(info_.series.size()) {}

void LiveProbe::started(Time start) {
  std::lock_guard lock(mutex_);
  start_ = start;
}

void LiveProbe::record(const Operation& operation) {
  next_.record(operation);
  const bool good =
      operation.outcome == Outcome::ok && operation.done - operation.scheduled <= info_.series[operation.series].good_within;
  std::lock_guard lock(mutex_);
  Series& series = series_[operation.series];
  const Seen seen{operation.scheduled, operation.done, good};
  if (good) {
    const Time before = std::max(series.good, start_);
    if (start_.count() >= 0 && operation.done - before >= kLeastGap) series.gaps.emplace_back(before, operation.done);
    series.good = std::max(series.good, operation.done);
  }
  series.seen.push_back(seen);
  while (series.seen.front().scheduled < operation.scheduled - kRemembered) series.seen.pop_front();
  if (operation.number != series.next) {
    series.early[operation.number] = seen;
    return;
  }
  const auto pass = [&series](const Seen& one) {
    series.reached = one.scheduled;
    if (!one.good) series.bad = series.reached;
    ++series.next;
  };
  pass(seen);
  for (auto first = series.early.begin(); first != series.early.end() && first->first == series.next;
       first = series.early.erase(first))
    pass(first->second);
}

void LiveProbe::flush() { next_.flush(); }

std::vector<SteadyCheck> LiveProbe::steady(Time now, Duration length, double required) const {
  std::lock_guard lock(mutex_);
  std::vector<SteadyCheck> checks;
  for (std::size_t i = 0; i < series_.size(); ++i) {
    // What was due less than a deadline ago may still be on its way.
    const Time to = now - info_.series[i].good_within, from = to - length;
    SteadyCheck check{info_.name, info_.series[i].name, length, required};
    std::uint64_t good = 0;
    for (auto seen = series_[i].seen.rbegin(); seen != series_[i].seen.rend(); ++seen) {
      if (seen->scheduled < from - info_.series[i].deadline) break;
      if (seen->scheduled < from || seen->scheduled >= to) continue;
      ++check.operations;
      good += seen->good;
    }
    // One that has no outcome yet although it should is missing here: it counts as not good.
    const double due = std::chrono::duration<double>(length).count() * info_.series[i].rate;
    const double all = std::max(static_cast<double>(check.operations), due - 1);
    check.observed = all > 0 ? static_cast<double>(good) / all : 0;
    check.observed = std::min(check.observed, 1.0);
    check.steady = start_.count() >= 0 && from >= start_ && check.observed >= required;
    checks.push_back(check);
  }
  return checks;
}

bool LiveProbe::recovered(Time since) const {
  std::lock_guard lock(mutex_);
  if (start_.count() < 0) return false;
  for (std::size_t i = 0; i < series_.size(); ++i) {
    // The hold of the record begins at the first good operation after the last bad one (docs/measurement.md), a step later.
    const Duration step = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / info_.series[i].rate));
    if (series_[i].reached < std::max({since, series_[i].bad + step, start_}) + hold_of(info_, info_.series[i])) return false;
  }
  return true;
}

Duration LiveProbe::without_success(Time since, Time now) const {
  std::lock_guard lock(mutex_);
  Duration longest{0};
  if (start_.count() < 0) return longest;
  for (const Series& series : series_) {
    longest = std::max(longest, now - std::max({series.good, start_, since}));
    for (const auto& [from, to] : series.gaps) longest = std::max(longest, to - std::max(from, since));
  }
  return longest;
}

LiveProbe::Pulse LiveProbe::pulse(Time now) const {
  std::lock_guard lock(mutex_);
  Pulse pulse;
  std::uint64_t all = 0, good = 0;
  for (const Series& series : series_)
    for (auto seen = series.seen.rbegin(); seen != series.seen.rend() && seen->done >= now - 1s; ++seen) {
      ++all;
      good += seen->good;
    }
  pulse.rate = static_cast<double>(all);
  pulse.success = all > 0 ? static_cast<double>(good) / static_cast<double>(all) : 0;
  return pulse;
}

}  // namespace blackstart
