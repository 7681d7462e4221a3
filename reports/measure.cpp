#include <algorithm>

#include "reports/blind.h"
#include "reports/budget.h"
#include "reports/outages.h"
#include "reports/quantiles.h"

namespace blackstart {
namespace {

void count(const Stream& stream, const Operation& o, SeriesMeasures& m) {
  ++m.operations;
  if (o.outcome == Outcome::unsent) ++m.unsent;
  if (o.outcome == Outcome::failed) ++m.failed;
  if (o.outcome == Outcome::indeterminate) ++m.indeterminate;
  if (o.outcome != Outcome::ok) return;
  ++m.ok;
  ++(stream.good(o) ? m.good : m.late);
}

// Latencies before the first effect, and how late the generator was.
class Times {
 public:
  Times(const Stream& stream, Time first_effect) : stream_(stream), first_effect_(first_effect) {}

  void see(const Operation& o) {
    if (o.outcome == Outcome::unsent) return;
    lag_.see(std::max(o.sent - o.scheduled, Duration(0)));
    const bool before = first_effect_.count() < 0 || o.done < first_effect_;
    if (!before || o.outcome != Outcome::ok) return;
    latency_.see(o.done - o.scheduled);
    if (stream_.good(o)) slowest_ = std::max(slowest_, o.done - o.scheduled);
  }

  // False: all must be shown again.
  bool settle() {
    const bool latency = latency_.settle(), lag = lag_.settle();
    return latency && lag;
  }

  void tell(SeriesMeasures& m) const {
    m.baseline_p50 = latency_.at(0);
    m.baseline_p99 = latency_.at(1);
    m.baseline_max = slowest_;
    m.send_lag_p999 = lag_.at(0);
  }

 private:
  const Stream& stream_;
  Time first_effect_;
  Duration slowest_{0};
  Quantiles latency_{{0.5, 0.99}}, lag_{{0.999}};
};

}  // namespace

bool SeriesMeasures::recovered() const {
  return std::none_of(outages.begin(), outages.end(), [](const Outage& outage) { return outage.censored; });
}

SeriesMeasures measure(const Stream& stream, Time first_effect) {
  SeriesMeasures m;
  m.name = stream.info->name;
  m.problem = stream.problem;
  Times times(stream, first_effect);
  BlindSearch blind(stream);
  BadTimes bad(stream);
  Outages outages = find_outages(stream, [&](const Operation& operation) {
    count(stream, operation, m);
    times.see(operation);
    blind.see(operation);
    bad.see(operation);
  });
  while (!times.settle())
    for (const Operation& operation : stream.operations) times.see(operation);
  times.tell(m);
  m.outages = std::move(outages.all);
  m.degraded = outages.degraded;
  m.down = outages.down;
  m.blind = blind.found();
  bad.settle();
  m.budget = budget_of(stream, bad, m.recovered());
  if (stream.info->rate > 0) m.downtime = from_seconds(static_cast<double>(m.budget.bad) / stream.info->rate);
  return m;
}

}  // namespace blackstart
