// The stages of recoveries, and the settings that bands were computed from, as members of record.json.
#include <nlohmann/json.hpp>

#include "reports/json_format.h"
#include "reports/waterfall.h"

namespace blackstart::json_format {
namespace {

using Json = nlohmann::ordered_json;

Json seconds(Duration value) { return std::chrono::duration<double>(value).count(); }

Json band(const PredictedBand& one) { return {{"from", seconds(one.from)}, {"to", seconds(one.to)}, {"why", one.why}}; }

Json stage(const StageResult& one, const Bracket& effect) {
  constexpr const char* kBeside[] = {"unknown", "below", "within", "above"};
  Json json{{"stage", one.name},
            {"when", nullptr},
            {"after_fault_seconds", nullptr},
            {"after_undo", one.after_undo},
            {"evidence", one.evidence},
            {"expected_seconds", Json::array()},
            {"beside", kBeside[static_cast<int>(one.beside)]}};
  if (one.when.known()) {
    const Measured after = after_fault(one, effect);
    json["when"] = {{"from", seconds(one.when.from)}, {"to", seconds(one.when.to)}};
    json["after_fault_seconds"] = {{"value", seconds(after.value)}, {"plus_minus", seconds(after.plus_minus)}};
  }
  for (const PredictedBand& each : one.predicted) json["expected_seconds"].push_back(band(each));
  return json;
}

}  // namespace

Json of_waterfalls(const Judgement& judgement) {
  Json all = Json::array();
  for (const Waterfall& one : judgement.waterfalls) {
    Json stages = Json::array();
    for (const StageResult& each : one.stages) stages.push_back(stage(each, one.effect));
    all.push_back({{"injection", one.injection}, {"stages", stages}, {"not_watched", one.not_watched}});
  }
  return all;
}

Json of_live_settings(const Record& record) {
  Json all = Json::array();
  for (const LiveSettings& one : record.live_settings) {
    Json settings = Json::array();
    for (const LiveSetting& each : one.settings)
      settings.push_back({{"of", each.of}, {"name", each.name}, {"value", each.value}, {"from", each.from}});
    all.push_back({{"component", one.component}, {"node", one.node}, {"problem", one.problem}, {"settings", settings}});
  }
  return all;
}

}  // namespace blackstart::json_format
