#include <fmt/format.h>
#include <algorithm>

#include "base/units.h"
#include "reports/budget_words.h"
#include "reports/holders.h"
#include "reports/instrument.h"
#include "reports/reports.h"
#include "reports/text_page.h"
#include "reports/vantage_clock.h"
#include "reports/waterfall_words.h"
#include "reports/words.h"

namespace blackstart {
namespace {

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return text;
}

void head(TextPage& page, const Record& record, const Judgement& judgement) {
  page.line(upper(name_of(judgement.verdict)) + ": " + record.run.scenario + ". " + verdict_meaning(judgement.verdict));
  page.blank();
  if (!record.run.claim.empty()) page.entry("claim", record.run.claim);
  if (!record.run.source.empty()) page.entry("source", record.run.source);
  page.entry("cloud", record.run.cloud + (record.run.simulated ? " (simulated)" : " (live)"));
  page.entry("run", fmt::format("{}, {}, seed {}, Blackstart {}", record.run.id, format_utc(record.run.zero_wall, false),
                                record.run.seed, record.run.version));
  if (record.run.repetition > 0)
    page.entry("repetition", fmt::format("{} of {}", record.run.repetition, record.run.repetitions));
  if (record.calibration) page.entry("instrument", instrument_text(record));
}

void reasons(TextPage& page, const Judgement& judgement) {
  page.section("Why");
  for (const auto& reason : judgement.reasons) page.bullet(reason);
}

void injections(TextPage& page, const Record& record) {
  page.section("What was done");
  for (const auto& injection : record.injections) {
    page.entry(injection.id, injection_text(injection));
    page.entry("", injection.problem.empty() ? "effect at " + bracket_text(injection.effect) + "; " + undo_text(injection)
                                             : "not injected: " + injection.problem + "; " + undo_text(injection));
    for (const auto& evidence : injection.evidence) {
      page.entry("", fmt::format("{} {}, seen by {}: {} ({})", evidence.confirmed ? "[confirmed]" : "[NOT CONFIRMED]",
                                 evidence.stage, evidence.observer, evidence.expected, evidence.observed));
    }
  }
  if (record.injections.empty()) page.bullet("nothing was injected");
}

void recovery(TextPage& page, const Judgement& judgement) {
  page.section("How long it stood still (RTO)");
  for (const auto& rto : judgement.rtos) {
    std::string more;
    if (rto.impact && !rto.censored) more += "; outage " + measured_text(rto.perceived);
    if (rto.first_success) more += "; first success " + measured_text(*rto.first_success);
    page.entry(series_name(rto), fmt::format("{} after {}{}", rto_text(rto), rto.injection, more));
  }
  if (judgement.rtos.empty()) page.bullet("not measured");
}

void stages(TextPage& page, const Record& record, const Judgement& judgement) {
  for (const Waterfall& waterfall : judgement.waterfalls) {
    if (waterfall.stages.empty() && waterfall.not_watched.empty()) continue;
    page.section("Stages of the recovery (" + waterfall.injection + ")");
    for (const StageResult& stage : waterfall.stages) {
      const std::string band = stage_band_text(stage);
      page.entry(stage.title,
                 stage_time_text(stage, waterfall.effect) + (band.empty() ? "" : "; " + band) + "; " + stage.evidence);
      if (!band.empty()) page.entry("", stage_source_text(stage));
    }
    for (const std::string& nothing : waterfall.not_watched) page.bullet(nothing);
  }
  for (const std::string& unread : unread_settings(record)) page.bullet(unread);
}

void audit(TextPage& page, const ProbeMeasures& probe) {
  if (!probe.audit) return;
  page.section("What was lost (RPO, " + probe.probe + ")");
  page.entry("RPO", rpo_text(*probe.audit));
  page.entry("audit", std::string(probe.audit->complete ? "complete" : "NOT COMPLETE") + ", replicas " +
                          (probe.audit->replicas_equal ? "equal" : "NOT EQUAL") +
                          fmt::format("; {} without a clear outcome, {} of them posted", grouped(probe.audit->indeterminate),
                                      grouped(probe.audit->indeterminate_present)));
  for (const auto& replica : probe.audit->replicas) {
    page.entry(replica.name, fmt::format("{}, sum {}, found: {}", count_text(replica.rows, "transfer"), money_text(replica.sum),
                                         findings_text(replica)));
    for (const auto& example : replica.examples) page.entry("", example);
  }
  for (const auto& difference : probe.audit->differences) page.entry("difference", difference);
}

void control_plane(TextPage& page, const ProbeMeasures& probe) {
  if (!probe.resources) return;
  page.section("What the cloud acknowledged (" + probe.probe + ")");
  page.entry("audit", resources_text(*probe.resources));
  for (const auto& one : probe.resources->controllers)
    page.entry(one.name, one.complete ? count_text(one.listed, "resource") + " listed" : "NOT READ: " + one.problem);
  for (const auto& finding : probe.resources->findings) page.entry("FOUND", finding_text(finding));
}

void holders(TextPage& page, const ProbeMeasures& probe) {
  if (!probe.holding) return;
  page.section("Who held it (" + probe.probe + ")");
  if (probe.holding->looked)
    page.entry("holder", probe.holding->first.empty() ? "not one at the beginning" : probe.holding->first);
  for (const auto& handover : probe.holding->handovers) page.entry("handover", handover_text(handover));
  const char* found = probe.holding->conflict() ? "CONFLICTS" : "NOT KNOWN";
  page.entry(probe.holding->sound() ? "conflicts" : found, conflicts_text(*probe.holding));
  for (const auto& conflict : probe.holding->conflicts) page.entry("", conflict_text(conflict));
}

void vantages(TextPage& page, const Record& record) {
  const auto sent_elsewhere = [](const ProbeRecord& probe) { return !probe.info.vantage.empty(); };
  if (std::none_of(record.probes.begin(), record.probes.end(), sent_elsewhere)) return;
  page.section("Vantage points");
  for (const ProbeRecord& probe : record.probes)
    if (sent_elsewhere(probe)) page.entry(probe.info.name, vantage_sentence(record, probe.info));
}

void service(TextPage& page, const ProbeMeasures& probe) {
  if (probe.series.empty()) return;
  page.section("Service (" + probe.probe + ")");
  for (const auto& series : probe.series) {
    page.entry(series.name, fmt::format("{}: {} good, {} late, {} failed, {} indeterminate, {} unsent",
                                        count_text(series.operations, "operation"), grouped(series.good), grouped(series.late),
                                        grouped(series.failed), grouped(series.indeterminate), grouped(series.unsent)));
    page.entry("", fmt::format("downtime {} (down {}, degraded {})", format_seconds(series.downtime),
                               format_seconds(series.down), format_seconds(series.degraded)));
    page.entry("", fmt::format("before the fault: p50 {}, p99 {}; send lag p99.9 {}", latency_text(series.baseline_p50),
                               latency_text(series.baseline_p99), latency_text(series.send_lag_p999)));
    for (const auto& blind : series.blind)
      page.entry("BLIND", fmt::format("{} to {}: {}", time_text(blind.from), time_text(blind.to), blind.why));
  }
}

void budgets(TextPage& page, const ProbeMeasures& probe) {
  if (probe.series.empty()) return;
  page.section("Error budget (" + probe.probe + ")");
  bool alerts = false;
  for (const auto& series : probe.series) {
    page.entry(series.name, fmt::format("spent {}; {} of {}", spent_text(series.budget), format_seconds(series.downtime),
                                        format_seconds(series.budget.whole)));
    for (const auto& alert : series.budget.alerts)
      page.entry("",
                 fmt::format("{}: highest burn rate {}, alarm: {}", alert_name(alert), burn_text(alert), alarms_text(alert)));
    alerts = alerts || !series.budget.alerts.empty();
  }
  if (alerts) page.bullet(kBurnNote);
}

void objectives(TextPage& page, const Judgement& judgement) {
  if (judgement.objectives.empty()) return;
  page.section("Objectives");
  for (const auto& objective : judgement.objectives) {
    const std::string remark = remark_text(objective);
    page.entry(upper(state_text(objective.state)),
               objective.text + ": " + objective.measured + (remark.empty() ? "" : " – " + remark));
  }
}

void troubles(TextPage& page, const Record& record, const Judgement& judgement) {
  page.section("Steady state, guards, redundancy, steps");
  for (const auto& check : record.steady) {
    page.entry(
        check.steady ? "steady" : "NOT STEADY",
        fmt::format("{}/{}: {} of {} good in {}, {} required", check.probe, check.series, percent_text(check.observed),
                    count_text(check.operations, "operation"), format_seconds(check.length, 1), percent_text(check.required)));
  }
  for (const auto& guard : record.guards)
    page.entry("GUARD", fmt::format("{} at {}: {}", guard.guard, time_text(guard.at), guard.observed));
  for (const auto& item : record.redundancy)
    page.entry(item.restored ? "restored" : "NOT RESTORED", item.what + ": " + redundancy_text(judgement, item));
  for (const auto& step : record.steps) {
    if (step.state == "done") continue;
    page.entry(upper(step.state),
               fmt::format("step {}: {}{}", step.number, step.text, step.reason.empty() ? "" : " – " + step.reason));
  }
  for (const auto& problem : record.problems) page.entry("PROBLEM", problem);
}

}  // namespace

std::string text_summary(const Record& record, const Judgement& judgement) {
  TextPage page;
  head(page, record, judgement);
  reasons(page, judgement);
  objectives(page, judgement);
  recovery(page, judgement);
  stages(page, record, judgement);
  for (const auto& probe : judgement.probes) audit(page, probe);
  for (const auto& probe : judgement.probes) control_plane(page, probe);
  for (const auto& probe : judgement.probes) holders(page, probe);
  vantages(page, record);
  for (const auto& probe : judgement.probes) service(page, probe);
  for (const auto& probe : judgement.probes) budgets(page, probe);
  injections(page, record);
  troubles(page, record, judgement);
  return page.text();
}

}  // namespace blackstart
