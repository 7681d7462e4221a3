#include "reports/vantage_clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/units.h"

namespace blackstart {
namespace {

constexpr int kRounds = 80;  // each takes a third of what drift may be: below a billionth after 80

// Where the run time minus the stamp lies for one stamp, in nanoseconds after the first stamp and the first ping's own offset:
// small numbers, so that doubles hold them exactly enough.
struct Bounds {
  double at = 0, low = 0, high = 0;
  double drift = kMostDrift;  // at most, between the one before and this one
};

// What one ping tells of another moment grows by the most that the clocks drift with the distance.
void tighten(Bounds& one, const Bounds& other, double drift) {
  const double grown = drift * std::abs(one.at - other.at);
  one.low = std::max(one.low, other.low - grown);
  one.high = std::min(one.high, other.high + grown);
}

void tighten_all(std::vector<Bounds>& all) {
  for (std::size_t i = 1; i < all.size(); ++i) tighten(all[i], all[i - 1], all[i].drift);
  for (std::size_t i = all.size(); i-- > 1;) tighten(all[i - 1], all[i], all[i].drift);
}

// Between two pings the bounds are widest where what both tell of it meets.
void add_peaks(std::vector<Bounds>& all) {
  const std::size_t count = all.size();
  for (std::size_t i = 1; i < count; ++i) {
    const Bounds a = all[i - 1], b = all[i];  // copies: the vector grows
    const double middle = (a.at + b.at) / 2;
    for (const double lean : {(b.high - a.high) / (2 * b.drift), (a.low - b.low) / (2 * b.drift)}) {
      Bounds peak{std::clamp(middle + lean, a.at, b.at), -HUGE_VAL, HUGE_VAL, b.drift};
      tighten(peak, a, b.drift);
      tighten(peak, b, b.drift);
      all.push_back(peak);
    }
  }
}

struct Line {
  double offset = 0, drift = 0, bound = HUGE_VAL;
};

// For one drift the best line lies in the middle between what it must stay below and above.
Line best_with(const std::vector<Bounds>& all, double drift) {
  double least = HUGE_VAL, most = -HUGE_VAL;
  for (const Bounds& one : all) {
    least = std::min(least, one.low - drift * one.at);
    most = std::max(most, one.high - drift * one.at);
  }
  return {(least + most) / 2, drift, (most - least) / 2};
}

// The bound is a convex function of the drift.
Line best_line(const std::vector<Bounds>& all) {
  double low = -kMostDrift, high = kMostDrift;
  for (int i = 0; i < kRounds; ++i) {
    const double third = (high - low) / 3;
    if (best_with(all, low + third).bound < best_with(all, high - third).bound)
      high -= third;
    else
      low += third;
  }
  return best_with(all, (low + high) / 2);
}

void note_gaps(const std::vector<ClockPing>& pings, Time from, Time to, VantageClock& clock) {
  Time before = from;
  for (const ClockPing& ping : pings) {
    clock.longest_gap = std::max(clock.longest_gap, std::min(ping.stamp, to) - before);
    before = std::max(before, std::min(ping.stamp, to));
  }
  clock.longest_gap = std::max(clock.longest_gap, to - before);
}

}  // namespace

double beyond_drift(double one_rate, double other_rate) {
  const double beyond =
      std::max(0.0, std::abs(one_rate) - kMostCorrection) + std::max(0.0, std::abs(other_rate) - kMostCorrection);
  if (beyond <= 0) return 0;
  const double all = kMostDrift + beyond;
  return all / (1 - std::min(all, 0.5)) - kMostDrift;  // in seconds of the clock that goes slower: the stamps may be its own
}

VantageClock fit_clock(std::vector<ClockPing> pings, Time from, Time to) {
  VantageClock clock;
  clock.pings = pings.size();
  if (pings.empty()) {
    clock.trouble = "its clock was never read";
    return clock;
  }
  std::stable_sort(pings.begin(), pings.end(), [](const ClockPing& a, const ClockPing& b) { return a.stamp < b.stamp; });
  clock.best_trip = pings.front().answered - pings.front().asked;
  const Duration base = pings.front().asked - pings.front().stamp;
  std::vector<Bounds> all;
  double beyond = pings.front().beyond, most = 0;
  for (const ClockPing& ping : pings) {
    const double drift = kMostDrift + std::max(std::exchange(beyond, ping.beyond), ping.beyond);
    most = std::max(most, drift);
    clock.best_trip = std::min(clock.best_trip, ping.answered - ping.asked);
    all.push_back({static_cast<double>((ping.stamp - from).count()),
                   static_cast<double>((ping.asked - ping.stamp - base).count()),
                   static_cast<double>((ping.answered - ping.stamp - base).count()), drift});
  }
  note_gaps(pings, from, to, clock);
  // Before the first ping and behind the last one the bounds are widest at the ends.
  const double end = static_cast<double>((to - from).count());
  if (all.front().at > 0) all.insert(all.begin(), {0, -HUGE_VAL, HUGE_VAL});
  if (all.back().at < end) all.push_back({end, -HUGE_VAL, HUGE_VAL, kMostDrift + beyond});
  tighten_all(all);
  if (std::any_of(all.begin(), all.end(), [](const Bounds& one) { return one.low > one.high; })) {
    clock.trouble = fmt::format(
        "answers for the time contradict each other: one of both clocks was set, or ran more than {:.0f} ppm "
        "faster than the other",
        most * 1e6);
    return clock;
  }
  add_peaks(all);
  const Line line = best_line(all);
  clock.at = from;
  clock.offset = base + Duration(std::llround(line.offset));
  clock.drift = line.drift;
  clock.bound = Duration(std::llround(std::ceil(line.bound))) + 1us;  // the record keeps whole microseconds
  return clock;
}

Time run_time_of(const VantageClock& clock, Time stamp) {
  const Duration after = stamp - clock.at;
  return stamp + clock.offset + Duration(std::llround(clock.drift * static_cast<double>(after.count())));
}

const VantageClock* clock_of(const Record& record, const std::string& probe) {
  const auto found =
      std::find_if(record.clocks.begin(), record.clocks.end(), [&](const VantageClock& c) { return c.probe == probe; });
  return found == record.clocks.end() ? nullptr : &*found;
}

Duration clock_bound_of(const Record& record, const std::string& probe) {
  for (const ProbeRecord& one : record.probes)
    if (one.info.name == probe) return clock_bound(record, one.info);
  return Duration(0);
}

Duration clock_bound(const Record& record, const ProbeInfo& probe) {
  if (probe.vantage.empty()) return Duration(0);
  const VantageClock* clock = clock_of(record, probe.name);
  return clock == nullptr ? Duration(0) : std::max(clock->bound, Duration(0));
}

std::string vantage_sentence(const Record& record, const ProbeInfo& probe) {
  const VantageClock* clock = clock_of(record, probe.name);
  if (clock == nullptr) return fmt::format("sent from {}; nobody knows how far its clock is off", probe.vantage);
  if (!clock->trouble.empty())
    return fmt::format("sent from {}; its times can't be trusted: {}", probe.vantage, clock->trouble);
  return fmt::format("sent from {}; its times are the runner's within ± {} ({} pings, the best took {} there and back)",
                     probe.vantage, format_seconds(clock->bound, 4), clock->pings, format_seconds(clock->best_trip, 4));
}

}  // namespace blackstart
