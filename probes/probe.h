// What a probe is, and the table of those there are.
//
// Purpose: a workload on a fixed schedule (open loop) that records every operation through the whole rehearsal.
// Ownership: the runner owns probes; a probe owns its threads and connections. Thread rule: all members are called from the
// runner's thread; operations arrive at the sink on the probe's own thread, between start() and the return of stop().
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/fields.h"
#include "lab/cloud.h"
#include "probes/room.h"
#include "reports/record.h"

namespace blackstart {

class Probe {
 public:
  virtual ~Probe() = default;
  virtual ProbeInfo info() const = 0;
  // What it may take of this machine at one time; nothing: no more than a socket or two.
  virtual Room room() const { return {}; }
  // Reads only: can it reach what it needs, with these credentials? Throws Error(unmet or unreachable).
  virtual void preflight(const Deadline& deadline) = 0;
  // Makes what the workload stands on (accounts); what an earlier run left behind is replaced. Throws Error.
  virtual void prepare(const Deadline& deadline) = 0;
  // Instead of prepare(), where the runner has made that already: on a vantage point. Throws Error.
  virtual void join(const Deadline&) {}
  // How long that may take with a cloud that is slow; nobody waits for it when it is done. Ours: generous.
  virtual Duration prepare_limit() const { return std::chrono::seconds(60); }
  // Starts the schedule. `zero` is the run's zero on `clock`; returns the schedule's start as run time.
  virtual Time start(Clock& clock, Time zero, OperationSink& sink) = 0;
  struct Stopped {
    Time stopped{0};
    std::vector<std::uint64_t> planned;  // operations due in each series; each of them reached the sink
  };
  // Schedules nothing more, waits until each outstanding operation has its outcome (at most the longest deadline).
  virtual Stopped stop() = 0;
  // Waits until every replica says it is whole, or was seen whole after `since` (run time) by a probe that watches all the
  // time; returns what it saw. For probes without replicas: nothing.
  virtual std::vector<Redundancy> await_redundancy(Time since, const Deadline& deadline, const std::stop_token& stop) = 0;
  // For a probe without series: is what it watches whole now, and has been seen so after `since` (-1: at any time), for good?
  virtual bool whole(Time) const { return true; }
  // Reads every replica after recovery; a replica that can't be read is a snapshot that is not complete. What may be larger
  // than memory goes to the files that keep_rows() has named.
  virtual std::vector<ReplicaSnapshot> snapshots(const Deadline& deadline) = 0;
  // What it made through the cloud's APIs, and what each of info().controllers says is there now; nullopt: it has no such
  // audit.
  virtual std::optional<ResourceEvidence> resources(const Deadline&) { return std::nullopt; }
  // Removes what prepare() made. Throws Error.
  virtual void clean_up(const Deadline& deadline) = 0;
  // How long that may take with a cloud that is slow, as prepare_limit().
  virtual Duration clean_up_limit() const { return std::chrono::seconds(30); }
  // Who gets the lines for the user: what prepare() and clean_up() have to try again, and why. Without it nobody does.
  void tell(std::function<void(const std::string& line)> whom) { say_ = std::move(whom); }
  // Names the file for each replica's rows; asked by snapshots(), from any thread.
  void keep_rows(std::function<std::filesystem::path(const std::string& replica)> where) { rows_ = std::move(where); }
  // Who is told, on the probe's own thread, when others hold what it watches than before.
  void report_holders(std::function<void(const Holders&)> whom) { holders_ = std::move(whom); }

 protected:
  void say(const std::string& line) const {
    if (say_) say_(line);
  }
  void tell_holders(const Holders& seen) const {
    if (holders_) holders_(seen);
  }
  // Throws Error(internal) when nobody has named one.
  std::filesystem::path rows_file(const std::string& replica) const {
    if (!rows_) throw Error(ErrorKind::internal, "reading replica " + replica, "nobody has said where its rows go");
    return rows_(replica);
  }

 private:
  std::function<void(const std::string&)> say_;
  std::function<void(const Holders&)> holders_;
  std::function<std::filesystem::path(const std::string&)> rows_;
};

// A probe's parameters as the scenario gives them: typed fields with units, and the way to make it.
class ProbeSettings {
 public:
  virtual ~ProbeSettings() = default;
  virtual void describe(Fields& f) = 0;
  virtual std::unique_ptr<Probe> make(const std::string& name, const Cloud& cloud) const = 0;
  // The same workload for `node` to send, on ground of its own; null: this kind can only be sent from the runner's machine.
  virtual std::shared_ptr<ProbeSettings> sent_from(const std::string& /*node*/) const { return nullptr; }
  // What prepare() makes and clean_up() removes: "ledger tables with prefix 'second-'". Two probes of one rehearsal must not
  // have the same, nor one that begins with the other's. Empty: nothing.
  virtual std::string stands_on() const { return ""; }
  // Why its successes say little of the service, and what to do about it. Empty: they don't.
  virtual std::string doubt() const { return ""; }
};

struct ProbeKind {
  const char* name;
  const char* doc;
  std::unique_ptr<ProbeSettings> (*settings)();
};
// The one table: to add a probe is one file, its test, and a line here (probes/registry.cpp).
const std::vector<ProbeKind>& probe_kinds();

}  // namespace blackstart
