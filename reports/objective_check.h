// One objective against what was measured: the class that check_objective() runs. For objective*.cpp only.
//
// Ownership: refers to the judgement; its result is taken by run(), which is called once. Thread rule: one thread.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "reports/judgement.h"

namespace blackstart {

// "bank", "bank/transfer"
std::string whose(const ObjectiveSpec& spec);
// "RTO of bank after kill ≤ 15 s"
std::string objective_text(const ObjectiveSpec& spec);

class ObjectiveCheck {
 public:
  // `injections`: those that count where the objective names none.
  ObjectiveCheck(const ObjectiveSpec& spec, const Judgement& measured, std::vector<std::string> injections);
  ObjectiveResult run();

 private:
  using State = ObjectiveResult::State;
  using Beside = ObjectiveResult::Beside;
  static constexpr double kForEver = std::numeric_limits<double>::infinity();

  // For every kind (objectives.cpp).
  bool wanted(const std::string& series) const { return result_.spec.series.empty() || result_.spec.series == series; }
  ObjectiveResult not_measured(const std::string& why);
  ObjectiveResult no_series();
  // Keeps the worst of the series: missed before not measured before met, then the greater value.
  void worse(State state, double value, const std::string& told, const std::string& why, Beside beside = Beside::unknown);
  static constexpr const char* kHigherRate = "; a higher rate of operations narrows it";
  // Only what certainly keeps the limit has met it, only what certainly breaks it has missed it.
  void compare(const Measured& value, const std::string& told, const std::string& whose, const char* remedy = kHigherRate);
  Beside beside_expected(const Measured& value) const;
  // Of what had not ended when it was seen last.
  Beside at_least(const Measured& value) const;

  // How bad service was, what was lost, what was read back (objectives.cpp).
  ObjectiveResult each_series();
  ObjectiveResult check_rpo();
  ObjectiveResult each_read_back();
  void check_read_back(const StaleReads& reads);

  // How it came back after an injection (objectives_recovery.cpp).
  using JudgeRto = void (ObjectiveCheck::*)(const Rto&);
  ObjectiveResult each_rto(JudgeRto judge);
  void each_rto_of(const std::string& series, const std::string& injection, JudgeRto judge);
  void require_outage(const std::string& injection);
  void check_rto(const Rto& rto);
  void check_first_success(const Rto& rto);
  ObjectiveResult each_restoration();
  void each_restoration_of(const std::string& injection);
  void check_restoration(const Restoration& one);
  void untouched(const Restoration& one, const std::string& told);
  bool undo_spoils(const std::optional<AfterUndo>& after) const;
  bool undo_leaves_open(bool undo_soon, const Measured& time) const;
  bool undo_may_disturb(const std::optional<AfterUndo>& after, const Measured& time) const;
  void disturbed(const std::string& what, const std::string& value);
  void too_soon(const std::string& what, const std::string& value);
  void missed_by_undo(const std::string& what, const AfterUndo& after, const std::string& value, const Rto& rto);
  std::string told(const std::string& value, const Rto& rto) const;

  // Who took writes while an injection was in force (objectives_writes.cpp).
  struct Side;
  ObjectiveResult each_refusal();
  void each_refusal_of(const std::string& injection);
  void check_refusal(const Refusal& refusal);
  ObjectiveResult each_cut();
  void check_cut(const std::string& injection);
  Side side_of(const std::vector<std::string>& names, const std::string& injection) const;

  const Judgement& measured_;
  std::vector<std::string> injections_;  // that count
  const ProbeMeasures* probe_ = nullptr;
  ObjectiveResult result_;
  bool any_ = false;
  double value_ = 0;
};

}  // namespace blackstart
