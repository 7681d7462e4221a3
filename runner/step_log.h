// The steps of a rehearsal as the record has them: each is done, or skipped or failed with its reason.
//
// Purpose: no planned step is ever just missing. Ownership: refers to record and clock, which outlive it. Thread rule: one
// thread.
#pragma once

#include <string>
#include <vector>

#include "reports/record.h"

namespace blackstart {

class StepLog {
 public:
  StepLog(Clock& clock, Time zero, RecordWriter& record) : clock_(clock), zero_(zero), record_(record) {}

  // Replaces what was planned before.
  void plan(std::vector<Step> steps);
  const std::vector<Step>& steps() const { return steps_; }
  void reword(std::size_t index, const std::string& text) { steps_[index].text = text; }
  const Step& begin(std::size_t index);
  void done(std::size_t index, const std::string& reason = "");
  // What was begun has failed, what was not is skipped; for this reason.
  void give_up(const std::string& reason);

 private:
  Clock& clock_;
  const Time zero_;
  RecordWriter& record_;
  std::vector<Step> steps_;
};

}  // namespace blackstart
