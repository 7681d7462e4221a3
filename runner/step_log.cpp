#include "runner/step_log.h"

namespace blackstart {

void StepLog::plan(std::vector<Step> steps) {
  steps_ = std::move(steps);
  for (const Step& step : steps_) record_.step(step);
}

const Step& StepLog::begin(std::size_t index) {
  steps_[index].began = clock_.now() - zero_;
  return steps_[index];
}

void StepLog::done(std::size_t index, const std::string& reason) {
  steps_[index].state = "done";
  steps_[index].reason = reason;
  steps_[index].ended = clock_.now() - zero_;
  record_.step(steps_[index]);
}

void StepLog::give_up(const std::string& reason) {
  for (Step& step : steps_) {
    if (step.state != "planned") continue;
    step.state = step.began.count() < 0 ? "skipped" : "failed";
    step.reason = reason;
    record_.step(step);
  }
}

}  // namespace blackstart
