// The probes of a rehearsal, from their preparation to the audit.
//
// Purpose: keeps each probe together with its file of operations and its live view. Ownership: owns the probes; refers to clock
// and record, which outlive it. Thread rule: one thread; pulse() any, between start() and stop().
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runner/live.h"
#include "runner/scenario.h"
#include "runner/vantage_probe.h"

namespace blackstart {

class RunningProbes {
 public:
  RunningProbes(Clock& clock, Time zero, RecordWriter& record) : clock_(clock), zero_(zero), record_(record) {}

  // Probes that have passed their preflight. `say` gets their lines for the user.
  void take(std::vector<std::unique_ptr<Probe>> probes, const std::function<void(const std::string&)>& say);
  // A request to `stop` makes its time pass at once: it throws then.
  void prepare(const std::stop_token& stop);
  void start();

  std::vector<SteadyCheck> steady(const Steady& wanted) const;
  // Every probe, or the one of this name, has been good for its hold, begun after `since`.
  bool recovered(Time since, const std::string& name = "") const;
  Duration without_success(Time since, const std::string& name) const;
  Duration longest_hold() const;
  std::string pulse() const;  // "bank 50/s 100.0 % good"

  // Everything that probes without operations watch is seen whole.
  bool whole() const;

  // What is whole since `since` (run time) counts, also when one probe's waiting has used up the time of the next.
  std::vector<Redundancy> await_redundancy(Time since, const Deadline& deadline, const std::stop_token& stop);
  // How what is watched all the time is now.
  std::vector<Redundancy> watched_redundancy(Time since);
  // Each of these does what it can for every probe, then throws what went wrong first.
  void stop();
  void audit();
  // A request to `stop` shortens what may take long, whether it came before or comes meanwhile.
  void clean_up(const std::stop_token& stop);

 private:
  struct Running {
    std::string name;
    std::unique_ptr<OperationFile> file;
    std::unique_ptr<LiveProbe> live;
    std::unique_ptr<Probe> probe;  // last, so that it goes first: it writes to the two above until then
    bool prepared = false, started = false, stopped = false;
    VantageProbe* far = nullptr;  // the probe, where another node sends it: it writes its own file of operations
  };
  // The sink of a live view whose operations are written elsewhere.
  struct Nowhere final : OperationSink {
    void record(const Operation&) override {}
    void flush() override {}
  };
  OperationSink& file_of(Running& running, const ProbeInfo& info);
  // Up to here its live view has everything.
  Time seen_until(const Running& running) const;
  void stop_far(Running& running);
  Deadline clean_up_deadline(const Probe& probe, const std::stop_token& stop) const;
  Deadline within(Duration length) const { return Deadline(clock_, length); }
  Time run_time() const { return clock_.now() - zero_; }

  Clock& clock_;
  const Time zero_;
  RecordWriter& record_;
  std::function<void(const std::string&)> say_;
  Nowhere nowhere_;
  std::vector<Running> probes_;
};

}  // namespace blackstart
