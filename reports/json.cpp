#include "base/units.h"
#include "reports/json_format.h"
#include "reports/json_values.h"
#include "reports/reports.h"
#include "reports/words.h"

namespace blackstart::json_format {
namespace {

Json run(const RunInfo& info) {
  return {{"id", info.id},
          {"scenario", info.scenario},
          {"claim", info.claim},
          {"source", info.source},
          {"cloud", info.cloud},
          {"simulated", info.simulated},
          {"seed", std::to_string(info.seed)},
          {"repetition", info.repetition},
          {"repetitions", info.repetitions},
          {"started", format_utc(info.zero_wall)},
          {"version", info.version}};
}

// Null for the kinds that ask for no recovery.
Json recovery(const ObjectiveSpec& spec) {
  using Kind = ObjectiveSpec::Kind;
  if (spec.kind != Kind::rto && spec.kind != Kind::first_success && spec.kind != Kind::redundancy) return nullptr;
  return spec.recovery == ObjectiveSpec::Recovery::any ? "any" : "itself";
}

// Null where nothing was expected.
Json expected(const ObjectiveResult& result) {
  if (!result.spec.expected.known()) return nullptr;
  constexpr const char* kBeside[] = {"unknown", "below", "within", "above"};
  return {{"from", seconds(result.spec.expected.from)},
          {"to", seconds(result.spec.expected.to)},
          {"stage", result.spec.expected.stage},
          {"beside", kBeside[static_cast<int>(result.beside)]}};
}

Json objective(const ObjectiveResult& result) {
  constexpr const char* kKinds[] = {"rto",     "rpo",        "downtime",    "error-budget", "first-success",
                                    "refuses", "redundancy", "stale-reads", "split-brain"};
  return {{"kind", kKinds[static_cast<int>(result.spec.kind)]},
          {"probe", result.spec.probe},
          {"series", result.spec.series},
          {"injection", result.spec.injection},
          {"recovery", recovery(result.spec)},
          {"limit", number(result.spec.limit)},
          {"state", state_text(result.state)},
          {"text", result.text},
          {"measured", result.measured},
          {"why", result.why},
          {"expected", expected(result)}};
}

Json rto(const Rto& one) {
  return {{"probe", one.probe},
          {"series", one.series},
          {"injection", one.injection},
          {"impact", one.impact},
          {"shared", one.shared},
          {"undo_soon", one.undo_soon},
          {"censored", one.censored},
          {"after_undo", one.after_undo.has_value()},
          {"rto_seconds", measured(one.rto)},
          {"outage_seconds", measured(one.perceived)},
          {"first_success_seconds", one.first_success ? measured(*one.first_success) : Json(nullptr)},
          {"first_success_after_undo", one.first_success_after_undo.has_value()}};
}

Json evidence(const Evidence& one) {
  return {{"stage", one.stage},       {"target", one.target},       {"expected", one.expected}, {"observed", one.observed},
          {"observer", one.observer}, {"confirmed", one.confirmed}, {"at", moment(one.at)}};
}

Json injection(const Injection& one) {
  Json parameters = Json::object();
  for (const auto& [name, value] : one.parameters) parameters[name] = value;
  return {{"id", one.id},
          {"fault", one.fault},
          {"summary", one.summary},
          {"targets", one.targets},
          {"parameters", parameters},
          {"effect", bracket(one.effect)},
          {"skew_seconds", seconds(one.skew)},
          {"problem", one.problem},
          {"undo_asked", moment(one.undo_asked)},
          {"undone", moment(one.undone)},
          {"undo_problem", one.undo_problem},
          {"evidence", array(one.evidence, evidence)}};
}

Json phase(const Phase& one) { return {{"name", one.name}, {"began", moment(one.began)}, {"ended", moment(one.ended)}}; }

Json step(const Step& one) {
  return {{"number", one.number}, {"text", one.text},           {"state", one.state},
          {"reason", one.reason}, {"began", moment(one.began)}, {"ended", moment(one.ended)}};
}

Json steady(const SteadyCheck& one) {
  return {{"probe", one.probe},
          {"series", one.series},
          {"length_seconds", seconds(one.length)},
          {"required", number(one.required)},
          {"observed", number(one.observed)},
          {"operations", one.operations},
          {"steady", one.steady}};
}

Json guard(const GuardTrip& one) { return {{"guard", one.guard}, {"observed", one.observed}, {"at", moment(one.at)}}; }

Json loss(const Redundancy::Loss& one) {
  return {{"lost", bracket(one.lost)}, {"back", bracket(one.back)}, {"what", one.what}};
}

Json restoration(const Restoration& one) {
  return {{"injection", one.injection},   {"impact", one.impact},     {"shared", one.shared},
          {"undo_soon", one.undo_soon},   {"censored", one.censored}, {"after_undo", one.after_undo.has_value()},
          {"seconds", measured(one.time)}};
}

Json redundancy(const Redundancy& one, const Judgement& judgement) {
  Json restorations = Json::array();
  for (const auto& time : judgement.restorations)
    if (time.probe == one.probe && time.component == one.what) restorations.push_back(restoration(time));
  return {
      {"what", one.what},   {"restored", one.restored}, {"observed", one.observed},          {"at", moment(one.at)},
      {"probe", one.probe}, {"single", one.single},     {"losses", array(one.losses, loss)}, {"restorations", restorations}};
}

}  // namespace

Json of_run(const Record& record, const Judgement& judgement) {
  Json json{{"format", "blackstart-record"},
            {"schema_version", 1},
            {"run", run(record.run)},
            {"verdict", name_of(judgement.verdict)},
            {"reasons", judgement.reasons},
            {"finished", record.finished},
            {"ended", moment(record.ended)},
            {"objectives", array(judgement.objectives, objective)},
            {"rtos", array(judgement.rtos, rto)},
            {"probes", array(judgement.probes, [&](const auto& one) { return of_probe(record, one); })},
            {"injections", array(record.injections, injection)},
            {"steady", array(record.steady, steady)},
            {"phases", array(record.phases, phase)},
            {"steps", array(record.steps, step)},
            {"guards", array(record.guards, guard)},
            {"redundancy", array(record.redundancy, [&](const auto& one) { return redundancy(one, judgement); })},
            {"problems", record.problems}};
  if (record.calibration) json["instrument"] = of_instrument(record);
  if (!judgement.waterfalls.empty()) json["stages"] = of_waterfalls(judgement);
  if (!record.live_settings.empty()) json["live_settings"] = of_live_settings(record);
  return json;
}

std::string text_of(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace blackstart::json_format

namespace blackstart {

std::string record_json(const Record& record, const Judgement& judgement) {
  return json_format::text_of(json_format::of_run(record, judgement), 2);
}

}  // namespace blackstart
