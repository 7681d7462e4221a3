// A record written to disk as the runner writes it.
#pragma once

#include "reports/record.h"
#include "tests/support/trace.h"

namespace blackstart::trace {

inline void write_run(const std::filesystem::path& folder, const Record& record) {
  RecordWriter writer(folder);
  writer.run(record.run);
  if (record.calibration) writer.calibration(*record.calibration);
  writer.objectives(record.objectives);
  for (const Phase& phase : record.phases) writer.phase(phase);
  for (const Step& step : record.steps) writer.step(step);
  for (const SteadyCheck& check : record.steady) writer.steady(check);
  for (const Injection& i : record.injections) {
    writer.injection(i);
    for (const Evidence& evidence : i.evidence) writer.evidence(evidence);
  }
  for (const GuardTrip& trip : record.guards) writer.guard(trip);
  for (const Redundancy& redundancy : record.redundancy) writer.redundancy(redundancy);
  for (const std::string& problem : record.problems) writer.problem(problem);
  for (const ProbeRecord& probe : record.probes) {
    writer.probe_started(probe.info, probe.started);
    OperationFile operations(operations_path(folder, probe.info.name), plans_of(probe.info));
    for (const Operation& operation : probe.operations) operations.record(operation);
    operations.close();
    if (probe.stopped.count() >= 0) writer.probe_stopped(probe.info.name, probe.stopped, probe.planned);
    if (probe.snapshots_taken) writer.snapshots(probe.info.name, probe.snapshots);
    if (probe.resources) writer.resources(probe.info.name, *probe.resources);
  }
  for (const VantageClock& clock : record.clocks) writer.clock(clock);
  if (record.finished) writer.finished(record.ended);
}

}  // namespace blackstart::trace
