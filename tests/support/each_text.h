// Every text of a rehearsal that comes from somewhere else: from a scenario, a cloud file, a node, a server's error.
//
// Purpose: tests of the writers put hostile words in their place. `take` is called with a std::string& for each; the same text
// stands in several places, as names do. Pure functions; any thread.
#pragma once

#include "reports/batch.h"

namespace blackstart::trace {

template <class Take>
void each_text(std::vector<std::string>& texts, Take take) {
  for (std::string& text : texts) take(text);
}

template <class Take>
void each_text(Calibration& one, Take take) {
  take(one.damage);
  for (std::string* text : {&one.machine.hostname, &one.machine.cpu, &one.machine.kernel, &one.machine.id}) take(*text);
  if (!one.certificate) return;
  MachineInfo& machine = one.certificate->machine;
  for (std::string* text : {&one.certificate->version, &machine.hostname, &machine.cpu, &machine.kernel, &machine.id})
    take(*text);
}

template <class Take>
void each_text(Injection& one, Take take) {
  for (std::string* text : {&one.id, &one.fault, &one.summary, &one.problem, &one.undo_problem}) take(*text);
  each_text(one.targets, take);
  for (auto& [name, value] : one.parameters) take(name), take(value);
  for (Evidence& piece : one.evidence)
    for (std::string* text : {&piece.injection, &piece.target, &piece.stage, &piece.expected, &piece.observed, &piece.observer})
      take(*text);
}

template <class Take>
void each_text(ProbeRecord& one, Take take) {
  take(one.info.name), take(one.info.kind), take(one.info.description);
  for (SeriesInfo& series : one.info.series) take(series.name);
  each_text(one.info.replicas, take), each_text(one.info.controllers, take), each_text(one.info.components, take);
  for (ReplicaSnapshot& snapshot : one.snapshots) take(snapshot.replica), take(snapshot.problem);
}

template <class Take>
void each_text(Redundancy& one, Take take) {
  take(one.what), take(one.observed), take(one.probe), take(one.single);
  for (Redundancy::Loss& loss : one.losses) take(loss.what);
}

template <class Take>
void each_text(ObjectiveSpec& one, Take take) {
  take(one.probe), take(one.series), take(one.injection), take(one.expected.stage);
}

template <class Take>
void each_text(Record& record, Take take) {
  RunInfo& run = record.run;
  for (std::string* text : {&run.id, &run.scenario, &run.claim, &run.source, &run.cloud, &run.version}) take(*text);
  if (record.calibration) each_text(*record.calibration, take);
  for (Phase& phase : record.phases) take(phase.name);
  for (Step& step : record.steps) take(step.text), take(step.state), take(step.reason);
  for (ProbeRecord& probe : record.probes) each_text(probe, take);
  for (Holders& holders : record.holders) take(holders.probe), each_text(holders.names, take);
  for (SteadyCheck& check : record.steady) take(check.probe), take(check.series);
  for (Injection& injection : record.injections) each_text(injection, take);
  for (ObjectiveSpec& objective : record.objectives) each_text(objective, take);
  for (GuardTrip& guard : record.guards) take(guard.guard), take(guard.observed);
  for (Redundancy& redundancy : record.redundancy) each_text(redundancy, take);
  each_text(record.problems, take);
}

template <class Take>
void each_text(AuditResult& one, Take take) {
  take(one.probe), take(one.problem);
  for (AuditResult::Replica& replica : one.replicas)
    take(replica.name), take(replica.problem), each_text(replica.examples, take);
  each_text(one.differences, take);
}

template <class Take>
void each_text(ResourceAudit& one, Take take) {
  take(one.probe), take(one.problem), take(one.not_looked_at);
  for (ResourceAudit::Controller& controller : one.controllers) take(controller.name), take(controller.problem);
  for (ResourceFinding& finding : one.findings) take(finding.controller), take(finding.what), take(finding.why);
}

template <class Take>
void each_text(Holding& one, Take take) {
  take(one.first), take(one.last);
  for (Holding::Handover& handover : one.handovers) take(handover.from), take(handover.to);
  for (Holding::Conflict& conflict : one.conflicts) each_text(conflict.names, take);
}

template <class Take>
void each_text(ProbeMeasures& one, Take take) {
  take(one.probe);
  for (SeriesMeasures& series : one.series) {
    take(series.name), take(series.problem);
    for (BlindInterval& blind : series.blind) take(blind.why);
  }
  if (one.audit) each_text(*one.audit, take);
  if (one.resources) each_text(*one.resources, take);
  if (one.holding) each_text(*one.holding, take);
}

template <class Take>
void each_text(Judgement& judgement, Take take) {
  each_text(judgement.reasons, take);
  for (ProbeMeasures& probe : judgement.probes) each_text(probe, take);
  for (Rto& rto : judgement.rtos) take(rto.probe), take(rto.series), take(rto.injection);
  for (Refusal& refusal : judgement.refusals) take(refusal.probe), take(refusal.series), take(refusal.injection);
  for (StaleReads& reads : judgement.stale_reads) take(reads.probe), take(reads.series);
  for (Restoration& one : judgement.restorations) take(one.probe), take(one.component), take(one.injection), take(one.single);
  for (ObjectiveResult& one : judgement.objectives)
    each_text(one.spec, take), take(one.text), take(one.measured), take(one.why);
}

template <class Take>
void each_text(BatchItem& one, Take take) {
  for (std::string* text : {&one.scenario, &one.claim, &one.source, &one.folder}) take(*text);
}

}  // namespace blackstart::trace
