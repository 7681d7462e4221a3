#include "reports/verdict.h"

#include <fmt/format.h>

#include "reports/verdict_rules.h"
#include "reports/words.h"

namespace blackstart {
namespace {

std::vector<std::string> why_passed(const Record& record, const Judgement& judgement) {
  std::vector<std::string> reasons;
  for (const ObjectiveResult& result : judgement.objectives)
    reasons.push_back(fmt::format("Met: {}, measured {}.", result.text, result.measured));
  for (const ProbeMeasures& probe : judgement.probes)
    if (probe.audit && probe.audit->lost == 0)  // an RPO objective above 0 may be met with some lost
      reasons.push_back(probe.audit->at_least_once
                            ? fmt::format("Each of the {} confirmed payments of {} has reached its consumer.",
                                          grouped(probe.audit->acknowledged), probe.probe)
                            : fmt::format("Each of the {} acknowledged transfers of {} is on each of {}.",
                                          grouped(probe.audit->acknowledged), probe.probe,
                                          count_text(probe.audit->replicas.size(), "replica")));
  for (const ProbeMeasures& probe : judgement.probes)
    if (probe.resources)
      reasons.push_back(fmt::format("What the cloud acknowledged to {} is so on {}: {}.", probe.probe,
                                    each_controller_text(*probe.resources), resources_text(*probe.resources)));
  for (const ProbeMeasures& probe : judgement.probes)
    if (probe.audit && probe.audit->at_least_once)
      for (const AuditResult::Replica& replica : probe.audit->replicas)
        if (replica.duplicate > 0)
          reasons.push_back(fmt::format("{} of {} came more than once, as delivery at least once allows.",
                                        count_text(replica.duplicate, "transfer"), probe.probe));
  reasons.push_back(fmt::format("{} took effect and {} undone, each with its evidence.",
                                count_text(record.injections.size(), "injection"),
                                record.injections.size() == 1 ? "was" : "were"));
  return reasons;
}

}  // namespace

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return "passed";
    case Verdict::failed: return "failed";
    case Verdict::inconclusive: return "inconclusive";
    case Verdict::undo_pending: return "undo-pending";
  }
  return "inconclusive";
}

Objections objections(const Record& record, const Judgement& measured) {
  Objections o;
  rules::undo(record, o);
  rules::record_whole(record, o);
  rules::instrument(record, o);
  rules::clocks(record, o);
  rules::steady(record, measured, o);
  rules::steps(record, o);
  rules::injections(record, o);
  rules::evidence(record, o);
  rules::series(record, measured, o);
  rules::audits(record, measured, o);
  rules::stale_reads(record, measured, o);
  rules::holders(measured, o);
  rules::guards(record, o);
  rules::objectives(record, measured, o);
  rules::redundancy(record, o);
  return o;
}

void decide(const Record& record, Judgement& judgement) {
  Objections o = objections(record, judgement);
  judgement.verdict = !o.undo_pending.empty()   ? Verdict::undo_pending
                      : !o.inconclusive.empty() ? Verdict::inconclusive
                      : !o.failed.empty()       ? Verdict::failed
                                                : Verdict::passed;
  judgement.proves = o.inconclusive.empty();
  for (auto* sentences : {&o.undo_pending, &o.inconclusive, &o.failed})
    judgement.reasons.insert(judgement.reasons.end(), sentences->begin(), sentences->end());
  if (judgement.verdict == Verdict::passed) judgement.reasons = why_passed(record, judgement);
}

}  // namespace blackstart
