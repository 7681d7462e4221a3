// What a probe is, and the table of those there are.
//
// Purpose: a workload on a fixed schedule (open loop) that records every operation through the whole rehearsal.
// Ownership: the runner owns probes; a probe owns its threads and connections. Thread rule: all members are called from the
// runner's thread; operations arrive at the sink on the probe's own thread, between start() and the return of stop().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fields.h"
#include "lab/cloud.h"
#include "reports/record.h"

namespace blackstart {

class Probe {
 public:
  virtual ~Probe() = default;
  virtual ProbeInfo info() const = 0;
  // Reads only: can it reach what it needs, with these credentials? Throws Error(unmet or unreachable).
  virtual void preflight(const Deadline& deadline) = 0;
  // Makes what the workload stands on (accounts); what an earlier run left behind is replaced. Throws Error.
  virtual void prepare(const Deadline& deadline) = 0;
  // Starts the schedule. `zero` is the run's zero on `clock`; returns the schedule's start as run time.
  virtual Time start(Clock& clock, Time zero, OperationSink& sink) = 0;
  struct Stopped {
    Time stopped{0};
    std::vector<std::uint64_t> planned;  // operations due in each series; each of them reached the sink
  };
  // Schedules nothing more, waits until each outstanding operation has its outcome (at most the longest deadline).
  virtual Stopped stop() = 0;
  // Waits until every replica says it is whole; what it saw goes into `redundancy`. For probes without replicas: nothing.
  virtual std::vector<Redundancy> await_redundancy(const Deadline& deadline, const std::stop_token& stop) = 0;
  // Reads every replica after recovery; a replica that can't be read is a snapshot that is not complete.
  virtual std::vector<ReplicaSnapshot> snapshots(const Deadline& deadline) = 0;
  // Removes what prepare() made. Throws Error.
  virtual void clean_up(const Deadline& deadline) = 0;
  // Who gets the lines for the user: what prepare() and clean_up() have to try again, and why. Without it nobody does.
  void tell(std::function<void(const std::string& line)> whom) { say_ = std::move(whom); }

 protected:
  void say(const std::string& line) const {
    if (say_) say_(line);
  }

 private:
  std::function<void(const std::string&)> say_;
};

// A probe's parameters as the scenario gives them: typed fields with units, and the way to make it.
class ProbeSettings {
 public:
  virtual ~ProbeSettings() = default;
  virtual void describe(Fields& f) = 0;
  virtual std::unique_ptr<Probe> make(const std::string& name, const Cloud& cloud) const = 0;
  // What prepare() makes and clean_up() removes: "ledger tables with prefix 'second-'". Two probes of one rehearsal must not
  // have the same. Empty: nothing.
  virtual std::string stands_on() const { return ""; }
};

struct ProbeKind {
  const char* name;
  const char* doc;
  std::unique_ptr<ProbeSettings> (*settings)();
};
// The one table: to add a probe is one file, its test, and a line here (probes/registry.cpp).
const std::vector<ProbeKind>& probe_kinds();

}  // namespace blackstart
