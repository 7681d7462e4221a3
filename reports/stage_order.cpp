#include "reports/stage_order.h"

#include <algorithm>

namespace blackstart {
namespace {

const StageResult* stage_in(const Waterfall& waterfall, const std::string& name) {
  const auto found = std::find_if(waterfall.stages.begin(), waterfall.stages.end(),
                                  [&](const StageResult& stage) { return stage.name == name; });
  return found == waterfall.stages.end() ? nullptr : &*found;
}

bool same(const Bracket& a, const Bracket& b) { return a.from == b.from && a.to == b.to; }

// Of this outage, and of no other.
bool fits(const Outage& outage, const StageResult& first, const StageResult& stable) {
  const bool begun =
      first.when.known() ? outage.first_success && *outage.first_success == first.when.to : !outage.first_success;
  const bool over = stable.when.known() ? !outage.censored && same(outage.recovery, stable.when) : outage.censored;
  return begun && over;
}

bool any_fits(const Judgement& judgement, const StageResult& first, const StageResult& stable) {
  for (const ProbeMeasures& probe : judgement.probes)
    for (const SeriesMeasures& series : probe.series)
      for (const Outage& outage : series.outages)
        if (fits(outage, first, stable)) return true;
  return false;
}

std::string misplaced(const StageResult& stage, const Waterfall& waterfall, const Record& record) {
  if (stage.when.from > stage.when.to) return "it ends before it begins";
  if (stage.when.to < waterfall.effect.from) return "it lies before the fault";
  if (record.finished && stage.when.from > record.ended) return "it lies behind the end of the record";
  return "";
}

}  // namespace

std::vector<StageContradiction> contradictions(const Waterfall& waterfall, const Record& record, const Judgement& judgement) {
  std::vector<StageContradiction> all;
  for (const StageResult& stage : waterfall.stages)
    if (const std::string why = stage.when.known() ? misplaced(stage, waterfall, record) : ""; !why.empty())
      all.push_back({stage.name, why});
  const StageResult *first = stage_in(waterfall, "first-success"), *stable = stage_in(waterfall, "stable");
  if (first == nullptr || stable == nullptr) return all;
  if (!any_fits(judgement, *first, *stable))
    for (const StageResult* one : {first, stable}) all.push_back({one->name, "no outage that was measured is like that"});
  // The first good operation after an outage hung the longest, so others may be done before it: what counts is whether it can
  // lie before.
  if (first->when.known() && stable->when.known() && first->when.from > stable->when.to)
    all.push_back({first->name, "it lies behind the stable recovery"});
  return all;
}

void leave_out_contradictions(Waterfall& waterfall, const Record& record, const Judgement& judgement) {
  for (const StageContradiction& one : contradictions(waterfall, record, judgement))
    for (StageResult& stage : waterfall.stages) {
      if (stage.name != one.stage || !stage.when.known()) continue;
      stage.evidence = "left out, as " + one.why + " (" + stage.evidence + ")";
      stage.when = {};
      stage.after_undo = false;
      stage.beside = StageResult::Beside::unknown;
    }
}

}  // namespace blackstart
