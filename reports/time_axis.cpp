#include "reports/time_axis.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/operation_survey.h"

namespace blackstart {
namespace {

// The end of all that was seen, whatever of it is there.
Time last_moment(const Record& record) {
  Time last = 1s;
  auto see = [&](Time at) {
    if (at <= kLongestRun) last = std::max(last, at);
  };
  see(record.ended);
  for (const auto& phase : record.phases) see(std::max(phase.began, phase.ended));
  for (const auto& injection : record.injections) see(std::max(injection.effect.to, injection.undone));
  for (const auto& probe : record.probes) {
    see(probe.stopped);
    see(probe.operations.survey().last_moment);
  }
  return last;
}

void widen(TimeAxis& axis, Time from, Time to) {
  axis.focus_from = std::clamp(from, axis.from, axis.focus_from);
  axis.focus_to = std::clamp(to, axis.focus_to, axis.to);
}

void find_focus(TimeAxis& axis, const Record& record, const Judgement& judgement) {
  axis.focus_from = axis.focus_to = axis.zero;
  for (const auto& injection : record.injections)
    if (injection.effect.known()) widen(axis, injection.effect.from, injection.effect.to);
  for (const auto& probe : judgement.probes)
    for (const auto& series : probe.series)
      for (const auto& outage : series.outages)
        widen(axis, outage.onset.from, outage.recovery.known() ? outage.recovery.to : watched_until(record, probe.probe));
  Duration room = std::max<Duration>(5s, (axis.focus_to - axis.focus_from) / 2);
  axis.focus_from = std::max(axis.from, axis.focus_from - room);
  axis.focus_to = std::min(axis.to, axis.focus_to + room);
}

}  // namespace

Time watched_until(const Record& record, const std::string& probe) {
  for (const auto& known : record.probes) {
    if (known.info.name != probe) continue;
    if (known.stopped.count() >= 0) return known.stopped;
    return std::max(known.started, known.operations.survey().last_scheduled);  // it never stopped: a crash
  }
  return last_moment(record);
}

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
    axis.zero = std::min(injection.effect.middle(), axis.to);
    axis.at_fault = true;
  }
  find_focus(axis, record, judgement);
  return axis;
}

}  // namespace blackstart
