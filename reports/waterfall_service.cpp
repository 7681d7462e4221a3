// Stages that clients saw: the first success after the outage began, and the stable recovery.
#include <fmt/format.h>

#include <algorithm>

#include "reports/vantage_clock.h"
#include "reports/waterfall.h"
#include "reports/words.h"

namespace blackstart {
namespace {

// An outage of a series, whose it is, and what the ± of its times has beyond its brackets.
struct Standstill {
  const Outage* outage = nullptr;
  std::string probe, series;
  Duration more{0};
};

// One that had begun before our undo was asked, or the next injection came, and was not over when the fault did.
bool belongs(const Outage& outage, const StageSearch& search) {
  return outage.onset.from < search.by_itself && (outage.censored || outage.recovery.to > search.injection.effect.from);
}

bool longer(const Outage& a, const Outage& b) {
  if (a.censored != b.censored) return a.censored;
  return a.censored ? a.onset.from < b.onset.from : a.recovery.to > b.recovery.to;
}

// Neither a probe that only watches who holds the virtual IP, which is a stage of its own, nor one that was to be refused.
bool counts(const StageSearch& search, const Judgement& judgement, const ProbeMeasures& probe) {
  Rto asked;
  asked.probe = probe.probe;
  asked.injection = search.injection.id;
  return !probe.holding && !refusal_wanted(judgement, asked);
}

Standstill worst(const StageSearch& search, const Judgement& judgement) {
  Standstill all;
  for (const ProbeMeasures& probe : judgement.probes)
    for (const SeriesMeasures& series : probe.series)
      for (const Outage& outage : series.outages)
        if (counts(search, judgement, probe) && belongs(outage, search) &&
            (all.outage == nullptr || longer(outage, *all.outage)))
          all = {&outage, probe.probe, series.name, series.send_lag_p999 + clock_bound_of(search.record, probe.probe)};
  return all;
}

std::vector<PredictedBand> expected(const StageSearch& search, const Standstill& one, ObjectiveSpec::Kind kind,
                                    const std::string& stage) {
  std::vector<PredictedBand> bands;
  for (const ObjectiveSpec& spec : search.record.objectives) {
    const bool same = spec.kind == kind && spec.probe == one.probe && (spec.series.empty() || spec.series == one.series) &&
                      (spec.injection.empty() || spec.injection == search.injection.id);
    if (same && spec.expected.known() && bands.empty())
      bands.push_back({stage, spec.expected.from, spec.expected.to, "the scenario's author: " + spec.expected.stage});
  }
  return bands;
}

}  // namespace

std::vector<StageResult> service_back(const StageSearch& search, const Judgement& judgement) {
  const Standstill one = worst(search, judgement);
  if (one.outage == nullptr) return {};
  const std::string who = fmt::format("{}/{}", one.probe, one.series);
  StageResult first, stable;
  first.name = "first-success";
  first.title = "first success";
  first.evidence = one.outage->first_success ? who : who + " had none";
  if (one.outage->first_success)
    first.when = {std::min(one.outage->first_success_after, *one.outage->first_success), *one.outage->first_success};
  stable.name = "stable";
  stable.title = "stable";
  stable.evidence = one.outage->censored ? who + " was not seen to recover" : who + ", the last series to recover";
  if (!one.outage->censored) stable.when = one.outage->recovery;
  first.more = stable.more = one.more;
  first.predicted = expected(search, one, ObjectiveSpec::Kind::first_success, first.name);
  stable.predicted = expected(search, one, ObjectiveSpec::Kind::rto, stable.name);
  return {first, stable};
}

}  // namespace blackstart
