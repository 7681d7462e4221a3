// The rules about what the probes measured and the audit found.
#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "reports/verdict_rules.h"
#include "reports/words.h"

namespace blackstart::rules {
namespace {

constexpr std::size_t kBlindTold = 3;

void blind(const std::string& name, const SeriesMeasures& series, const Bracket& window, Objections& o) {
  std::size_t count = 0;
  for (const BlindInterval& b : series.blind) {
    bool judged = window.known() && b.to >= window.from && b.from <= window.to;
    if (judged && ++count <= kBlindTold)
      o.inconclusive.push_back(fmt::format("{} was blind from {} to {}: {}.", name, time_text(b.from), time_text(b.to), b.why));
  }
  if (count > kBlindTold) o.inconclusive.push_back(fmt::format("{} was blind {} more times.", name, count - kBlindTold));
}

// Whatever the objectives ask: a service that did not come back after the faults has failed. An outage that was known before
// them is none of theirs, and makes the run inconclusive (rules::steady).
void recovered(const std::string& name, const SeriesMeasures& series, Time effect, Objections& o) {
  for (const Outage& outage : series.outages)
    if (outage.censored && outage.known >= effect)
      o.failed.push_back(
          fmt::format("{} was not seen to recover: from {} on it was not up again for a whole hold before the watch ended.",
                      name, time_text(outage.onset.to)));
}

void audit_of(const AuditResult& audit, bool has_rpo_objective, Objections& o) {
  if (!audit.complete)
    o.inconclusive.push_back(fmt::format("The audit of {} is not complete: {}.", audit.probe, audit.problem));
  if (audit.lost > 0 && !has_rpo_objective)
    o.failed.push_back(fmt::format("{} of {} acknowledged transfers of {} are lost, worth {}.", audit.lost, audit.acknowledged,
                                   audit.probe, money_text(audit.lost_amount)));
  if (audit.intact()) return;
  for (const AuditResult::Replica& replica : audit.replicas)
    if (!replica.examples.empty() || (replica.complete && !replica.sum_right))
      o.failed.push_back(fmt::format("The audit of {} found on {}: {}.", audit.probe, replica.name, findings_text(replica)));
  if (!audit.replicas_equal)
    o.failed.push_back(fmt::format("The replicas of {} are not equal: {}.", audit.probe, joined(audit.differences, "; ")));
}

bool asks_for_rpo(const Record& record, const std::string& probe) {
  return std::any_of(record.objectives.begin(), record.objectives.end(),
                     [&](const ObjectiveSpec& spec) { return spec.kind == ObjectiveSpec::Kind::rpo && spec.probe == probe; });
}

}  // namespace

void series(const Record& record, const Judgement& measured, Objections& o) {
  Bracket window = judged_window(record);
  for (const ProbeMeasures& probe : measured.probes) {
    if (probe.series.empty()) o.inconclusive.push_back("Probe " + probe.probe + " has no series of operations.");
    for (const SeriesMeasures& m : probe.series) {
      std::string name = probe.probe + "/" + m.name;
      if (m.operations == 0) o.inconclusive.push_back(name + " has no operations in the record.");
      if (!m.problem.empty()) o.inconclusive.push_back(fmt::format("The record of {} is not sound: {}.", name, m.problem));
      blind(name, m, window, o);
      if (window.known()) recovered(name, m, window.from, o);
    }
  }
}

void audits(const Record& record, const Judgement& measured, Objections& o) {
  for (const ProbeMeasures& probe : measured.probes)
    if (probe.audit) audit_of(*probe.audit, asks_for_rpo(record, probe.probe), o);
}

void objectives(const Record& record, const Judgement& measured, Objections& o) {
  bool audited = std::any_of(measured.probes.begin(), measured.probes.end(), [](const auto& p) { return p.audit.has_value(); });
  if (record.objectives.empty() && !audited) o.inconclusive.push_back("No objective was set and nothing was audited.");
  for (const ObjectiveResult& result : measured.objectives) {
    std::string value = result.measured.empty() ? "" : ", measured " + result.measured;
    if (result.state == ObjectiveResult::State::missed)
      o.failed.push_back(fmt::format("Missed: {}{}: {}.", result.text, value, result.why));
    // What a guard's trip kept from being measured is the trip's doing, and that is a failure already.
    if (result.state == ObjectiveResult::State::not_measured && record.guards.empty())
      o.inconclusive.push_back(fmt::format("Not measured: {}{}: {}.", result.text, value, result.why));
  }
}

void guards(const Record& record, Objections& o) {
  for (const GuardTrip& trip : record.guards)
    o.failed.push_back(
        fmt::format("A guard stopped the rehearsal at {}: {}, observed {}.", time_text(trip.at), trip.guard, trip.observed));
}

void redundancy(const Record& record, Objections& o) {
  for (const Redundancy& r : record.redundancy)
    if (!r.restored) o.failed.push_back(fmt::format("Redundancy did not come back: {}, observed {}.", r.what, r.observed));
  for (const ProbeRecord& probe : record.probes)
    if (probe.info.replicas.size() > 1 && record.redundancy.empty())
      o.inconclusive.push_back("Nobody looked whether the replicas of " + probe.info.name + " were whole again.");
}

}  // namespace blackstart::rules
