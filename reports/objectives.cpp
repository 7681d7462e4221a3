#include "reports/objectives.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/units.h"
#include "reports/stream.h"
#include "reports/words.h"

namespace blackstart {
namespace {

using State = ObjectiveResult::State;
using Kind = ObjectiveSpec::Kind;
constexpr double kForEver = std::numeric_limits<double>::infinity();

std::string whose(const ObjectiveSpec& spec) { return spec.series.empty() ? spec.probe : spec.probe + "/" + spec.series; }

std::string text_of(const ObjectiveSpec& spec) {
  std::string after = spec.injection.empty() ? "" : " after " + spec.injection;
  std::string limit = format_duration(from_seconds(spec.limit));
  switch (spec.kind) {
    case Kind::rto: return fmt::format("RTO of {}{} ≤ {}", whose(spec), after, limit);
    case Kind::first_success: return fmt::format("first success of {}{} ≤ {}", whose(spec), after, limit);
    case Kind::downtime: return fmt::format("downtime of {} ≤ {}", whose(spec), limit);
    case Kind::rpo: return fmt::format("RPO of {} ≤ {} transfers", whose(spec), format_number(spec.limit));
    case Kind::error_budget: return fmt::format("error budget spent by {} ≤ {}", whose(spec), format_ratio(spec.limit));
  }
  return "an objective of an unknown kind";
}

class Check {
 public:
  Check(const ObjectiveSpec& spec, const Judgement& measured, const std::string& first_injection)
      : measured_(measured),
        injection_(spec.injection.empty() ? first_injection : spec.injection),
        result_{spec, {}, text_of(spec), {}, {}} {
    auto found =
        std::find_if(measured.probes.begin(), measured.probes.end(), [&](const auto& p) { return p.probe == spec.probe; });
    if (found != measured.probes.end()) probe_ = &*found;
  }

  ObjectiveResult run() {
    if (probe_ == nullptr) return not_measured("no probe '" + result_.spec.probe + "' is in the record");
    switch (result_.spec.kind) {
      case Kind::rto: return each_rto([this](const Rto& rto) { check_rto(rto); });
      case Kind::first_success: return each_rto([this](const Rto& rto) { check_first_success(rto); });
      case Kind::downtime:
      case Kind::error_budget: return each_series();
      case Kind::rpo: return check_rpo();
    }
    return not_measured("this kind of objective is unknown");
  }

 private:
  bool wanted(const std::string& series) const { return result_.spec.series.empty() || result_.spec.series == series; }

  ObjectiveResult not_measured(const std::string& why) {
    result_.state = State::not_measured;
    result_.why = why;
    return std::move(result_);
  }

  // Every series asked for must have been measured: the worst of all counts, and an unknown one could be it.
  template <class Judge>
  ObjectiveResult each_rto(const Judge& judge) {
    int series = 0;
    for (const SeriesMeasures& measures : probe_->series) {
      if (!wanted(measures.name)) continue;
      ++series;
      auto rto = std::find_if(measured_.rtos.begin(), measured_.rtos.end(), [&](const Rto& r) {
        return r.probe == probe_->probe && r.series == measures.name && r.injection == injection_;
      });
      if (rto != measured_.rtos.end())
        judge(*rto);
      else
        worse(State::not_measured, 0, "", missing_rto(measures.name));
    }
    return series > 0 ? std::move(result_) : no_series();
  }

  std::string missing_rto(const std::string& series) const {
    if (injection_.empty()) return "nothing was injected";
    return fmt::format("{} was not watched from before '{}' took effect until a hold after it, or '{}' took no effect", series,
                       injection_, injection_);
  }

  void check_rto(const Rto& rto) {
    std::string told = fmt::format("{} ({})", rto_text(rto), rto.series);
    if (rto.censored) return worse(State::missed, kForEver, told, rto.series + " was not seen to recover");
    compare(rto.rto, told, rto.series);
  }

  void check_first_success(const Rto& rto) {
    if (!rto.impact) return compare(rto.rto, fmt::format("{} ({})", rto_text(rto), rto.series), rto.series);
    if (!rto.first_success)
      return worse(State::missed, kForEver, "none (" + rto.series + ")", rto.series + " had no success again");
    compare(*rto.first_success, fmt::format("{} ({})", measured_text(*rto.first_success), rto.series), rto.series);
  }

  // Only what certainly keeps the limit has met it, only what certainly breaks it has missed it.
  void compare(const Measured& value, const std::string& told, const std::string& series) {
    Duration limit = from_seconds(result_.spec.limit);
    double rank = std::chrono::duration<double>(value.value).count();
    if (value.value + value.plus_minus <= limit) return worse(State::met, rank, told, "");
    if (value.value - value.plus_minus > limit) return worse(State::missed, rank, told, series + " took longer");
    worse(State::not_measured, rank, told, series + " is too near the limit for its ±; a higher rate of operations narrows it");
  }

  ObjectiveResult each_series() {
    int series = 0;
    bool budget = result_.spec.kind == Kind::error_budget;
    for (const SeriesMeasures& m : probe_->series) {
      if (!wanted(m.name)) continue;
      ++series;
      double value = budget ? m.budget_spent : std::chrono::duration<double>(m.downtime).count();
      std::string told = fmt::format("{} ({})", budget ? percent_text(value) : format_seconds(m.downtime), m.name);
      if (m.operations == 0)
        worse(State::not_measured, 0, "", m.name + " has no operations");
      else if (value <= result_.spec.limit)
        worse(State::met, value, told, "");
      else
        worse(State::missed, value, told, m.name + " is over the limit");
    }
    return series > 0 ? std::move(result_) : no_series();
  }

  ObjectiveResult check_rpo() {
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

  ObjectiveResult no_series() {
    return not_measured(fmt::format("probe '{}' has no series '{}'", probe_->probe, result_.spec.series));
  }

  // Keeps the worst of the series: missed before not measured before met, then the greater value.
  void worse(State state, double value, const std::string& told, const std::string& why) {
    auto severity = [](State s) { return s == State::missed ? 2 : s == State::not_measured ? 1 : 0; };
    if (any_ && std::pair(severity(state), value) <= std::pair(severity(result_.state), value_)) return;
    any_ = true;
    value_ = value;
    result_.state = state;
    result_.measured = told;
    result_.why = why;
  }

  const Judgement& measured_;
  const std::string injection_;
  const ProbeMeasures* probe_ = nullptr;
  ObjectiveResult result_;
  bool any_ = false;
  double value_ = 0;
};

}  // namespace

ObjectiveResult check_objective(const ObjectiveSpec& spec, const Judgement& measured, const std::string& first_injection) {
  return Check(spec, measured, first_injection).run();
}

}  // namespace blackstart
