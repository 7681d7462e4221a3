#include "reports/time_axis.h"

#include <fmt/format.h>

#include <algorithm>

namespace blackstart {
namespace {

// The end of all that was seen, whatever of it is there.
Time last_moment(const Record& record) {
  Time last = std::max(record.ended, Time{0});
  for (const auto& phase : record.phases) last = std::max({last, phase.began, phase.ended});
  for (const auto& injection : record.injections) last = std::max({last, injection.effect.to, injection.undone});
  for (const auto& probe : record.probes) {
    last = std::max(last, probe.stopped);
    for (const auto& operation : probe.operations) last = std::max({last, operation.scheduled, operation.done});
  }
  return std::max(last, Time{1s});
}

void widen(TimeAxis& axis, Time from, Time to) {
  axis.focus_from = std::min(axis.focus_from, from);
  axis.focus_to = std::max(axis.focus_to, to);
}

void find_focus(TimeAxis& axis, const Record& record, const Judgement& judgement) {
  axis.focus_from = axis.focus_to = axis.zero;
  for (const auto& injection : record.injections)
    if (injection.effect.known()) widen(axis, injection.effect.from, injection.effect.to);
  for (const auto& probe : judgement.probes)
    for (const auto& series : probe.series)
      for (const auto& outage : series.outages)
        widen(axis, outage.onset.from, outage.censored ? axis.to : outage.recovery.to);
  Duration room = std::max<Duration>(5s, (axis.focus_to - axis.focus_from) / 2);
  axis.focus_from = std::max(axis.from, axis.focus_from - room);
  axis.focus_to = std::min(axis.to, axis.focus_to + room);
}

}  // namespace

double TimeAxis::percent(Time at) const {
  double share = static_cast<double>((at - from).count()) / static_cast<double>((to - from).count());
  return std::clamp(share, 0.0, 1.0) * 100;
}

std::string TimeAxis::label(Time at) const {
  double value = seconds(at);
  return fmt::format("{}{:.1f} s", value < 0 ? "−" : "+", value < 0 ? -value : value);
}

std::vector<Time> TimeAxis::ticks(int most) const {
  constexpr int kSteps[] = {1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400};
  Duration step = 1s;
  for (int seconds_each : kSteps) {
    step = std::chrono::seconds(seconds_each);
    if ((to - from) / step < most) break;
  }
  while ((to - from) / step >= most) step *= 2;
  std::vector<Time> result;
  for (Time at = zero - (zero - from) / step * step; at <= to; at += step) result.push_back(at);
  return result;
}

TimeAxis time_axis(const Record& record, const Judgement& judgement) {
  TimeAxis axis;
  axis.to = last_moment(record);
  for (const auto& injection : record.injections) {
    if (!injection.effect.known() || (axis.at_fault && injection.effect.middle() >= axis.zero)) continue;
    axis.zero = injection.effect.middle();
    axis.at_fault = true;
  }
  find_focus(axis, record, judgement);
  return axis;
}

}  // namespace blackstart
