// The rules about what the probes measured and the audit found.
#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "reports/holders.h"
#include "reports/stale_reads.h"
#include "reports/vantage_clock.h"
#include "reports/verdict_rules.h"
#include "reports/words.h"

namespace blackstart::rules {
namespace {

constexpr std::size_t kBlindTold = 3, kFindingsTold = 10;
// From one look at a component to the end of the next. The slowest come every 5 s and take 4 s at most: more than twice that is
// a watch that stood still.
constexpr Duration kUnwatched = 20s;

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

void control_plane(const ResourceAudit& audit, Objections& o) {
  if (!audit.complete)
    o.inconclusive.push_back(fmt::format("The control plane's audit of {} is not complete: {}.", audit.probe, audit.problem));
  for (std::size_t i = 0; i < std::min(audit.findings.size(), kFindingsTold); ++i)
    o.failed.push_back(fmt::format("The control plane's audit of {} found {}.", audit.probe, finding_text(audit.findings[i])));
  if (audit.findings.size() > kFindingsTold)
    o.failed.push_back(
        fmt::format("The control plane's audit of {} found {} more.", audit.probe, audit.findings.size() - kFindingsTold));
}

bool asks_for(const Record& record, ObjectiveSpec::Kind kind, const std::string& probe) {
  return std::any_of(record.objectives.begin(), record.objectives.end(),
                     [&](const ObjectiveSpec& spec) { return spec.kind == kind && spec.probe == probe; });
}

// Such a probe has no operations: what it saw of its components counts.
bool watches(const Record& record, const std::string& name) {
  return std::any_of(record.probes.begin(), record.probes.end(),
                     [&](const ProbeRecord& probe) { return probe.info.name == name && !probe.info.components.empty(); });
}

// What was missing before the first effect is none of the faults' doing, and with it nothing is known of theirs.
void watched(const Redundancy& r, Time effect, Objections& o) {
  for (const Redundancy::Loss& loss : r.losses)
    if (loss.lost.to < effect && (!loss.back.known() || loss.back.to > effect))
      o.inconclusive.push_back(
          fmt::format("{} was not whole before the first fault, from {} on: {}.", r.what, time_text(loss.lost.to), loss.what));
  if (r.every > kUnwatched)
    o.inconclusive.push_back(
        fmt::format("{} was not looked at for up to {}: a loss may have been overlooked.", r.what, format_seconds(r.every, 1)));
}

bool seen(const Record& record, const std::string& probe, const std::string& component) {
  return std::any_of(record.redundancy.begin(), record.redundancy.end(),
                     [&](const Redundancy& r) { return r.probe == probe && r.what == component && r.at.count() >= 0; });
}

}  // namespace

void series(const Record& record, const Judgement& measured, Objections& o) {
  const Bracket judged = judged_window(record);
  for (const ProbeMeasures& probe : measured.probes) {
    Bracket window = judged;
    const Duration clock = clock_bound_of(record, probe.probe);  // what its clock leaves open is judged
    if (window.known()) window = {window.from - clock, window.to + clock};
    if (probe.series.empty() && !watches(record, probe.probe))
      o.inconclusive.push_back("Probe " + probe.probe + " has no series of operations.");
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
  for (const ProbeMeasures& probe : measured.probes) {
    if (probe.audit) audit_of(*probe.audit, asks_for(record, ObjectiveSpec::Kind::rpo, probe.probe), o);
    if (probe.resources) control_plane(*probe.resources, o);
  }
}

// With an objective, that decides how many may be behind.
void stale_reads(const Record& record, const Judgement& measured, Objections& o) {
  for (const StaleReads& reads : measured.stale_reads)
    if (reads.stale > 0 && !asks_for(record, ObjectiveSpec::Kind::stale_reads, reads.probe))
      o.failed.push_back(stale_reads_sentence(reads) + ".");
}

void holders(const Judgement& measured, Objections& o) {
  for (const ProbeMeasures& probe : measured.probes) {
    if (!probe.holding) continue;
    if (!probe.holding->looked)
      o.inconclusive.push_back("The record does not say who held what " + probe.probe + " watches.");
    else if (!probe.holding->known())
      o.inconclusive.push_back(fmt::format("More than one may have held what {} watches: for {} somebody did not say.",
                                           probe.probe, format_seconds(probe.holding->unknown)));
    if (probe.holding->conflict())
      o.failed.push_back(fmt::format("What {} watches had {}: {}.", probe.probe, conflicts_text(*probe.holding),
                                     conflict_text(probe.holding->conflicts.front())));
  }
}

void objectives(const Record& record, const Judgement& measured, Objections& o) {
  bool audited =
      std::any_of(measured.probes.begin(), measured.probes.end(), [](const auto& p) { return p.audit || p.resources; });
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
  const Bracket window = judged_window(record);
  for (const Redundancy& r : record.redundancy) {
    if (window.known()) watched(r, window.from, o);
    const bool open = !r.losses.empty() && !r.losses.back().back.known();
    if (!r.restored || open)
      o.failed.push_back(fmt::format("Redundancy did not come back: {}, observed {}.", r.what, r.observed));
    if (!r.single.empty()) o.failed.push_back(fmt::format("There is no redundancy in {}: {}.", r.what, r.single));
  }
  for (const ProbeRecord& probe : record.probes)
    for (const std::string& component : probe.info.components)
      if (!seen(record, probe.info.name, component))
        o.inconclusive.push_back(fmt::format("Nobody looked whether {} was whole again ({}).", component, probe.info.name));
  for (const ProbeRecord& probe : record.probes)
    if (probe.info.replicas.size() > 1 && record.redundancy.empty())
      o.inconclusive.push_back("Nobody looked whether the replicas of " + probe.info.name + " were whole again.");
}

}  // namespace blackstart::rules
