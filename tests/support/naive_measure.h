// The measures of a series the plain way: all operations in memory, sorted, and gone over as often as is convenient. What the
// product computes while they go by must be the same (reports_streaming_test.cpp).
#pragma once

#include <cmath>

#include "tests/support/naive_blind.h"
#include "tests/support/naive_budget.h"
#include "tests/support/naive_outages.h"

namespace blackstart::naive {

inline Duration quantile(std::vector<Duration>& values, double share) {
  if (values.empty()) return Duration(0);
  auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

inline void count(const Stream& stream, SeriesMeasures& m) {
  for (const Operation& o : stream.operations) {
    ++m.operations;
    if (o.outcome == Outcome::unsent) ++m.unsent;
    if (o.outcome == Outcome::failed) ++m.failed;
    if (o.outcome == Outcome::indeterminate) ++m.indeterminate;
    if (o.outcome != Outcome::ok) continue;
    ++m.ok;
    ++(stream.good(o) ? m.good : m.late);
  }
}

inline void measure_times(const Stream& stream, Time first_effect, SeriesMeasures& m) {
  std::vector<Duration> latency, lag, good{Duration(0)};
  for (const Operation& o : stream.operations) {
    if (o.outcome == Outcome::unsent) continue;
    lag.push_back(std::max(o.sent - o.scheduled, Duration(0)));
    bool before = first_effect.count() < 0 || o.done < first_effect;
    if (before && o.outcome == Outcome::ok) latency.push_back(o.done - o.scheduled);
    if (before && stream.good(o)) good.push_back(o.done - o.scheduled);
  }
  m.baseline_p50 = quantile(latency, 0.5);
  m.baseline_p99 = quantile(latency, 0.99);
  m.baseline_max = quantile(good, 1);
  m.send_lag_p999 = quantile(lag, 0.999);
}

inline SeriesMeasures measure(const Stream& stream, Time first_effect) {
  SeriesMeasures m;
  m.name = stream.info->name;
  m.problem = stream.problem;
  count(stream, m);
  measure_times(stream, first_effect, m);
  Outages outages = find_outages(stream);
  m.outages = std::move(outages.all);
  m.degraded = outages.degraded;
  m.down = outages.down;
  m.blind = find_blind(stream);
  m.budget = budget_of(stream, m.recovered());
  if (stream.info->rate > 0) m.downtime = from_seconds(static_cast<double>(m.budget.bad) / stream.info->rate);
  return m;
}

}  // namespace blackstart::naive
