// What was measured of a probe, as a member of record.json.
#include "reports/json_format.h"
#include "reports/json_values.h"
#include "reports/vantage_clock.h"
#include "reports/words.h"

namespace blackstart::json_format {
namespace {

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

}  // namespace

Json of_probe(const Record& record, const ProbeMeasures& one) {
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

}  // namespace blackstart::json_format
