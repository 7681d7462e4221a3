// The stages of recoveries, and the settings that bands were computed from, as members of record.json.
#include "reports/json_format.h"
#include "reports/json_values.h"
#include "reports/waterfall.h"

namespace blackstart::json_format {
namespace {

Json band(const PredictedBand& one) { return {{"from", seconds(one.from)}, {"to", seconds(one.to)}, {"why", one.why}}; }

Json stage(const StageResult& one, const Bracket& effect) {
  constexpr const char* kBeside[] = {"unknown", "below", "within", "above"};
  return {{"stage", one.name},
          {"when", bracket(one.when)},
          {"after_fault_seconds", one.when.known() ? measured(after_fault(one, effect)) : Json(nullptr)},
          {"after_undo", one.after_undo},
          {"evidence", one.evidence},
          {"expected_seconds", array(one.predicted, band)},
          {"beside", kBeside[static_cast<int>(one.beside)]}};
}

Json waterfall(const Waterfall& one) {
  return {{"injection", one.injection},
          {"stages", array(one.stages, [&](const auto& each) { return stage(each, one.effect); })},
          {"not_watched", one.not_watched}};
}

Json live_setting(const LiveSetting& one) {
  return {{"of", one.of}, {"name", one.name}, {"value", one.value}, {"from", one.from}};
}

Json live_settings(const LiveSettings& one) {
  return {{"component", one.component},
          {"node", one.node},
          {"problem", one.problem},
          {"settings", array(one.settings, live_setting)}};
}

}  // namespace

Json of_waterfalls(const Judgement& judgement) { return array(judgement.waterfalls, waterfall); }

Json of_live_settings(const Record& record) { return array(record.live_settings, live_settings); }

}  // namespace blackstart::json_format
