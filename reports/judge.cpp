#include <algorithm>

#include "reports/audit.h"
#include "reports/audit_resources.h"
#include "reports/holders.h"
#include "reports/notice.h"
#include "reports/objectives.h"
#include "reports/outages.h"
#include "reports/refusal.h"
#include "reports/restoration.h"
#include "reports/rto.h"
#include "reports/stale_reads.h"
#include "reports/vantage_clock.h"
#include "reports/verdict_rules.h"
#include "reports/waterfall.h"

namespace blackstart {
namespace {

ProbeMeasures measure_probe(const ProbeRecord& probe, const Record& record, Judgement& judgement) {
  auto order = effective(record.injections);
  Bracket first = order.empty() ? Bracket{} : order.front()->effect;
  const Duration clock = clock_bound(record, probe.info);
  std::vector<Stream> streams = streams_of(probe);
  ProbeMeasures measures{probe.info.name, {}, {}};
  for (const Stream& stream : streams) {
    measures.series.push_back(measure(stream, first.known() ? std::max(first.from - clock, Time(0)) : first.from));
    const Duration notice = noticed_within(record, probe.info, stream.info->name);
    for (Rto& rto : rtos_of(stream, measures.series.back(), record.injections, clock, notice))
      judgement.rtos.push_back(std::move(rto));
    for (Refusal& refusal : refusals_of(stream, measures.series.back(), record.injections, clock))
      judgement.refusals.push_back(std::move(refusal));
    if (stream.info->reads_back) judgement.stale_reads.push_back(stale_reads_of(stream, first));
  }
  if (probe.info.audited) measures.audit = audit(probe, streams, first.known() ? first.middle() : Time(-1));
  if (measures.audit) measures.audit->rpo_resolution += clock;
  if (!probe.info.controllers.empty() || probe.resources)
    measures.resources = audit_resources(probe.info.name, probe.info.controllers, probe.resources.value_or(ResourceEvidence{}));
  if (probe.info.two_holders.count() >= 0) measures.holding = holding_of(probe, record.holders);
  return measures;
}

std::vector<Restoration> restorations(const Redundancy& watched, const Record& record) {
  auto probe = std::find_if(record.probes.begin(), record.probes.end(),
                            [&](const ProbeRecord& one) { return one.info.name == watched.probe; });
  const ProbeInfo info = probe == record.probes.end() ? ProbeInfo() : probe->info;
  return restorations_of(watched, record.injections, probe == record.probes.end() ? Duration(0) : info.hold,
                         noticed_within(record, info, watched.what));
}

void measure_all(const Record& record, Judgement& judgement) {
  for (const ProbeRecord& probe : record.probes) judgement.probes.push_back(measure_probe(probe, record, judgement));
  for (const Redundancy& redundancy : record.redundancy)
    for (Restoration& one : restorations(redundancy, record)) judgement.restorations.push_back(std::move(one));
  auto order = effective(record.injections);
  std::vector<std::string> ids;
  for (const Injection* injection : order) ids.push_back(injection->id);
  for (const ObjectiveSpec& spec : record.objectives) judgement.objectives.push_back(check_objective(spec, judgement, ids));
}

}  // namespace

Judgement judge(const Record& record) {
  Judgement judgement;
  try {
    measure_all(record, judgement);
    decide(record, judgement);
  } catch (const std::exception& error) {  // whatever goes wrong here must never become a pass
    Objections o;
    rules::undo(record, o);
    judgement.proves = false;
    judgement.verdict = o.undo_pending.empty() ? Verdict::inconclusive : Verdict::undo_pending;
    judgement.reasons = o.undo_pending;
    judgement.reasons.push_back(std::string("The record could not be judged: ") + error.what() + ".");
  }
  try {
    judgement.waterfalls = waterfalls_of(record, judgement);
  } catch (const std::exception&) {  // pictures only: whatever goes wrong with them must not change the verdict
    judgement.waterfalls.clear();
  }
  return judgement;
}

}  // namespace blackstart
