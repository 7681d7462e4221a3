#include <cmath>
#include <nlohmann/json.hpp>

#include "base/units.h"
#include "reports/chart.h"
#include "reports/json_format.h"
#include "reports/words.h"

namespace blackstart {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value, double places) { return std::round(value * places) / places; }
double seconds(const TimeAxis& axis, Time at) { return rounded(axis.seconds(at), 1000); }

Json milliseconds(const std::optional<Duration>& value) {
  if (!value) return nullptr;
  return rounded(std::chrono::duration<double, std::milli>(*value).count(), 100);
}

Json band(const TimeAxis& axis, Time from, Time to, const char* kind, const std::string& label) {
  return {{"from", seconds(axis, from)}, {"to", seconds(axis, to)}, {"kind", kind}, {"label", clean_text(label)}};
}

Json marks(const TimeAxis& axis, const Record& record) {
  Json all = Json::array();
  auto add = [&](Time at, const std::string& label) {
    if (at.count() >= 0) all.push_back({{"at", seconds(axis, at)}, {"label", clean_text(label)}});
  };
  for (const auto& injection : record.injections) {
    if (injection.effect.known()) add(injection.effect.middle(), injection.id);
    add(injection.undone, injection.id + " undone");
  }
  return all;
}

Json bands(const TimeAxis& axis, const SeriesMeasures& measures, Duration hold, Time watched) {
  Json all = Json::array();
  for (const auto& outage : measures.outages) {
    Time from = outage.onset.middle();
    Time to = outage.recovery.known() ? outage.recovery.middle() : watched;
    std::string label =
        (outage.down ? "down " : "brown-out ") + std::string(outage.censored ? "> " : "") + format_seconds(to - from);
    if (outage.flaps > 0) label += ", " + count_text(static_cast<std::uint64_t>(outage.flaps), "flap");
    all.push_back(band(axis, from, to, outage.down ? "down" : "brown-out", label));
    if (outage.recovery.known()) all.push_back(band(axis, to, std::min(axis.to, to + hold), "recovered", "recovered"));
  }
  for (const auto& blind : measures.blind) all.push_back(band(axis, blind.from, blind.to, "blind", "blind"));
  return all;
}

Json series(const TimeAxis& axis, const SeriesInfo& info, const ChartSeries& chart) {
  Json x = Json::array(), good = Json::array(), p50 = Json::array(), p99 = Json::array(), longest = Json::array();
  for (const auto& bin : chart.bins) {
    x.push_back(seconds(axis, bin.from));
    good.push_back(bin.good ? Json(rounded(*bin.good * 100, 100)) : Json(nullptr));
    p50.push_back(milliseconds(bin.p50));
    p99.push_back(milliseconds(bin.p99));
    longest.push_back(milliseconds(bin.longest));
  }
  return {{"name", clean_text(info.name)},
          {"limit_ms", milliseconds(info.good_within)},
          {"end", seconds(axis, chart.end)},
          {"x", x},
          {"good", good},
          {"p50", p50},
          {"p99", p99},
          {"max", longest}};
}

const SeriesMeasures* measures_of(const Judgement& judgement, const std::string& probe, const std::string& name) {
  for (const auto& one : judgement.probes) {
    if (one.probe != probe) continue;
    for (const auto& measures : one.series)
      if (measures.name == name) return &measures;
  }
  return nullptr;
}

}  // namespace

std::string chart_json(const Record& record, const Judgement& judgement) {
  TimeAxis axis = time_axis(record, judgement);
  Json charts = Json::array();
  for (const auto& probe : record.probes) {
    Time watched = watched_until(record, probe.info.name);
    for (const Stream& stream : streams_of(probe)) {
      const auto* measures = measures_of(judgement, probe.info.name, stream.info->name);
      Json one = series(axis, *stream.info, chart_series(stream, measures, record));
      one["bands"] = measures == nullptr ? Json::array() : bands(axis, *measures, probe.info.hold, watched);
      charts.push_back(std::move(one));
    }
  }
  Json all{{"range", {seconds(axis, axis.from), seconds(axis, axis.to)}},
           {"focus", {seconds(axis, axis.focus_from), seconds(axis, axis.focus_to)}},
           {"marks", marks(axis, record)},
           {"charts", charts}};
  return json_format::text_of(all, -1);
}

}  // namespace blackstart
