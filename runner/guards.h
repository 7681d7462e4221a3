// Waiting during a rehearsal, with an eye on what ends it: interruption and guards.
//
// Purpose: nothing is waited for without this. Ownership: refers to what it is made with, which outlives it. Thread rule: one
// thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runner/run_log.h"
#include "runner/running_probes.h"
#include "runner/scenario.h"
#include "runner/stopper.h"

namespace blackstart {

// Thrown when a guard has stopped the rehearsal; it stands in the record.
struct Tripped {};

class Guards {
 public:
  Guards(const std::vector<GuardSpec>& guards, Clock& clock, const Stopper& stopper, const RunningProbes& probes, RunLog& log,
         RecordWriter& record)
      : guards_(guards), clock_(clock), stopper_(stopper), probes_(probes), log_(log), record_(record) {}

  // From now on check() looks at the guards, too; until disarm().
  void arm();
  void disarm() { armed_ = false; }

  // Throws Interrupted or Tripped when there is reason to.
  void check() const;
  // Waits; false when `limit` passed before the condition held. Throws as check().
  bool watch(const std::function<bool()>& condition, Duration limit) const;
  void wait(Duration length) const {
    watch([] { return false; }, length);
  }
  // Records that this guard stops the rehearsal, and does: throws Tripped.
  [[noreturn]] void trip(const std::string& guard, const std::string& observed) const;

 private:
  const std::vector<GuardSpec>& guards_;
  Clock& clock_;
  const Stopper& stopper_;
  const RunningProbes& probes_;
  RunLog& log_;
  RecordWriter& record_;
  bool armed_ = false;
  Time since_{0};
};

}  // namespace blackstart
