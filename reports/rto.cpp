#include "reports/rto.h"

#include <algorithm>

namespace blackstart {
namespace {

struct Aftermath {
  const Injection* injection;
  Time until;  // when the next injection began, or the end
};

// The outage was certain before the next injection began, and not over when this one did. One that two injections
// share counts for both: while it lasted neither's recovery was seen.
bool belongs(const Outage& outage, const Aftermath& after) {
  return outage.known < after.until && (outage.censored || outage.recovery.to > after.injection->effect.from);
}

Bracket span(const Outage& outage, Time end) { return outage.censored ? Bracket{end, end} : outage.recovery; }

Measured between(const Bracket& from, const Bracket& to, Duration more) {
  return {std::max(to.middle() - from.middle(), Duration(0)), from.half() + to.half() + more};
}

class Calculation {
 public:
  Calculation(const Stream& stream, const SeriesMeasures& measures, const Aftermath& after)
      : stream_(stream), measures_(measures), after_(after), effect_(after.injection->effect) {
    rto_.probe = stream.probe->name;
    rto_.series = stream.info->name;
    rto_.injection = after.injection->id;
    rto_.rto = rto_.perceived = {Duration(0), stream.step};
  }

  Rto run() {
    for (const Outage& outage : measures_.outages)
      if (belongs(outage, after_)) take(outage);
    return std::move(rto_);
  }

 private:
  void take(const Outage& outage) {
    // An operation in flight when the service went is bad though it was scheduled a response time earlier.
    Bracket recovery = span(outage, stream_.end);
    Measured own = between(outage.onset, recovery, measures_.send_lag_p999 + measures_.baseline_p99);
    Measured length = rto_.impact ? own : between(effect_, recovery, measures_.send_lag_p999);
    bool worse = !rto_.impact || std::pair(outage.censored, length.value) > std::pair(rto_.censored, rto_.rto.value);
    if (!rto_.impact) note_first_success(outage);
    rto_.impact = true;
    if (!worse) return;
    rto_.censored = outage.censored;
    rto_.rto = length;
    rto_.perceived = own;
  }

  void note_first_success(const Outage& outage) {
    if (!outage.first_success) return;
    Bracket seen{std::min(outage.first_success_after, *outage.first_success), *outage.first_success};
    rto_.first_success = between(effect_, seen, measures_.send_lag_p999);
  }

  const Stream& stream_;
  const SeriesMeasures& measures_;
  const Aftermath& after_;
  Bracket effect_;
  Rto rto_;
};

bool watched(const Stream& stream, const Injection& injection) {
  if (stream.operations.empty()) return false;
  Time from = stream.operations.front().scheduled, to = std::min(stream.end, stream.operations.back().scheduled + stream.step);
  return from <= injection.effect.from && to >= injection.effect.to + stream.probe->hold;
}

bool has_outage(const std::vector<Rto>& all) { return !all.empty() && all.back().impact; }

}  // namespace

std::vector<const Injection*> effective(const std::vector<Injection>& injections) {
  std::vector<const Injection*> result;
  for (const Injection& injection : injections)
    if (injection.effect.known()) result.push_back(&injection);
  std::stable_sort(result.begin(), result.end(),
                   [](const Injection* a, const Injection* b) { return a->effect.from < b->effect.from; });
  return result;
}

std::vector<Rto> rtos_of(const Stream& stream, const SeriesMeasures& measures, const std::vector<Injection>& injections) {
  std::vector<Rto> result;
  auto order = effective(injections);
  for (std::size_t i = 0; i < order.size(); ++i) {
    Aftermath after{order[i], i + 1 < order.size() ? order[i + 1]->effect.from : Time::max()};
    result.push_back(Calculation(stream, measures, after).run());
    if (!has_outage(result) && !watched(stream, *order[i])) result.pop_back();
  }
  return result;
}

}  // namespace blackstart
