#include <fmt/format.h>

#include "base/units.h"
#include "reports/holders.h"
#include "reports/html_parts.h"
#include "reports/words.h"

namespace blackstart::html {
namespace {

Markup state_badge(ObjectiveResult::State state) {
  switch (state) {
    case ObjectiveResult::State::met: return badge(Sign::good, "met");
    case ObjectiveResult::State::missed: return badge(Sign::bad, "missed");
    case ObjectiveResult::State::not_measured: break;
  }
  return badge(Sign::unknown, "not measured");
}

Markup yes(bool good, std::string_view yes_words, std::string_view no_words, Sign otherwise = Sign::bad) {
  return good ? badge(Sign::good, yes_words) : badge(otherwise, no_words);
}

Markup if_any(const Table& table) { return table.empty() ? Markup{} : table.markup(); }

std::string longest(const std::optional<Measured>& value) { return value ? measured_text(*value) : "–"; }

Markup parameters(const Injection& injection) {
  std::vector<std::string> words;
  for (const auto& [name, value] : injection.parameters) words.push_back(name + " " + value);
  return text(joined(words));
}

Markup injection_table(const Record& record) {
  Table table("Every injection",
              {{"Injection"}, {"Fault"}, {"Targets"}, {"Parameters"}, {"Effect, run time"}, {"Skew", true}, {"Undo"}});
  for (const auto& one : record.injections) {
    Markup effect =
        one.problem.empty() ? text(bracket_text(one.effect)) : badge(Sign::unknown, "not injected") + text(" " + one.problem);
    Markup undo = undo_is_open(one) ? badge(Sign::broken, undo_text(one)) : text(undo_text(one));
    table.row({text(one.id), text(one.fault + (one.summary.empty() ? "" : ": " + one.summary)), text(joined(one.targets)),
               parameters(one), effect, text(format_seconds(one.skew)), undo});
  }
  return if_any(table);
}

Markup evidence_table(const Record& record) {
  Table table("Every piece of evidence",
              {{"Of"}, {"Target"}, {"Expected"}, {"Observed"}, {"Seen by"}, {"At, run time", true}, {"Confirmed"}});
  for (const auto& injection : record.injections) {
    for (const auto& one : injection.evidence) {
      table.row({text(one.stage + " of " + injection.id), text(one.target), text(one.expected), text(one.observed),
                 text(one.observer), text(time_text(one.at)), yes(one.confirmed, "yes", "no", Sign::unknown)});
    }
  }
  return if_any(table);
}

Markup audit_table(const AuditResult& audit) {
  Table table("What each replica holds",
              {{"Replica"},
               {"Transfers", true},
               {"Lost", true},
               {"Phantom", true},
               {"Duplicate", true},
               {"Altered", true},
               {"Partial", true},
               {"Sum of balances", true},
               {"Read"}},
              Table::scrolled);
  for (const auto& one : audit.replicas) {
    auto number = [](std::uint64_t value) { return text(grouped(value)); };
    table.row({text(one.name), number(one.rows), number(one.lost), number(one.phantom), number(one.duplicate),
               number(one.altered), number(one.partial),
               text(money_text(one.sum)) + (one.sum_right ? raw(" ✓") : raw(" ") + badge(Sign::bad, "wrong")),
               yes(one.complete, "to its end", one.problem.empty() ? "not to its end" : one.problem, Sign::unknown)});
  }
  return if_any(table);
}

Markup audit(const AuditResult& one) {
  std::vector<std::string> found = one.differences;
  for (const auto& replica : one.replicas)
    for (const auto& example : replica.examples) found.push_back(replica.name + ": " + example);
  Markup state = yes(one.complete, "complete", "not complete", Sign::unknown) + raw(" ") +
                 yes(one.replicas_equal, "replicas equal", "replicas differ") + raw(" ") +
                 yes(one.intact(), "intact", "not intact");
  std::string unclear =
      fmt::format("{} ended without a clear outcome, {} of them posted; {} failed.", count_text(one.indeterminate, "transfer"),
                  grouped(one.indeterminate_present), grouped(one.failed));
  return tag("h3", "", text(one.probe)) + tag("p", "", state) +
         tag("p", "", tag("strong", "", text("RPO: ")) + text(rpo_text(one) + ".")) + tag("p", "", text(unclear)) +
         audit_table(one) + list(found);
}

Markup control_plane(const ResourceAudit& one) {
  Table controllers("What each controller lists", {{"Controller"}, {"Resources", true}, {"Read"}});
  for (const auto& controller : one.controllers)
    controllers.row(
        {text(controller.name), text(grouped(controller.listed)),
         yes(controller.complete, "to its end", controller.problem.empty() ? "not read" : controller.problem, Sign::unknown)});
  Table findings("What was found", {{"Finding"}, {"Controller"}, {"What"}, {"Why"}});
  for (const auto& finding : one.findings)
    findings.row({badge(Sign::bad, name_of(finding.kind)), text(finding.controller), text(finding.what), text(finding.why)});
  Markup state = yes(one.complete, "complete", "not complete", Sign::unknown) + raw(" ") +
                 yes(one.findings.empty(), "nothing found", count_text(one.findings.size(), "finding"));
  return tag("h3", "", text(one.probe + ": control plane")) + tag("p", "", state) +
         tag("p", "", text(resources_text(one) + ".")) + if_any(controllers) + if_any(findings);
}

}  // namespace

Markup objectives(const Judgement& judgement) {
  Table table("What was asked of the cloud", {{"Objective"}, {"Measured"}, {"Result"}, {"Remark"}});
  for (const auto& one : judgement.objectives)
    table.row({text(one.text), text(one.measured), state_badge(one.state), text(remark_text(one))});
  return section("objectives", "Objectives", if_any(table));
}

Markup recovery_times(const Judgement& judgement) {
  Table table("Recovery of each series after each injection",
              {{"Service"}, {"Injection"}, {"RTO", true}, {"Outage", true}, {"First success", true}});
  for (const auto& one : judgement.rtos) {
    table.row({text(series_name(one)), text(one.injection), text(rto_text(one)),
               text(one.impact && !one.censored ? measured_text(one.perceived) : "–"), text(longest(one.first_success))});
  }
  Markup note = tag("p", "note",
                    text("RTO counts from the fault to the start of the stable recovery, the outage from its own onset. "
                         "± is the half-width of the interval that certainly holds the value."));
  return section("recovery", "Recovery times", table.empty() ? Markup{} : table.markup() + note);
}

Markup service(const Judgement& judgement) {
  Table counts("Operations by outcome",
               {{"Service"},
                {"Operations", true},
                {"Good", true},
                {"Late", true},
                {"Failed", true},
                {"Indeterminate", true},
                {"Unsent", true}},
               Table::scrolled);
  Table times("Time",
              {{"Service"},
               {"Downtime", true},
               {"Down", true},
               {"Degraded", true},
               {"p50 before", true},
               {"p99 before", true},
               {"Send lag p99.9", true}},
              Table::scrolled);
  std::vector<std::string> blind;
  for (const auto& probe : judgement.probes) {
    for (const auto& one : probe.series) {
      auto number = [](std::uint64_t value) { return text(grouped(value)); };
      Markup name = text(probe.probe + "/" + one.name);
      counts.row({name, number(one.operations), number(one.good), number(one.late), number(one.failed),
                  number(one.indeterminate), number(one.unsent)});
      times.row({name, text(format_seconds(one.downtime)), text(format_seconds(one.down)), text(format_seconds(one.degraded)),
                 text(latency_text(one.baseline_p50)), text(latency_text(one.baseline_p99)),
                 text(latency_text(one.send_lag_p999))});
      for (const auto& gap : one.blind)
        blind.push_back(fmt::format("{}/{} was blind from {} to {}: {}", probe.probe, one.name, time_text(gap.from),
                                    time_text(gap.to), gap.why));
    }
  }
  return section("service", "Service", if_any(counts) + if_any(times) + list(blind));
}

Markup injections(const Record& record) {
  return section("evidence", "Injections and evidence", injection_table(record) + evidence_table(record));
}

Markup audits(const Judgement& judgement) {
  Markup all;
  for (const auto& probe : judgement.probes) {
    if (probe.audit) all += audit(*probe.audit);
    if (probe.resources) all += control_plane(*probe.resources);
  }
  return section("audit", "Audit", all);
}

Markup holders(const Judgement& judgement) {
  Table table("Who held what only one may hold",
              {{"Probe"}, {"At first"}, {"Handovers"}, {"More than one at once"}, {"Sound"}});
  for (const auto& probe : judgement.probes) {
    if (!probe.holding) continue;
    std::vector<std::string> handovers, conflicts{conflicts_text(*probe.holding)};
    for (const auto& one : probe.holding->handovers) handovers.push_back(handover_text(one));
    for (const auto& one : probe.holding->conflicts) conflicts.push_back(conflict_text(one));
    table.row({text(probe.probe), text(probe.holding->first.empty() ? "–" : probe.holding->first),
               text(handovers.empty() ? "none" : joined(handovers, "; ")), text(joined(conflicts, "; ")),
               probe.holding->conflict() ? yes(false, "yes", "two at once")
                                         : yes(probe.holding->known(), "yes", "not known", Sign::unknown)});
  }
  return section("holders", "Holders", if_any(table));
}

Markup steady_state(const Record& record) {
  Table table("Before the fault",
              {{"Service"}, {"Good", true}, {"Required", true}, {"Operations", true}, {"Length", true}, {"Steady"}});
  for (const auto& one : record.steady) {
    table.row({text(one.probe + "/" + one.series), text(percent_text(one.observed)), text(percent_text(one.required)),
               text(grouped(one.operations)), text(format_seconds(one.length)), yes(one.steady, "yes", "no", Sign::unknown)});
  }
  return section("steady", "Steady state", if_any(table));
}

Markup steps(const Record& record) {
  Table table("What was planned and what became of it",
              {{"Step", true}, {"What"}, {"Began", true}, {"Ended", true}, {"State"}, {"Reason"}});
  for (const auto& one : record.steps) {
    table.row({text(std::to_string(one.number)), text(one.text), text(time_text(one.began)), text(time_text(one.ended)),
               yes(one.state == "done", one.state, one.state, Sign::unknown), text(one.reason)});
  }
  return section("steps", "Steps", if_any(table));
}

Markup phases(const Record& record) {
  Table table("Phases, run time", {{"Phase"}, {"Began", true}, {"Ended", true}, {"Length", true}}, Table::scrolled);
  for (const auto& one : record.phases) {
    bool whole = one.began.count() >= 0 && one.ended >= one.began;
    table.row({text(one.name), text(time_text(one.began)), text(time_text(one.ended)),
               text(whole ? format_seconds(one.ended - one.began) : "–")});
  }
  return section("phases", "Phases", if_any(table));
}

Markup guards(const Record& record) {
  Table table("Bounds that stopped the rehearsal", {{"Guard"}, {"Observed"}, {"At, run time", true}});
  for (const auto& one : record.guards) table.row({text(one.guard), text(one.observed), text(time_text(one.at))});
  return section("guards", "Guards", if_any(table));
}

Markup redundancy(const Record& record, const Judgement& judgement) {
  Table table("After the undo",
              {{"What"}, {"Whole again after"}, {"Was missing"}, {"Observed"}, {"At, run time", true}, {"Restored"}});
  for (const auto& one : record.redundancy) {
    std::vector<std::string> times, missing;
    for (const auto& time : judgement.restorations)
      if (time.probe == one.probe && time.component == one.what)
        times.push_back(time.injection + ": " + restoration_text(time));
    for (const auto& loss : one.losses) missing.push_back(fmt::format("from {}: {}", time_text(loss.lost.to), loss.what));
    Markup state = yes(one.restored, "yes", "no");
    if (!one.single.empty()) state += raw(" ") + badge(Sign::bad, "no second: " + one.single);
    table.row({text(one.what), text(times.empty() ? "–" : joined(times, "; ")),
               text(missing.empty() ? "–" : joined(missing, "; ")), text(one.observed), text(time_text(one.at)), state});
  }
  return section("redundancy", "Redundancy", if_any(table));
}

Markup run_facts(const Record& record) {
  const RunInfo& run = record.run;
  Markup facts;
  auto row = [&](const char* name, const std::string& value) {
    if (!value.empty()) facts += tag("dt", "", text(name)) + tag("dd", "", text(value)) + raw("\n");
  };
  row("Run", run.id);
  row("Scenario", run.scenario);
  row("Cloud", run.cloud.empty() ? "" : run.cloud + (run.simulated ? " (simulated)" : " (live)"));
  row("Began", format_utc(run.zero_wall));
  row("Length", time_text(record.ended));
  row("Seed", std::to_string(run.seed));
  if (run.repetition > 0) row("Repetition", fmt::format("{} of {}", run.repetition, run.repetitions));
  row("Blackstart", run.version);
  for (const auto& probe : record.probes) {
    for (const auto& series : probe.info.series)
      row("Load",
          fmt::format("{}/{}: {} a second, good within {}, given up after {}", probe.info.name, series.name,
                      format_number(series.rate), format_duration(series.good_within), format_duration(series.deadline)));
  }
  return section("run", "The run", tag("dl", "facts", facts));
}

}  // namespace blackstart::html
