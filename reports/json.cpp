#include <cmath>
#include <nlohmann/json.hpp>

#include "base/units.h"
#include "reports/json_format.h"
#include "reports/reports.h"
#include "reports/vantage_clock.h"
#include "reports/words.h"

namespace blackstart {
namespace {

using Json = nlohmann::ordered_json;

Json seconds(Duration value) { return std::chrono::duration<double>(value).count(); }
// Run time; null when it never happened.
Json moment(Time at) { return at.count() < 0 ? Json(nullptr) : seconds(at); }
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
Json measured(const Measured& value) { return {{"value", seconds(value.value)}, {"plus_minus", seconds(value.plus_minus)}}; }

Json bracket(const Bracket& value) {
  if (!value.known()) return nullptr;
  return {{"from", seconds(value.from)}, {"to", seconds(value.to)}};
}

template <class Items, class Write>
Json array(const Items& items, Write write) {
  Json all = Json::array();
  for (const auto& item : items) all.push_back(write(item));
  return all;
}

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
          {"censored", one.censored},
          {"after_undo", one.after_undo.has_value()},
          {"rto_seconds", measured(one.rto)},
          {"outage_seconds", measured(one.perceived)},
          {"first_success_seconds", one.first_success ? measured(*one.first_success) : Json(nullptr)},
          {"first_success_after_undo", one.first_success_after_undo.has_value()}};
}

Json outage(const Outage& one) {
  return {{"onset", bracket(one.onset)},
          {"recovery", bracket(one.recovery)},
          {"censored", one.censored},
          {"kind", one.down ? "down" : "brown-out"},
          {"flaps", one.flaps},
          {"operations", one.operations},
          {"bad", one.bad},
          {"first_success", one.first_success ? seconds(*one.first_success) : Json(nullptr)}};
}

Json blind(const BlindInterval& one) { return {{"from", seconds(one.from)}, {"to", seconds(one.to)}, {"why", one.why}}; }

Json alarm(const Alarm& one) {
  return {{"fired", seconds(one.fired)}, {"cleared", moment(one.cleared)}, {"after_end", one.after_end}};
}

Json alert(const BurnAlert& one) {
  return {{"severity", one.severity},
          {"long_window_seconds", seconds(one.long_window)},
          {"short_window_seconds", seconds(one.short_window)},
          {"factor", one.factor},
          {"highest_burn_rate", number(one.highest)},
          {"highest_at", moment(one.highest_at)},
          {"alarms", array(one.alarms, alarm)}};
}

Json budget(const Budget& one) {
  return {{"seconds", seconds(one.whole)},
          {"operations", number(one.whole_operations)},
          {"bad_operations", one.bad},
          {"spent", number(one.spent)},
          {"alerts", array(one.alerts, alert)}};
}

Json series(const SeriesMeasures& one) {
  return {{"name", one.name},
          {"operations", one.operations},
          {"good", one.good},
          {"ok", one.ok},
          {"failed", one.failed},
          {"indeterminate", one.indeterminate},
          {"unsent", one.unsent},
          {"late", one.late},
          {"downtime_seconds", seconds(one.downtime)},
          {"degraded_seconds", seconds(one.degraded)},
          {"down_seconds", seconds(one.down)},
          {"error_budget_spent", number(one.budget.spent)},
          {"error_budget", budget(one.budget)},
          {"baseline_p50_seconds", seconds(one.baseline_p50)},
          {"baseline_p99_seconds", seconds(one.baseline_p99)},
          {"send_lag_p999_seconds", seconds(one.send_lag_p999)},
          {"problem", one.problem},
          {"outages", array(one.outages, outage)},
          {"blind", array(one.blind, blind)}};
}

Json replica(const AuditResult::Replica& one) {
  return {{"name", one.name},        {"complete", one.complete},     {"problem", one.problem},     {"rows", one.rows},
          {"lost", one.lost},        {"phantom", one.phantom},       {"duplicate", one.duplicate}, {"altered", one.altered},
          {"partial", one.partial},  {"unbalanced", one.unbalanced}, {"sum_cents", one.sum},       {"sum_right", one.sum_right},
          {"examples", one.examples}};
}

Json audit(const AuditResult& one) {
  return {{"complete", one.complete},
          {"intact", one.intact()},
          {"problem", one.problem},
          {"acknowledged", one.acknowledged},
          {"indeterminate", one.indeterminate},
          {"indeterminate_present", one.indeterminate_present},
          {"failed", one.failed},
          {"lost", one.lost},
          {"lost_cents", one.lost_amount},
          {"rpo_seconds", measured({one.rpo_time, one.rpo_resolution})},
          {"replicas_equal", one.replicas_equal},
          {"differences", one.differences},
          {"replicas", array(one.replicas, replica)}};
}

Json controller(const ResourceAudit::Controller& one) {
  return {{"name", one.name}, {"complete", one.complete}, {"problem", one.problem}, {"resources", one.listed}};
}

Json finding(const ResourceFinding& one) {
  return {{"kind", name_of(one.kind)}, {"controller", one.controller}, {"what", one.what}, {"why", one.why}};
}

Json resources(const ResourceAudit& one) {
  return {{"complete", one.complete},
          {"problem", one.problem},
          {"created", one.created},
          {"deleted", one.deleted},
          {"unclear", one.unclear},
          {"in_error", one.in_error},
          {"not_looked_at", one.not_looked_at},
          {"controllers", array(one.controllers, controller)},
          {"findings", array(one.findings, finding)}};
}

Json holding(const Holding& one) {
  auto handover = [](const Holding::Handover& h) -> Json {
    return {
        {"from", h.from}, {"to", h.to}, {"last_seen_at_old", moment(h.when.from)}, {"first_seen_at_new", moment(h.when.to)}};
  };
  auto conflict = [](const Holding::Conflict& c) -> Json {
    return {{"holders", c.names}, {"from", moment(c.when.from)}, {"to", moment(c.when.to)}};
  };
  return {{"sound", one.sound()},
          {"looked", one.looked},
          {"first", one.first.empty() ? Json(nullptr) : Json(one.first)},
          {"last", one.last.empty() ? Json(nullptr) : Json(one.last)},
          {"handovers", array(one.handovers, handover)},
          {"conflicts", array(one.conflicts, conflict)},
          {"conflicted_seconds", seconds(one.conflicted)},
          {"unknown_seconds", seconds(one.unknown)},
          {"allowed_seconds", seconds(one.allowed)}};
}

// What the probe was set to do; a comparison of runs needs to know that it was the same.
Json settings(const ProbeInfo& info) {
  auto one = [](const SeriesInfo& series) -> Json {
    return {{"name", series.name},
            {"rate_per_second", number(series.rate)},
            {"deadline_seconds", seconds(series.deadline)},
            {"good_within_seconds", seconds(series.good_within)}};
  };
  return {{"kind", info.kind},
          {"slo", number(info.slo)},
          {"slo_window_seconds", seconds(info.slo_window)},
          {"hold_seconds", seconds(info.hold)},
          {"series", array(info.series, one)}};
}

// Where it was sent from, and how far its times may be off.
Json vantage(const Record& record, const ProbeInfo& info) {
  Json json{{"node", info.vantage}, {"clock", nullptr}};
  if (const VantageClock* clock = clock_of(record, info.name))
    json["clock"] = {{"bound_seconds", clock->bound.count() < 0 ? Json(nullptr) : seconds(clock->bound)},
                     {"drift_ppm", number(clock->drift * 1e6)},
                     {"pings", clock->pings},
                     {"best_trip_seconds", seconds(clock->best_trip)},
                     {"longest_gap_seconds", seconds(clock->longest_gap)},
                     {"trouble", clock->trouble}};
  return json;
}

Json probe(const Record& record, const ProbeMeasures& one) {
  Json json{{"name", one.probe},
            {"settings", nullptr},
            {"series", array(one.series, series)},
            {"audit", one.audit ? audit(*one.audit) : Json(nullptr)},
            {"resources", one.resources ? resources(*one.resources) : Json(nullptr)}};
  for (const auto& known : record.probes)
    if (known.info.name == one.probe) json["settings"] = settings(known.info);
  for (const auto& known : record.probes)
    if (known.info.name == one.probe && !known.info.vantage.empty()) json["vantage"] = vantage(record, known.info);
  if (one.holding) json["holding"] = holding(*one.holding);
  return json;
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
  return {{"injection", one.injection},
          {"impact", one.impact},
          {"censored", one.censored},
          {"after_undo", one.after_undo.has_value()},
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

namespace json_format {

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
            {"probes", array(judgement.probes, [&](const auto& one) { return probe(record, one); })},
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

}  // namespace json_format

std::string record_json(const Record& record, const Judgement& judgement) {
  return json_format::text_of(json_format::of_run(record, judgement), 2);
}

}  // namespace blackstart
