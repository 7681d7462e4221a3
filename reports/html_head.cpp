#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "reports/budget_words.h"
#include "reports/html_parts.h"
#include "reports/words.h"

namespace blackstart::html {
namespace {

std::string capital(std::string word) {
  if (!word.empty() && word[0] >= 'a' && word[0] <= 'z') word[0] = static_cast<char>(word[0] - 'a' + 'A');
  return word;
}

// What was asked of the measured thing, and whether it was met: "objective: RTO of bank ≤ 15 s, met".
std::string objective_note(const Judgement& judgement, ObjectiveSpec::Kind kind) {
  std::vector<std::string> notes;
  for (const auto& objective : judgement.objectives)
    if (objective.spec.kind == kind) notes.push_back(objective.text + ": " + state_text(objective.state));
  return joined(notes, "; ");
}

KeyFigure standstill(const Judgement& judgement) {
  const Rto* worst = worst_rto(judgement);
  KeyFigure figure{"How long did it stand still?", "not measured", "", objective_note(judgement, ObjectiveSpec::Kind::rto)};
  if (worst == nullptr) return figure;
  figure.question = "How long did " + worst->probe + " stand still?";
  figure.answer = worst->censored ? "> " + format_seconds(worst->rto.value)
                  : worst->impact ? format_seconds(worst->rto.value)
                                  : std::string("no outage");
  figure.precision = worst->censored ? "no recovery was seen" : "± " + format_seconds(worst->rto.plus_minus);
  if (worst->after_undo) figure.precision += ", recovered only after our undo";
  figure.note = joined({series_name(*worst) + " after " + worst->injection, figure.note}, figure.note.empty() ? "" : "; ");
  return figure;
}

// What all audits of a run found.
struct Losses {
  std::uint64_t transfers = 0, findings = 0;
  std::int64_t amount = 0;
  std::size_t replicas = 0, controllers = 0;
  bool complete = true, intact = true, transfers_audited = false, resources_audited = false;
};

Losses losses_of(const Judgement& judgement) {
  Losses all;
  for (const auto& probe : judgement.probes) {
    if (probe.audit) {
      all.transfers_audited = true;
      all.complete = all.complete && probe.audit->complete;
      all.intact = all.intact && probe.audit->intact();
      all.transfers += probe.audit->lost;
      all.amount += probe.audit->lost_amount;
      all.replicas += probe.audit->replicas.size();
    }
    if (probe.resources) {
      all.resources_audited = true;
      all.complete = all.complete && probe.resources->complete;
      all.findings += probe.resources->findings.size();
      all.controllers += probe.resources->controllers.size();
    }
  }
  return all;
}

// A verdict that proves nothing must not show a number that looks as if it did: the words say what the audit is worth.
KeyFigure loss(const Judgement& judgement) {
  const Losses all = losses_of(judgement);
  const std::string question = "Was anything lost?";
  if (!all.transfers_audited && !all.resources_audited) return {question, "not audited", "", ""};
  if (!all.complete) return {question, "not known", "", "The audit is not complete."};
  std::vector<std::string> notes;
  if (all.transfers_audited)
    notes.push_back(fmt::format("{} read to the end; {}", count_text(all.replicas, "replica"),
                                all.intact ? "equal, sums of balances right" : "NOT INTACT, see the audit"));
  if (all.resources_audited) notes.push_back(count_text(all.controllers, "control plane listing") + " read to the end");
  return {question, lost_text(all.transfers, all.findings), all.transfers == 0 ? "" : money_text(all.amount),
          joined(notes, "; ")};
}

KeyFigure deed(const Record& record) {
  KeyFigure figure{"What was done?", "nothing", "", "No fault was injected."};
  if (record.injections.empty()) return figure;
  std::vector<std::string> deeds;
  std::size_t pieces = 0, confirmed = 0;
  for (const auto& injection : record.injections) {
    deeds.push_back(injection_text(injection));
    pieces += injection.evidence.size();
    for (const auto& evidence : injection.evidence) confirmed += evidence.confirmed;
  }
  figure.answer = deeds.size() == 1 ? deeds.front() : count_text(deeds.size(), "injection");
  figure.note = fmt::format("{} of {} confirmed", confirmed,
                            pieces == 1 ? "1 piece of evidence" : std::to_string(pieces) + " pieces of evidence");
  if (deeds.size() > 1) figure.note = joined(deeds, "; ") + "; " + figure.note;
  return figure;
}

KeyFigure budget(const Record& record, const Judgement& judgement) {
  const SeriesMeasures* worst = nullptr;
  std::string probe;
  for (const auto& one : judgement.probes) {
    for (const auto& series : one.series) {
      if (worst != nullptr && worst->budget.spent >= series.budget.spent) continue;
      worst = &series;
      probe = one.probe;
    }
  }
  if (worst == nullptr) return {"What did it cost?", "not measured", "", ""};
  KeyFigure figure{"How much error budget did it cost?", percent_text(worst->budget.spent), "",
                   fmt::format("{}/{}: downtime {}", probe, worst->name, format_seconds(worst->downtime))};
  for (const auto& known : record.probes) {
    if (known.info.name == probe)
      figure.note += fmt::format("; SLO {} over {}", format_ratio(known.info.slo), format_duration(known.info.slo_window));
  }
  for (const auto& alert : worst->budget.alerts)
    if (!alert.alarms.empty()) figure.note += fmt::format("; {} at {}", alert_name(alert), time_text(alert.alarms[0].fired));
  return figure;
}

}  // namespace

Sign sign_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return Sign::good;
    case Verdict::failed: return Sign::bad;
    case Verdict::inconclusive: return Sign::unknown;
    case Verdict::undo_pending: return Sign::broken;
  }
  return Sign::unknown;
}

Markup verdict_banner(Verdict verdict, const std::vector<std::string>& reasons) {
  Sign sign = sign_of(verdict);
  Markup headline = mark_of(sign) + tag("span", "word", text(capital(name_of(verdict))));
  return tag("div", "verdict " + style_of(sign),
             tag("p", "headline", headline) + tag("p", "meaning", prose(verdict_meaning(verdict))) + list(reasons));
}

Markup key_figure_list(const std::vector<KeyFigure>& figures) {
  Markup cards;
  for (const auto& figure : figures) {
    Markup answer = tag("span", figure.answer.size() > 24 ? "answer long" : "answer", text(figure.answer));
    if (!figure.precision.empty()) answer += raw(" ") + tag("span", "precision", text(figure.precision));
    cards += tag("div", "figure",
                 tag("dt", "", text(figure.question)) + tag("dd", "", answer) + tag("dd", "note", text(figure.note)));
  }
  return tag("dl", "figures", cards);
}

Markup key_figures(const Record& record, const Judgement& judgement) {
  Markup doubt;
  if (judgement.verdict == Verdict::inconclusive)
    doubt = tag("p", "doubt", text("These numbers are what was seen; they prove nothing about the cloud."));
  return doubt + key_figure_list({standstill(judgement), loss(judgement), deed(record), budget(record, judgement)});
}

}  // namespace blackstart::html
