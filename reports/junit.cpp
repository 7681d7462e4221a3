#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "reports/budget_words.h"
#include "reports/holders.h"
#include "reports/instrument.h"
#include "reports/junit_suite.h"
#include "reports/reports.h"
#include "reports/words.h"

namespace blackstart {
namespace {

using State = JunitCase::State;
using Cases = std::vector<JunitCase>;

// So that a CI server's trend of the test's time is the trend of the RTO.
Duration time_of(const ObjectiveSpec& spec, const Judgement& judgement) {
  Duration longest{0};
  if (spec.kind != ObjectiveSpec::Kind::rto) return longest;
  for (const auto& rto : judgement.rtos) {
    bool meant = rto.probe == spec.probe && (spec.series.empty() || rto.series == spec.series) &&
                 (spec.injection.empty() || rto.injection == spec.injection);
    if (meant) longest = std::max(longest, rto.rto.value);
  }
  return longest;
}

void objectives(Cases& cases, const Judgement& judgement) {
  for (const auto& objective : judgement.objectives) {
    const std::string beside = expected_text(objective);
    JunitCase one{State::good,
                  "objective",
                  objective.text,
                  objective.why,
                  "measured: " + objective.measured + (beside.empty() ? "" : "; " + beside),
                  time_of(objective.spec, judgement)};
    if (objective.state == ObjectiveResult::State::missed) one.state = State::failure;
    if (objective.state == ObjectiveResult::State::not_measured) one.state = State::error;
    if (one.state != State::good && one.message.empty()) one.message = state_text(objective.state);
    cases.push_back(std::move(one));
  }
}

void evidence(Cases& cases, const Injection& injection) {
  for (const auto& piece : injection.evidence) {
    std::string name =
        fmt::format("{} of {} on {}, seen by {}: {}", piece.stage, injection.id, piece.target, piece.observer, piece.expected);
    cases.push_back({piece.confirmed ? State::good : State::error, "evidence", name, "not confirmed: " + piece.observed,
                     "observed: " + piece.observed + " at " + time_text(piece.at), 0s});
  }
}

void injections(Cases& cases, const Record& record) {
  for (const auto& injection : record.injections) {
    if (!injection.problem.empty())
      cases.push_back({State::error, "injection", injection.id, injection.problem, injection_text(injection), 0s});
    evidence(cases, injection);
    bool open = undo_is_open(injection);
    bool timed = injection.undone >= injection.undo_asked && injection.undo_asked.count() >= 0;
    cases.push_back({open ? State::error : State::good, "undo", "undo of " + injection.id, undo_text(injection),
                     injection_text(injection) + ": " + undo_text(injection),
                     timed ? injection.undone - injection.undo_asked : Duration{0}});
  }
}

void steady(Cases& cases, const Record& record) {
  for (const auto& check : record.steady) {
    std::string text = fmt::format("{} of {} good, {} required", percent_text(check.observed),
                                   count_text(check.operations, "operation"), percent_text(check.required));
    cases.push_back({check.steady ? State::good : State::error, "steady",
                     fmt::format("{}/{} is steady before the fault", check.probe, check.series), "not steady: " + text, text,
                     check.length});
  }
}

bool allows_loss(const Judgement& judgement, const std::string& probe) {
  return std::any_of(judgement.objectives.begin(), judgement.objectives.end(), [&](const auto& objective) {
    return objective.spec.kind == ObjectiveSpec::Kind::rpo && objective.spec.probe == probe &&
           objective.state == ObjectiveResult::State::met;
  });
}

std::string audit_detail(const AuditResult& audit) {
  std::string text = rpo_text(audit);
  for (const auto& replica : audit.replicas) {
    text += fmt::format("\n{}: {}, found: {}", replica.name, count_text(replica.rows, "transfer"), findings_text(replica));
    for (const auto& example : replica.examples) text += "\n  " + example;
  }
  for (const auto& difference : audit.differences) text += "\n" + difference;
  return text;
}

void audits(Cases& cases, const Judgement& judgement) {
  for (const auto& probe : judgement.probes) {
    if (!probe.audit) continue;
    const auto& audit = *probe.audit;
    bool lost = audit.lost > 0 && !allows_loss(judgement, probe.probe);
    State state = lost || !audit.intact() ? State::failure : State::good;
    if (!audit.complete) state = State::error;
    cases.push_back({state, "audit", "audit of " + probe.probe, rpo_text(audit), audit_detail(audit), 0s});
  }
}

void control_planes(Cases& cases, const Judgement& judgement) {
  for (const auto& probe : judgement.probes) {
    if (!probe.resources) continue;
    const std::string text = resources_text(*probe.resources), name = "control plane's audit of " + probe.probe;
    cases.push_back({probe.resources->complete ? State::good : State::error, "control-plane", name, text, text, 0s});
    for (const auto& finding : probe.resources->findings)
      cases.push_back({State::failure, "control-plane", fmt::format("{}: {} {}", name, name_of(finding.kind), finding.what),
                       finding_text(finding), finding_text(finding), 0s});
  }
}

void holders(Cases& cases, const Judgement& judgement) {
  for (const auto& probe : judgement.probes) {
    if (!probe.holding) continue;
    std::string detail = conflicts_text(*probe.holding);
    for (const auto& one : probe.holding->conflicts) detail += "\n" + conflict_text(one);
    for (const auto& one : probe.holding->handovers) detail += "\n" + handover_text(one);
    State state = probe.holding->known() ? State::good : State::error;
    if (probe.holding->conflict()) state = State::failure;
    cases.push_back({state, "holders", "one holder at a time: " + probe.probe, conflicts_text(*probe.holding), detail, 0s});
  }
}

void sight(Cases& cases, const Judgement& judgement) {
  for (const auto& probe : judgement.probes) {
    for (const auto& series : probe.series) {
      std::string blind;
      for (const auto& gap : series.blind)
        blind += fmt::format("{} to {}: {}\n", time_text(gap.from), time_text(gap.to), gap.why);
      cases.push_back({blind.empty() ? State::good : State::error, "sight",
                       fmt::format("{}/{} was watched throughout", probe.probe, series.name),
                       count_text(series.blind.size(), "blind interval"), blind, 0s});
    }
  }
}

Duration longest_restoration(const Judgement& judgement, const Redundancy& item) {
  Duration longest{0};
  for (const auto& one : judgement.restorations)
    if (one.probe == item.probe && one.component == item.what) longest = std::max(longest, one.time.value);
  return longest;
}

void rest(Cases& cases, const Record& record, const Judgement& judgement) {
  for (const auto& guard : record.guards)
    cases.push_back({State::failure, "guard", guard.guard, guard.observed, "tripped at " + time_text(guard.at), 0s});
  for (const auto& item : record.redundancy)
    cases.push_back({item.restored && item.single.empty() ? State::good : State::failure, "redundancy", item.what,
                     item.restored ? "no second: " + item.single : "not restored: " + item.observed,
                     redundancy_text(judgement, item), longest_restoration(judgement, item)});
  for (const auto& step : record.steps) {
    if (step.state != "done")
      cases.push_back({State::skipped, "step", fmt::format("step {}: {}", step.number, step.text),
                       step.state + (step.reason.empty() ? "" : ": " + step.reason), "", 0s});
  }
}

// What no other case may say stands here, so that no run but a passed one looks green.
void verdict(Cases& cases, const Judgement& judgement) {
  State state = State::error;
  if (judgement.verdict == Verdict::passed) state = State::good;
  if (judgement.verdict == Verdict::failed) state = State::failure;
  cases.push_back({state, "verdict", "verdict",
                   std::string(name_of(judgement.verdict)) + ": " + verdict_meaning(judgement.verdict),
                   joined(judgement.reasons, "\n"), 0s});
}

// How much of its error budget each series spent, and which alerts would have gone off.
void budgets(JunitSuite& suite, const Judgement& judgement) {
  for (const auto& probe : judgement.probes) {
    for (const auto& series : probe.series) {
      const std::string name = probe.probe + "/" + series.name;
      suite.properties.emplace_back("error-budget." + name, "spent " + spent_text(series.budget));
      for (const auto& alert : series.budget.alerts)
        suite.properties.emplace_back("burn-rate." + name + "." + alert_name(alert),
                                      burn_text(alert) + "; alarm: " + alarms_text(alert));
    }
  }
}

}  // namespace

JunitSuite junit_suite(const Record& record, const Judgement& judgement) {
  JunitSuite suite;
  suite.name = record.run.scenario;
  suite.timestamp = format_utc(record.run.zero_wall, false);
  suite.timestamp.pop_back();  // JUnit's schema wants no zone
  suite.time = std::max(record.ended, Duration{0});
  suite.properties = {
      {"verdict", name_of(judgement.verdict)}, {"run", record.run.id},      {"claim", record.run.claim},
      {"source", record.run.source},           {"cloud", record.run.cloud}, {"seed", std::to_string(record.run.seed)},
      {"version", record.run.version}};
  if (record.calibration) suite.properties.emplace_back("instrument", instrument_text(record));
  budgets(suite, judgement);
  verdict(suite.cases, judgement);
  objectives(suite.cases, judgement);
  injections(suite.cases, record);
  steady(suite.cases, record);
  sight(suite.cases, judgement);
  audits(suite.cases, judgement);
  holders(suite.cases, judgement);
  control_planes(suite.cases, judgement);
  rest(suite.cases, record, judgement);
  return suite;
}

std::string junit_xml(const Record& record, const Judgement& judgement) {
  return write_junit({junit_suite(record, judgement)});
}

}  // namespace blackstart
