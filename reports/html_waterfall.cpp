// The stages of each recovery as bars from the fault on, what the settings let expect behind them.
#include <fmt/format.h>

#include <algorithm>

#include "reports/html_parts.h"
#include "reports/time_axis.h"
#include "reports/waterfall.h"
#include "reports/waterfall_words.h"

namespace blackstart::html {
namespace {

// From the fault to the last stage that the cloud went through by itself; what came later stands at the edge.
TimeAxis axis_of(const Waterfall& waterfall) {
  TimeAxis axis;
  axis.zero = axis.from = waterfall.effect.middle();
  axis.at_fault = true;
  Time last = axis.zero + 1s;
  for (const StageResult& stage : waterfall.stages) {
    if (stage.when.known() && !stage.after_undo && stage.name != "redundant") last = std::max(last, stage.when.to);
    for (const PredictedBand& band : stage.predicted) last = std::max(last, axis.zero + band.to);
  }
  axis.to = last + (last - axis.zero) / 20;
  return axis;
}

Markup bar(const TimeAxis& axis, const char* kind, Time from, Time to) {
  const double left = axis.percent(from), width = std::max(axis.percent(to) - left, 0.0);
  return raw(
      fmt::format("<span class=\"bar {}\" style=\"left:{:.3f}%;width:{:.3f}%\"></span>", kind, std::min(left, 99.5), width));
}

Markup bars(const TimeAxis& axis, const StageResult& stage) {
  Markup all;
  for (const PredictedBand& band : stage.predicted) all += bar(axis, "expected", axis.zero + band.from, axis.zero + band.to);
  if (stage.when.known())
    all += bar(axis, stage.when.from > axis.to ? "stage beyond" : "stage", stage.when.from, stage.when.to);
  return raw("<div class=\"track\" aria-hidden=\"true\">") + all + raw("</div>");
}

Markup row(const TimeAxis& axis, const Waterfall& waterfall, const StageResult& stage) {
  Markup words = tag("strong", "", text(stage.title)) + raw(" ") + text(stage_time_text(stage, waterfall.effect));
  if (const std::string band = stage_band_text(stage); !band.empty()) {
    const bool outside = stage.beside == StageResult::Beside::below || stage.beside == StageResult::Beside::above;
    words += raw("; ") + (outside ? badge(Sign::unknown, band) : text(band));
  }
  Markup more = text(stage.evidence);
  if (!stage.predicted.empty()) more += tag("span", "source", text(stage_source_text(stage)));
  return tag("li", "", tag("p", "", words) + bars(axis, stage) + tag("p", "evidence", more)) + raw("\n");
}

Markup ticks(const TimeAxis& axis) {
  Markup marks;
  for (Time at : axis.ticks(7)) {
    const double left = axis.percent(at);
    const char* edge = left < 3 ? " class=\"first\"" : left > 97 ? " class=\"last\"" : "";
    marks += raw(fmt::format("<span{} style=\"left:{:.3f}%\">", edge, left)) +
             text(at == axis.zero ? "0" : fmt::format("{:.0f}", axis.seconds(at))) + raw("</span>");
  }
  return raw("<div class=\"ticks\" aria-hidden=\"true\">") + marks + raw("</div>") +
         tag("p", "unit", text("seconds from the fault"));
}

Markup one(const Waterfall& waterfall) {
  const TimeAxis axis = axis_of(waterfall);
  Markup rows;
  for (const StageResult& stage : waterfall.stages) rows += row(axis, waterfall, stage);
  if (!rows.html.empty()) rows = tag("ul", "lanes waterfall", rows) + ticks(axis);
  return tag("h3", "", text(waterfall.injection)) + rows + list(waterfall.not_watched);
}

}  // namespace

Markup waterfalls(const Record& record, const Judgement& judgement) {
  Markup all;
  for (const Waterfall& waterfall : judgement.waterfalls)
    if (!waterfall.stages.empty() || !waterfall.not_watched.empty()) all += one(waterfall);
  if (all.html.empty()) return {};
  const Markup note =
      tag("p", "note",
          text("A filled bar is the time in which it certainly happened. A dashed box is what the settings of the "
               "nodes, or the scenario's author, let expect: nine in ten fall into it. What lies outside has "
               "missed no objective, but somebody should know why."));
  return section("stages", "Stages of the recovery", all + list(unread_settings(record)) + note);
}

}  // namespace blackstart::html
