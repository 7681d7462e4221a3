#include "reports/waterfall.h"

#include <algorithm>

#include "reports/predict.h"
#include "reports/rto.h"
#include "reports/stage_order.h"

namespace blackstart {
namespace {

using Beside = StageResult::Beside;

Situation situation_of(const StageSearch& search) {
  Situation situation{search.record.live_settings, search.injection, holder_before(search), ""};
  for (const ProbeRecord& probe : search.record.probes)
    if (situation.address.empty() && probe.info.two_holders.count() >= 0) situation.address = probe.info.description;
  return situation;
}

void add(Waterfall& into, std::optional<StageResult> stage, const std::vector<Expectation>& expected) {
  if (!stage) return;
  if (const auto band = band_of(stage->name, expected)) stage->predicted.push_back(*band);
  into.stages.push_back(std::move(*stage));
}

// Of those that were looked for and not seen only what was to be expected is worth a line.
void add_if_seen(Waterfall& into, std::optional<StageResult> stage, const std::vector<Expectation>& expected,
                 const StageSearch& search) {
  if (!stage) return;
  const auto band = band_of(stage->name, expected);
  const bool due = band && search.by_itself - search.injection.effect.to > band->to && search.by_itself != Time::max();
  if (!stage->when.known() && due) stage->evidence = "not seen, though the fault lasted longer than that";
  if (stage->when.known() || due) add(into, std::move(stage), expected);
}

struct Reporting {
  const char *component, *title;
  std::vector<Expectation> (*expect)(const Situation& situation, std::size_t parts);
};

// Of a service that was hit and reports nothing, as an API, nobody will say that its reports are late.
void look_for_late_reports(const StageSearch& search, const Reporting& kind, Waterfall& into) {
  const std::size_t parts = parts_of(search, kind.component, true);
  add_if_seen(into, service_notice(search, kind.component, kind.title),
              parts > 0 ? kind.expect(situation_of(search), parts) : std::vector<Expectation>{}, search);
}

void look_at_cluster(const StageSearch& search, Waterfall& into) {
  const Situation situation = situation_of(search);
  add(into, first_change(search), {});
  add(into, vip_moved(search), expect_vip_move(situation));
  if (auto out = backend_out(search)) add(into, std::move(out->stage), expect_backend_out(situation, out->parts));
  add(into, galera_view(search), expect_galera_view(situation));
  add_if_seen(into, rabbitmq_notice(search), expect_rabbitmq_notice(situation, parts_of(search, "rabbitmq", false)), search);
  look_for_late_reports(search, {"nova", "Nova", expect_nova_notice}, into);
  look_for_late_reports(search, {"neutron", "Neutron", expect_neutron_notice}, into);
}

bool has(const Waterfall& waterfall, const std::string& stage) {
  return std::any_of(waterfall.stages.begin(), waterfall.stages.end(), [&](const StageResult& s) { return s.name == stage; });
}

// Only of what the cloud has, as far as its nodes told.
void tell_unwatched(const Record& record, Waterfall& into) {
  struct Watch {
    const char *component, *stage, *words;
  };
  static const Watch kWatches[] = {
      {"keepalived", "vip-moved", "nothing watched the virtual IP: add a probe of the kind vip"},
      {"haproxy", "backend-out", "nothing watched HAProxy's servers: add a probe of the kind redundancy"},
      {"galera", "galera-view", "nothing watched Galera's views: add a probe of the kind redundancy"}};
  for (const Watch& watch : kWatches) {
    const bool there = std::any_of(record.live_settings.begin(), record.live_settings.end(),
                                   [&](const LiveSettings& one) { return one.component == watch.component; });
    if (there && !has(into, watch.stage)) into.not_watched.emplace_back(watch.words);
  }
}

void compare(Waterfall& waterfall, const Injection& injection) {
  for (StageResult& stage : waterfall.stages) {
    stage.after_undo = stage.when.known() && injection.undo_asked.count() >= 0 && stage.when.from >= injection.undo_asked;
    stage.beside = stage.after_undo ? Beside::unknown : beside_of(stage, waterfall.effect);
  }
}

Waterfall waterfall_of(const StageSearch& search, const Judgement& judgement) {
  Waterfall one{search.injection.id, search.injection.effect, {}, {}};
  look_at_cluster(search, one);
  for (StageResult& stage : service_back(search, judgement)) one.stages.push_back(std::move(stage));
  add(one, redundant(search), {});
  tell_unwatched(search.record, one);
  compare(one, search.injection);
  leave_out_contradictions(one, search.record, judgement);
  return one;
}

}  // namespace

Measured after_fault(const StageResult& stage, const Bracket& effect) { return between(effect, stage.when, stage.more); }

Beside beside_of(const StageResult& stage, const Bracket& effect) {
  if (!stage.when.known() || stage.predicted.empty()) return Beside::unknown;
  const Measured after = after_fault(stage, effect);
  Beside beside = Beside::within;
  for (const PredictedBand& band : stage.predicted) {
    if (after.value - after.plus_minus > band.to) beside = Beside::above;
    if (after.value + after.plus_minus < band.from) beside = Beside::below;
  }
  return beside;
}

std::vector<Waterfall> waterfalls_of(const Record& record, const Judgement& judgement) {
  std::vector<Waterfall> all;
  for (const Aftermath& after : aftermaths(effective(record.injections))) {
    const Time asked = after.injection->undo_asked;
    const Time by_itself = asked.count() >= 0 ? std::min(after.until, asked) : after.until;
    all.push_back(waterfall_of({record, *after.injection, after.until, by_itself}, judgement));
  }
  return all;
}

}  // namespace blackstart
