#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "reports/budget_words.h"
#include "reports/html_parts.h"
#include "reports/time_axis.h"
#include "reports/words.h"

namespace blackstart::html {
namespace {

Markup bar(const TimeAxis& axis, Time from, Time to, const char* kind, const std::string& words, bool lettered) {
  double left = axis.percent(from), width = axis.percent(to) - left;
  Markup inner = lettered && width > 10 ? text(words) : Markup{};
  return raw(fmt::format("<span class=\"bar {}\" style=\"left:{:.3f}%;width:{:.3f}%\" title=\"", kind, left, width)) +
         text(words) + raw("\">") + inner + raw("</span>");
}

Markup lane(const std::string& name, const std::string& words, const Markup& bars) {
  return tag("li", "", tag("p", "", tag("strong", "", text(name)) + raw(" ") + text(words)) + tag("div", "track", bars)) +
         raw("\n");
}

Markup phase_lane(const TimeAxis& axis, const Record& record) {
  Markup bars;
  std::vector<std::string> words;
  for (const auto& phase : record.phases) {
    if (phase.began.count() < 0) continue;
    Time end = phase.ended.count() < 0 ? axis.to : phase.ended;
    bars += bar(axis, phase.began, end, words.size() % 2 == 0 ? "phase" : "phase odd", phase.name, true);
    words.push_back(phase.name);
  }
  return words.empty() ? bars : lane("phases", joined(words), bars);
}

Markup injection_lane(const TimeAxis& axis, const Injection& injection) {
  if (injection.effect.from.count() < 0) return lane(injection.id, "not injected: " + injection.problem, {});
  Time undone = injection.undone.count() < 0 ? axis.to : std::max(injection.undone, injection.effect.from);
  std::string words = injection_text(injection) + "; ";
  words +=
      injection.undone.count() < 0 ? undo_text(injection) : "undone after " + format_seconds(undone - injection.effect.from);
  return lane(injection.id, words, bar(axis, injection.effect.from, undone, "fault", words, false));
}

std::string outage_words(const Outage& outage) {
  const char* kind = outage.down ? "down" : "brown-out";
  if (!outage.recovery.known()) return std::string(kind) + " from " + bracket_text(outage.onset) + ", no recovery seen";
  std::string words = fmt::format("{} for {}", kind, format_seconds(outage.recovery.middle() - outage.onset.middle()));
  return outage.flaps == 0 ? words : words + " (" + count_text(static_cast<std::uint64_t>(outage.flaps), "flap") + ")";
}

Markup service_lane(const TimeAxis& axis, const std::string& probe, Time watched, const SeriesMeasures& series) {
  Markup bars;
  std::vector<std::string> words;
  for (const auto& outage : series.outages) {
    Time end = outage.recovery.known() ? outage.recovery.middle() : watched;
    words.push_back(outage_words(outage));
    bars += bar(axis, outage.onset.middle(), end, outage.down ? "down" : "brown-out", words.back(), false);
  }
  for (const auto& blind : series.blind) {
    words.push_back("blind for " + format_seconds(blind.to - blind.from));
    bars += bar(axis, blind.from, blind.to, "blind", "blind: " + blind.why, false);
  }
  constexpr std::size_t kMost = 4;  // more would bury the lane under its words
  std::size_t more = words.size() > kMost ? words.size() - kMost : 0;
  words.resize(words.size() - more);
  if (more > 0) words.push_back(fmt::format("and {} more", more));
  return lane(probe + "/" + series.name, words.empty() ? "up throughout" : joined(words), bars);
}

// Only of alerts that would have gone off: what did not happen needs no lane.
Markup alarm_lanes(const TimeAxis& axis, const std::string& probe, const SeriesMeasures& series) {
  Markup all;
  for (const auto& alert : series.budget.alerts) {
    Markup bars;
    for (const auto& alarm : alert.alarms)
      bars += bar(axis, alarm.fired, alarm.cleared.count() < 0 ? axis.to : alarm.cleared, "alarm", alarm_text(alarm), false);
    if (!alert.alarms.empty()) all += lane(alert_name(alert), probe + "/" + series.name + ": " + alarms_text(alert), bars);
  }
  return all;
}

Markup ticks(const TimeAxis& axis) {
  Markup marks;
  for (Time at : axis.ticks(7)) {
    double left = axis.percent(at);
    const char* edge = left < 3 ? " class=\"first\"" : left > 97 ? " class=\"last\"" : "";
    marks += raw(fmt::format("<span{} style=\"left:{:.3f}%\">", edge, left)) +
             text(at == axis.zero ? "0" : fmt::format("{:+.0f}", axis.seconds(at))) + raw("</span>");
  }
  return tag("div", "ticks", marks);
}

Markup unit(const TimeAxis& axis) {
  return tag("p", "unit", text(axis.at_fault ? "seconds from the fault" : "seconds from the beginning of the run"));
}

std::string chart_words(const std::string& probe, const SeriesMeasures& series) {
  std::string words = fmt::format("Success rate and latency of {}/{} over time: {} of {} good", probe, series.name,
                                  grouped(series.good), count_text(series.operations, "operation"));
  for (const auto& outage : series.outages) words += "; " + outage_words(outage);
  return words + ". The tables below hold the same numbers.";
}

Markup chart(std::size_t number, const std::string& probe, const SeriesMeasures& series) {
  Markup words = text(chart_words(probe, series));
  Markup box = raw(fmt::format("<div class=\"chart\" data-chart=\"{}\" role=\"img\" aria-label=\"", number)) + words +
               raw("\"><noscript>The chart needs JavaScript. ") + words + raw("</noscript></div>");
  return tag("figure", "", tag("figcaption", "", tag("strong", "", text(probe + "/" + series.name))) + box) + raw("\n");
}

}  // namespace

Markup lanes(const Record& record, const Judgement& judgement) {
  TimeAxis axis = time_axis(record, judgement);
  Markup all = phase_lane(axis, record);
  for (const auto& injection : record.injections) all += injection_lane(axis, injection);
  for (const auto& probe : judgement.probes)
    for (const auto& series : probe.series)
      all +=
          service_lane(axis, probe.probe, watched_until(record, probe.probe), series) + alarm_lanes(axis, probe.probe, series);
  if (all.html.empty()) return {};
  return tag("ul", "lanes", all) + ticks(axis) + unit(axis);
}

Markup charts(const Record& record, const Judgement& judgement) {
  Markup all;
  std::size_t number = 0;
  for (const auto& probe : record.probes) {
    for (const auto& info : probe.info.series) {
      SeriesMeasures measures;
      measures.name = info.name;
      for (const auto& judged : judgement.probes)
        for (const auto& series : judged.series)
          if (judged.probe == probe.info.name && series.name == info.name) measures = series;
      all += chart(number++, probe.info.name, measures);
    }
  }
  return all.html.empty() ? all : all + unit(time_axis(record, judgement));
}

}  // namespace blackstart::html
