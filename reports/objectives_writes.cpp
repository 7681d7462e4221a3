// Objectives on writes that somebody took while an injection was in force: refuses, split-brain.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/units.h"
#include "reports/objective_check.h"
#include "reports/words.h"

namespace blackstart {
namespace {

// Why none acknowledged does not mean that it refuses.
std::string doubt(const Refusal& refusal) {
  const std::string window = fmt::format("between {} and {}", time_text(refusal.window.from), time_text(refusal.window.to));
  if (refusal.sent == 0) return fmt::format("no write was tried {}", window);
  if (refusal.blind) return fmt::format("{} was blind at some time {}", refusal.series, window);
  if (refusal.answered == 0) return "nobody answered: what can't be reached has refused nothing";
  return "";
}

std::string acknowledged_text(const std::string& name, const Refusal& refusal) {
  if (refusal.acknowledged == 0) return fmt::format("{} had no write acknowledged of {}", name, grouped(refusal.sent));
  return fmt::format("{} had {} of {} acknowledged between {} and {}", name, grouped(refusal.acknowledged),
                     grouped(refusal.sent), time_text(refusal.first_acknowledged), time_text(refusal.last_acknowledged));
}

}  // namespace

// Every posting series asked for, during every injection asked for.
ObjectiveResult ObjectiveCheck::each_refusal() {
  if (injections_.empty()) return not_measured("nothing was injected");
  for (const std::string& injection : injections_) each_refusal_of(injection);
  return std::move(result_);
}

void ObjectiveCheck::each_refusal_of(const std::string& injection) {
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

void ObjectiveCheck::check_refusal(const Refusal& refusal) {
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

struct ObjectiveCheck::Side {
  std::uint64_t acknowledged = 0;
  std::string told, doubt;  // why none acknowledged does not mean that it refuses
};

// One side may go on, and only one: which of them is the cloud's affair.
ObjectiveResult ObjectiveCheck::each_cut() {
  if (injections_.empty()) return not_measured("nothing was injected");
  if (result_.spec.sides.size() < 2) return not_measured("there are not two sides to compare");
  for (const std::string& injection : injections_) check_cut(injection);
  return std::move(result_);
}

void ObjectiveCheck::check_cut(const std::string& injection) {
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
ObjectiveCheck::Side ObjectiveCheck::side_of(const std::vector<std::string>& names, const std::string& injection) const {
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

}  // namespace blackstart
