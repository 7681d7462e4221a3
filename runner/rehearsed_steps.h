// The steps of a scenario, done one after the other.
//
// Purpose: inject, hold, wait for recovery, undo; with what is still in force at the end. Ownership: owns the journal and the
// injector of the run; refers to what its context names, which outlives it. Thread rule: one thread.
#pragma once

#include <string>
#include <vector>

#include "runner/guards.h"
#include "runner/hits.h"
#include "runner/injector.h"
#include "runner/rehearsal.h"
#include "runner/step_log.h"

namespace blackstart {

class RehearsedSteps {
 public:
  struct Context {
    const RehearsalInput& in;
    Time zero;  // of the run
    const Stopper& stopper;
    RecordWriter& record;
    RunLog& log;
    StepLog& steps;
    const RunningProbes& probes;
    Guards& guards;
  };
  // Opens the journal. Throws Error when it can't be written: then nothing may be injected.
  RehearsedSteps(const Context& context, std::vector<PlannedInjection> plan);

  // Throws Error, Interrupted or Tripped when it ended early.
  void run();
  // What is to be undone is wanted at once: nobody looks first whether it is still there.
  void hurry() { injector_.hurry(); }
  // False: something is not confirmed to be gone.
  bool undo_all();
  // When nothing is left to undo; false, and it stays open, otherwise.
  bool close_journal() { return journal_.close(); }
  // False while nothing has been fired.
  bool injected() const { return injector_.latest_effect().count() >= 0; }

 private:
  void begin(std::size_t index);
  void do_step(const ScenarioStep& step, std::size_t index);
  void inject(const ScenarioStep& step, std::size_t index);
  PlannedInjection resolved(const InjectStep& step, std::size_t index);
  void undo(const std::string& injection);
  void wait_recovered(const ScenarioStep& step, std::size_t index);

  Context c_;
  std::vector<PlannedInjection> plan_;
  Hits hits_;
  Journal journal_;
  Injector injector_;
};

}  // namespace blackstart
