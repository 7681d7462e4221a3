#include "reports/objectives.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "base/units.h"
#include "reports/stale_reads.h"
#include "reports/stream.h"
#include "reports/words.h"

namespace blackstart {
namespace {

using State = ObjectiveResult::State;
using Kind = ObjectiveSpec::Kind;
using Beside = ObjectiveResult::Beside;
constexpr double kForEver = std::numeric_limits<double>::infinity();

std::string whose(const ObjectiveSpec& spec) { return spec.series.empty() ? spec.probe : spec.probe + "/" + spec.series; }

std::string refuses_text(const ObjectiveSpec& spec) {
  const std::string during = spec.injection.empty() ? "each injection" : spec.injection;
  return fmt::format("writes acknowledged by {} during {} ≤ {}", whose(spec), during, format_number(spec.limit));
}

std::string sides_text(const ObjectiveSpec& spec) {
  std::vector<std::string> sides;
  for (const auto& side : spec.sides) sides.push_back(fmt::format("{}", fmt::join(side, ", ")));
  return fmt::format("{}", fmt::join(sides, " | "));
}

std::string split_brain_text(const ObjectiveSpec& spec) {
  return fmt::format("writes acknowledged on a second side of {} ({}) ≤ {}",
                     spec.injection.empty() ? "each injection" : spec.injection, sides_text(spec), format_number(spec.limit));
}

std::string text_of(const ObjectiveSpec& spec) {
  std::string after = spec.injection.empty() ? "" : " after " + spec.injection;
  if (spec.recovery == ObjectiveSpec::Recovery::any) after += " (our undo counts as the repair)";
  std::string limit = format_duration(from_seconds(spec.limit));
  switch (spec.kind) {
    case Kind::rto:
      return fmt::format("{}RTO of {}{} ≤ {}", spec.impact_required ? "an outage, and " : "", whose(spec), after, limit);
    case Kind::first_success: return fmt::format("first success of {}{} ≤ {}", whose(spec), after, limit);
    case Kind::downtime: return fmt::format("downtime of {} ≤ {}", whose(spec), limit);
    case Kind::rpo: return fmt::format("RPO of {} ≤ {} transfers", whose(spec), format_number(spec.limit));
    case Kind::error_budget: return fmt::format("error budget spent by {} ≤ {}", whose(spec), format_ratio(spec.limit));
    case Kind::refuses: return refuses_text(spec);
    case Kind::stale_reads: return fmt::format("stale reads of {} ≤ {}", whose(spec), format_number(spec.limit));
    case Kind::split_brain: return split_brain_text(spec);
    case Kind::redundancy:
      return fmt::format("redundancy of {} {}restored{}{} ≤ {}", whose(spec), spec.impact_required ? "lost and " : "",
                         spec.injection.empty() ? "" : " after " + spec.injection,
                         spec.recovery == ObjectiveSpec::Recovery::itself ? " by itself" : "", limit);
  }
  return "an objective of an unknown kind";
}

class Check {
 public:
  Check(const ObjectiveSpec& spec, const Judgement& measured, std::vector<std::string> injections)
      : measured_(measured), injections_(std::move(injections)), result_{spec, {}, text_of(spec), {}, {}, {}} {
    if (!spec.injection.empty()) injections_ = {spec.injection};
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
      case Kind::refuses: return each_refusal();
      case Kind::stale_reads: return each_read_back();
      case Kind::redundancy: return each_restoration();
      case Kind::split_brain: return each_cut();
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

  // Every series asked for must have been measured after every injection asked for: the worst of all counts, and an unknown
  // one could be it.
  template <class Judge>
  ObjectiveResult each_rto(const Judge& judge) {
    if (injections_.empty()) return not_measured("nothing was injected");
    int series = 0;
    for (const SeriesMeasures& measures : probe_->series) {
      if (!wanted(measures.name)) continue;
      ++series;
      for (const std::string& injection : injections_) each_rto_of(measures.name, injection, judge);
    }
    if (result_.spec.impact_required)
      for (const std::string& injection : injections_) require_outage(injection);
    return series > 0 ? std::move(result_) : no_series();
  }

  template <class Judge>
  void each_rto_of(const std::string& series, const std::string& injection, const Judge& judge) {
    auto rto = std::find_if(measured_.rtos.begin(), measured_.rtos.end(), [&](const Rto& r) {
      return r.probe == probe_->probe && r.series == series && r.injection == injection;
    });
    if (rto != measured_.rtos.end()) return judge(*rto);
    worse(State::not_measured, 0, "",
          fmt::format("{} was not watched from before '{}' took effect until a hold after it, or '{}' took no effect", series,
                      injection, injection));
  }

  // One series that saw it is enough: the others may have come through.
  void require_outage(const std::string& injection) {
    const bool seen = std::any_of(measured_.rtos.begin(), measured_.rtos.end(), [&](const Rto& rto) {
      return rto.probe == probe_->probe && rto.injection == injection && wanted(rto.series) && rto.impact;
    });
    if (!seen)
      worse(State::not_measured, 0, "no outage",
            fmt::format("{} saw no outage after '{}', so no recovery was rehearsed; aim the fault at what it needs",
                        whose(result_.spec), injection));
  }

  // Whose value it is; with several injections the reader must be told after which.
  std::string told(const std::string& value, const Rto& rto) const {
    return fmt::format("{} ({}{})", value, rto.series, injections_.size() > 1 ? " after " + rto.injection : "");
  }

  void check_rto(const Rto& rto) {
    if (rto.censored)
      return worse(State::missed, kForEver, told(rto_text(rto), rto), rto.series + " was not seen to recover",
                   at_least(rto.rto));
    if (undo_spoils(rto.after_undo)) return missed_by_undo(rto.series + " recovered", *rto.after_undo, rto_text(rto), rto);
    compare(rto.rto, told(rto_text(rto), rto), rto.series);
  }

  void check_first_success(const Rto& rto) {
    if (!rto.impact) return compare(rto.rto, told(rto_text(rto), rto), rto.series);
    if (!rto.first_success) return worse(State::missed, kForEver, told("none", rto), rto.series + " had no success again");
    std::string value = measured_text(*rto.first_success);
    if (undo_spoils(rto.first_success_after_undo))
      return missed_by_undo(rto.series + " had success again", *rto.first_success_after_undo, value, rto);
    compare(*rto.first_success, told(value, rto), rto.series);
  }

  // A repair that we made ourselves shows nothing of what the cloud can do.
  bool undo_spoils(const std::optional<AfterUndo>& after) const {
    return after && result_.spec.recovery == ObjectiveSpec::Recovery::itself;
  }

  void missed_by_undo(const std::string& what, const AfterUndo& after, const std::string& value, const Rto& rto) {
    worse(State::missed, kForEver, told(value, rto),
          fmt::format("{} only after the undo was asked at {}; by itself it had not within {}", what, time_text(after.asked),
                      format_seconds(after.alone)),
          at_least({after.alone, 0s}));
  }

  // Only what certainly keeps the limit has met it, only what certainly breaks it has missed it.
  void compare(const Measured& value, const std::string& told, const std::string& whose,
               const char* remedy = "; a higher rate of operations narrows it") {
    Duration limit = from_seconds(result_.spec.limit);
    double rank = std::chrono::duration<double>(value.value).count();
    const Beside beside = beside_expected(value);
    if (value.value + value.plus_minus <= limit) return worse(State::met, rank, told, "", beside);
    if (value.value - value.plus_minus > limit) return worse(State::missed, rank, told, whose + " took longer", beside);
    worse(State::not_measured, rank, told, whose + " is too near the limit for its ±" + remedy, beside);
  }

  Beside beside_expected(const Measured& value) const {
    const ObjectiveSpec::Expected& expected = result_.spec.expected;
    if (!expected.known()) return Beside::unknown;
    if (value.value - value.plus_minus > expected.to) return Beside::above;
    return value.value + value.plus_minus < expected.from ? Beside::below : Beside::within;
  }

  // Of what had not ended when it was seen last.
  Beside at_least(const Measured& value) const {
    return beside_expected(value) == Beside::above ? Beside::above : Beside::unknown;
  }

  ObjectiveResult each_series() {
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

  // Every posting series asked for, during every injection asked for.
  ObjectiveResult each_refusal() {
    if (injections_.empty()) return not_measured("nothing was injected");
    for (const std::string& injection : injections_) each_refusal_of(injection);
    return std::move(result_);
  }

  void each_refusal_of(const std::string& injection) {
    bool any = false;
    for (const Refusal& refusal : measured_.refusals) {
      if (refusal.probe != probe_->probe || refusal.injection != injection || !wanted(refusal.series)) continue;
      any = true;
      check_refusal(refusal);
    }
    if (!any)
      worse(State::not_measured, 0, "",
            fmt::format("'{}' is not known to have taken effect, or {} writes nothing", injection, whose(result_.spec)));
  }

  void check_refusal(const Refusal& refusal) {
    const std::string told =
        fmt::format("{} of {} acknowledged, {} answered ({}{})", grouped(refusal.acknowledged), grouped(refusal.sent),
                    grouped(refusal.answered), refusal.series, injections_.size() > 1 ? " during " + refusal.injection : "");
    const auto rank = static_cast<double>(refusal.acknowledged);
    const std::string why = doubt(refusal);
    if (rank > result_.spec.limit)
      worse(State::missed, rank, told, fmt::format("it took writes, the first at {}", time_text(refusal.first_acknowledged)));
    else
      worse(why.empty() ? State::met : State::not_measured, rank, told, why);
  }

  // Why none acknowledged does not mean that it refuses.
  static std::string doubt(const Refusal& refusal) {
    const std::string window = fmt::format("between {} and {}", time_text(refusal.window.from), time_text(refusal.window.to));
    if (refusal.sent == 0) return fmt::format("no write was tried {}", window);
    if (refusal.blind) return fmt::format("{} was blind at some time {}", refusal.series, window);
    if (refusal.answered == 0) return "nobody answered: what can't be reached has refused nothing";
    return "";
  }

  // One side may go on, and only one: which of them is the cloud's affair.
  ObjectiveResult each_cut() {
    if (injections_.empty()) return not_measured("nothing was injected");
    if (result_.spec.sides.size() < 2) return not_measured("there are not two sides to compare");
    for (const std::string& injection : injections_) check_cut(injection);
    return std::move(result_);
  }

  struct Side {
    std::uint64_t acknowledged = 0;
    std::string told, doubt;  // why none acknowledged does not mean that it refuses
  };

  void check_cut(const std::string& injection) {
    std::vector<Side> sides;
    for (const auto& names : result_.spec.sides) sides.push_back(side_of(names, injection));
    std::stable_sort(sides.begin(), sides.end(), [](const Side& a, const Side& b) { return a.acknowledged > b.acknowledged; });
    std::vector<std::string> told, doubts;
    for (const Side& side : sides) told.push_back(side.told);
    const std::string value = fmt::format("{}{}", fmt::join(told, "; "), injections_.size() > 1 ? " during " + injection : "");
    const auto rank = static_cast<double>(sides[1].acknowledged);
    if (rank > result_.spec.limit)
      return worse(State::missed, rank, value, fmt::format("split brain: both {} and {}", sides[0].told, sides[1].told));
    for (auto side = sides.begin() + 1; side != sides.end(); ++side)
      if (!side->doubt.empty()) doubts.push_back(side->doubt);
    worse(doubts.empty() ? State::met : State::not_measured, rank, value, fmt::format("{}", fmt::join(doubts, "; ")));
  }

  // What all of its probes saw; each of them must have tried, and been answered.
  Side side_of(const std::vector<std::string>& names, const std::string& injection) const {
    Side side;
    std::vector<std::string> told;
    for (const std::string& name : names) {
      bool any = false;
      for (const Refusal& refusal : measured_.refusals) {
        if (refusal.probe != name || refusal.injection != injection || !wanted(refusal.series)) continue;
        any = true;
        side.acknowledged += refusal.acknowledged;
        if (const std::string why = doubt(refusal); !why.empty()) side.doubt = name + ": " + why;
        told.push_back(acknowledged_text(name, refusal));
      }
      if (!any) side.doubt = fmt::format("'{}' is not known to have taken effect, or {} writes nothing", injection, name);
    }
    side.told = fmt::format("{}", fmt::join(told, ", "));
    return side;
  }

  static std::string acknowledged_text(const std::string& name, const Refusal& refusal) {
    if (refusal.acknowledged == 0) return fmt::format("{} had no write acknowledged of {}", name, grouped(refusal.sent));
    return fmt::format("{} had {} of {} acknowledged between {} and {}", name, grouped(refusal.acknowledged),
                       grouped(refusal.sent), time_text(refusal.first_acknowledged), time_text(refusal.last_acknowledged));
  }

  // Also what was read before the first fault: such a cluster needs none to be behind.
  ObjectiveResult each_read_back() {
    bool any = false;
    for (const StaleReads& reads : measured_.stale_reads) {
      if (reads.probe != probe_->probe || !wanted(reads.series)) continue;
      any = true;
      check_read_back(reads);
    }
    return any ? std::move(result_) : not_measured(whose(result_.spec) + " reads nothing back");
  }

  void check_read_back(const StaleReads& reads) {
    const std::string told = fmt::format("{} of {} ({})", grouped(reads.stale), grouped(reads.reads), reads.series);
    const auto rank = static_cast<double>(reads.stale);
    if (reads.reads == 0) return worse(State::not_measured, 0, told, "not one read was answered");
    if (rank <= result_.spec.limit) return worse(State::met, rank, told, "");
    worse(State::missed, rank, told, stale_reads_sentence(reads));
  }

  // Every component asked for, after every injection asked for.
  ObjectiveResult each_restoration() {
    if (injections_.empty()) return not_measured("nothing was injected");
    for (const std::string& injection : injections_) each_restoration_of(injection);
    return std::move(result_);
  }

  void each_restoration_of(const std::string& injection) {
    bool any = false;
    for (const Restoration& one : measured_.restorations) {
      if (one.probe != probe_->probe || one.injection != injection || !wanted(one.component)) continue;
      any = true;
      check_restoration(one);
    }
    if (!any)
      worse(State::not_measured, 0, "",
            fmt::format("'{}' is not known to have taken effect, or nobody watched {}", injection, whose(result_.spec)));
  }

  void check_restoration(const Restoration& one) {
    const std::string told =
        fmt::format("{} ({}{})", restoration_text(one), one.component, injections_.size() > 1 ? " after " + one.injection : "");
    if (one.censored)
      return worse(State::missed, kForEver, told, one.component + " was not seen whole again", at_least(one.time));
    if (undo_spoils(one.after_undo))
      return worse(State::missed, kForEver, told,
                   fmt::format("{} was whole again only after the undo was asked at {}; by itself it had not been within {}",
                               one.component, time_text(one.after_undo->asked), format_seconds(one.after_undo->alone)),
                   at_least({one.after_undo->alone, 0s}));
    if (result_.spec.impact_required && !one.struck) return untouched(one, told);
    // Never seen to be missing is 0 with its ±, too: a loss between two looks was not seen.
    compare(one.time, told, one.component, "");
  }

  // The fault met none of it, so nothing is known of how it comes back. What has no second is known not to.
  void untouched(const Restoration& one, const std::string& told) {
    if (!one.single.empty())
      return worse(State::missed, kForEver, told, fmt::format("{} has no second: {}", one.component, one.single));
    worse(State::not_measured, 0, told,
          fmt::format(
              "nothing of {} was lost after '{}', so its recovery was not rehearsed; aim the fault at what has a part of it",
              one.component, one.injection));
  }

  ObjectiveResult no_series() {
    return not_measured(fmt::format("probe '{}' has no series '{}'", probe_->probe, result_.spec.series));
  }

  // Keeps the worst of the series: missed before not measured before met, then the greater value.
  void worse(State state, double value, const std::string& told, const std::string& why, Beside beside = Beside::unknown) {
    auto severity = [](State s) { return s == State::missed ? 2 : s == State::not_measured ? 1 : 0; };
    if (any_ && std::pair(severity(state), value) <= std::pair(severity(result_.state), value_)) return;
    any_ = true;
    value_ = value;
    result_.state = state;
    result_.measured = told;
    result_.why = why;
    result_.beside = beside;
  }

  const Judgement& measured_;
  std::vector<std::string> injections_;  // that count
  const ProbeMeasures* probe_ = nullptr;
  ObjectiveResult result_;
  bool any_ = false;
  double value_ = 0;
};

}  // namespace

ObjectiveResult check_objective(const ObjectiveSpec& spec, const Judgement& measured,
                                const std::vector<std::string>& injections) {
  return Check(spec, measured, injections).run();
}

}  // namespace blackstart
