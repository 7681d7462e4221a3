// What a probe might record of a service that fails in every way, with what can be wrong with a record.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>

#include "reports/record.h"
#include "reports/stream.h"

namespace blackstart::trace {

using Random = std::mt19937_64;

inline double between(Random& random, double from, double to) { return std::uniform_real_distribution(from, to)(random); }
inline bool chance(Random& random, double share) { return between(random, 0, 1) < share; }
template <class Value>
Value one_of(Random& random, const std::vector<Value>& values) {
  return values[std::uniform_int_distribution<std::size_t>(0, values.size() - 1)(random)];
}

// A stretch of time in which the service is one way.
struct Stretch {
  double failing = 0, hanging = 0, slow = 0;  // shares
  double unsent = 0, missing = 0;             // of ours
};

inline Stretch stretch(Random& random) {
  static const std::vector<Stretch> kinds = {{},
                                             {},
                                             {},
                                             {1},
                                             {0, 1},
                                             {0.5},
                                             {0.05},
                                             {0.4, 0.3},
                                             {0, 0, 1},
                                             {0, 0, 0.02},
                                             {0.002},
                                             {1, 0, 0, 0.2},
                                             {0, 0, 0, 1},
                                             {0, 0, 0, 0, 1},
                                             {0.01, 0, 0.01, 0.01, 0.01}};
  return one_of(random, kinds);
}

// Whole microseconds, so that a file keeps it as it is.
inline Duration micros(double value) { return Duration(1000 * std::llround(value)); }

inline Operation operation(Random& random, const SeriesInfo& info, const Stretch& now, std::uint16_t series,
                           std::uint64_t number) {
  Operation o{series, number, Outcome::ok, 0, from_seconds(static_cast<double>(number) / info.rate)};
  if (chance(random, now.unsent)) {
    o.outcome = Outcome::unsent;
    return o;
  }
  o.sent = o.scheduled + micros(chance(random, 0.001) ? between(random, 0, 3e5) : between(random, 0, 200));
  o.done = o.sent + micros(500 * std::exp(between(random, 0, 3)));
  const bool hangs = chance(random, now.hanging);
  if (hangs) o.done = std::max(o.sent, o.scheduled + info.deadline);
  if (hangs) o.outcome = Outcome::indeterminate;
  if (!hangs && chance(random, now.failing)) o.outcome = Outcome::failed;
  if (!hangs && chance(random, now.slow)) o.done += info.good_within;
  if (o.outcome != Outcome::ok) o.error = hangs ? kTimedOut : kNoConnection;
  return o;
}

inline void add_series(Random& random, ProbeRecord& probe, std::uint64_t count, std::vector<Operation>& all) {
  const auto series = static_cast<std::uint16_t>(probe.info.series.size());
  SeriesInfo info{"s" + std::to_string(series), one_of<double>(random, {0.5, 3, 10, 50, 200, 997.3}),
                  from_seconds(between(random, 1, 4)), micros(between(random, 2'000, 900'000))};
  Stretch now;
  for (std::uint64_t number = 0; number < count; ++number) {
    if (chance(random, 8.0 / static_cast<double>(count))) now = stretch(random);
    if (!chance(random, now.missing)) all.push_back(operation(random, info, now, series, number));
  }
  probe.info.series.push_back(info);
  probe.planned.push_back(chance(random, 0.8) ? count : chance(random, 0.5) ? ~std::uint64_t{0} : count - 3);
  probe.stopped = std::max(probe.stopped, from_seconds(static_cast<double>(count) / info.rate));
}

inline void damage(Random& random, std::vector<Operation>& all) {
  auto any = [&]() -> Operation& { return all[std::uniform_int_distribution<std::size_t>(0, all.size() - 1)(random)]; };
  if (chance(random, 0.2)) all.push_back(any());
  if (chance(random, 0.2)) std::swap(any(), any());
  if (chance(random, 0.1)) any().number += 100;
  if (chance(random, 0.1)) any().series = 7;
  if (chance(random, 0.1)) any().done = Time(INT64_MAX);
  if (chance(random, 0.05)) std::shuffle(all.begin(), all.end(), random);
}

// One or two series, each of `count` operations, in the order of completion.
inline ProbeRecord random_history(Random& random, std::uint64_t count) {
  ProbeRecord probe;
  probe.info.name = "bank";
  probe.info.slo = one_of<double>(random, {0.5, 0.9, 0.99, 0.999, 1});
  probe.info.slo_window = one_of<Duration>(random, {30 * 24h, 24h, 2h});
  probe.info.hold = from_seconds(between(random, 0, 8));
  probe.started = 0s;
  std::vector<Operation> all;
  for (int series = chance(random, 0.3) ? 2 : 1; series > 0; --series) add_series(random, probe, count, all);
  std::stable_sort(all.begin(), all.end(), [](const Operation& a, const Operation& b) {
    return std::max(a.scheduled, a.done) < std::max(b.scheduled, b.done);
  });
  if (chance(random, 0.4) && !all.empty()) damage(random, all);
  if (chance(random, 0.2)) probe.stopped = chance(random, 0.5) ? Time(-1) : probe.stopped / 2;
  probe.operations = std::move(all);
  return probe;
}

}  // namespace blackstart::trace
