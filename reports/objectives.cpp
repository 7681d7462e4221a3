#include "reports/objectives.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "reports/objective_check.h"
#include "reports/stale_reads.h"
#include "reports/stream.h"
#include "reports/words.h"

namespace blackstart {

using Kind = ObjectiveSpec::Kind;

ObjectiveCheck::ObjectiveCheck(const ObjectiveSpec& spec, const Judgement& measured, std::vector<std::string> injections)
    : measured_(measured), injections_(std::move(injections)), result_{spec, {}, objective_text(spec), {}, {}, {}} {
  if (!spec.injection.empty()) injections_ = {spec.injection};
  auto found =
      std::find_if(measured.probes.begin(), measured.probes.end(), [&](const auto& p) { return p.probe == spec.probe; });
  if (found != measured.probes.end()) probe_ = &*found;
}

ObjectiveResult ObjectiveCheck::run() {
  if (probe_ == nullptr) return not_measured("no probe '" + result_.spec.probe + "' is in the record");
  switch (result_.spec.kind) {
    case Kind::rto: return each_rto(&ObjectiveCheck::check_rto);
    case Kind::first_success: return each_rto(&ObjectiveCheck::check_first_success);
    case Kind::downtime:
    case Kind::error_budget: return each_series();
    case Kind::rpo: return check_rpo();
    case Kind::refuses: return each_refusal();
    case Kind::stale_reads: return each_read_back();
    case Kind::redundancy: return each_restoration();
    case Kind::split_brain: return each_cut();
  }
  return not_measured("this kind of objective is unknown");
}

ObjectiveResult ObjectiveCheck::not_measured(const std::string& why) {
  result_.state = State::not_measured;
  result_.why = why;
  return std::move(result_);
}

ObjectiveResult ObjectiveCheck::no_series() {
  return not_measured(fmt::format("probe '{}' has no series '{}'", probe_->probe, result_.spec.series));
}

void ObjectiveCheck::worse(State state, double value, const std::string& told, const std::string& why, Beside beside) {
  auto severity = [](State s) { return s == State::missed ? 2 : s == State::not_measured ? 1 : 0; };
  if (any_ && std::pair(severity(state), value) <= std::pair(severity(result_.state), value_)) return;
  any_ = true;
  value_ = value;
  result_.state = state;
  result_.measured = told;
  result_.why = why;
  result_.beside = beside;
}

void ObjectiveCheck::compare(const Measured& value, const std::string& told, const std::string& whose, const char* remedy) {
  Duration limit = from_seconds(result_.spec.limit);
  double rank = std::chrono::duration<double>(value.value).count();
  const Beside beside = beside_expected(value);
  if (value.value + value.plus_minus <= limit) return worse(State::met, rank, told, "", beside);
  if (value.value - value.plus_minus > limit) return worse(State::missed, rank, told, whose + " took longer", beside);
  worse(State::not_measured, rank, told, whose + " is too near the limit for its ±" + remedy, beside);
}

ObjectiveResult::Beside ObjectiveCheck::beside_expected(const Measured& value) const {
  const ObjectiveSpec::Expected& expected = result_.spec.expected;
  if (!expected.known()) return Beside::unknown;
  if (value.value - value.plus_minus > expected.to) return Beside::above;
  return value.value + value.plus_minus < expected.from ? Beside::below : Beside::within;
}

ObjectiveResult::Beside ObjectiveCheck::at_least(const Measured& value) const {
  return beside_expected(value) == Beside::above ? Beside::above : Beside::unknown;
}

ObjectiveResult ObjectiveCheck::each_series() {
  int series = 0;
  bool budget = result_.spec.kind == Kind::error_budget;
  for (const SeriesMeasures& m : probe_->series) {
    if (!wanted(m.name)) continue;
    ++series;
    double value = budget ? m.budget.spent : std::chrono::duration<double>(m.downtime).count();
    std::string told = fmt::format("{} ({})", budget ? percent_text(value) : format_seconds(m.downtime), m.name);
    if (m.operations == 0)
      worse(State::not_measured, 0, "", m.name + " has no operations");
    else if (!m.recovered())  // it had not ended: what was measured is a lower bound
      worse(State::missed, kForEver, "> " + told, m.name + " was not seen to recover");
    else if (value <= result_.spec.limit)
      worse(State::met, value, told, "");
    else
      worse(State::missed, value, told, m.name + " is over the limit");
  }
  return series > 0 ? std::move(result_) : no_series();
}

ObjectiveResult ObjectiveCheck::check_rpo() {
  if (!probe_->audit) return not_measured("nothing was audited");
  const AuditResult& audit = *probe_->audit;
  result_.measured = fmt::format("{} lost of {} acknowledged", audit.lost, audit.acknowledged);
  bool over = static_cast<double>(audit.lost) > result_.spec.limit;
  // What a replica that was read has lost is lost, whatever the others hold.
  if (!audit.complete && !over) return not_measured("the audit is not complete: " + audit.problem);
  if (audit.acknowledged == 0) return not_measured("no transfer was acknowledged");
  result_.state = over ? State::missed : State::met;
  if (over) result_.why = fmt::format("{} lost, worth {}", count_text(audit.lost, "transfer"), money_text(audit.lost_amount));
  return std::move(result_);
}

// Also what was read before the first fault: such a cluster needs none to be behind.
ObjectiveResult ObjectiveCheck::each_read_back() {
  bool any = false;
  for (const StaleReads& reads : measured_.stale_reads) {
    if (reads.probe != probe_->probe || !wanted(reads.series)) continue;
    any = true;
    check_read_back(reads);
  }
  return any ? std::move(result_) : not_measured(whose(result_.spec) + " reads nothing back");
}

void ObjectiveCheck::check_read_back(const StaleReads& reads) {
  const std::string told = fmt::format("{} of {} ({})", grouped(reads.stale), grouped(reads.reads), reads.series);
  const auto rank = static_cast<double>(reads.stale);
  if (reads.reads == 0) return worse(State::not_measured, 0, told, "not one read was answered");
  if (rank <= result_.spec.limit) return worse(State::met, rank, told, "");
  worse(State::missed, rank, told, stale_reads_sentence(reads));
}

ObjectiveResult check_objective(const ObjectiveSpec& spec, const Judgement& measured,
                                const std::vector<std::string>& injections) {
  return ObjectiveCheck(spec, measured, injections).run();
}

}  // namespace blackstart
