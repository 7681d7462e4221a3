// The open-loop engine: sends each operation when it is due, whatever became of the earlier ones, and records every one.
//
// Purpose: the fixed schedule of every probe. Nothing waits for an answer before it sends the next; an operation that could not
// be sent within its own deadline is recorded as unsent, a fault of the generator. Ownership: owns its event loop and its
// thread; the workload belongs to it from start() on. Clock and sink outlive it. Thread rule: start() and stop() from one
// thread; Workload and sink are called on the engine's thread only.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "probes/probe.h"
#include "reports/operation.h"
#include "reports/record.h"

namespace boost::asio {
class io_context;
}

namespace blackstart {

class Workload {
 public:
  virtual ~Workload() = default;
  // What number `number` of the series will do: series and number are filled in, as is what the audit needs (here: nothing).
  virtual Operation plan(std::uint16_t series, std::uint64_t number);
  struct Result {
    Outcome outcome = Outcome::failed;
    std::uint16_t error = 0;
  };
  using Done = std::function<void(Result)>;
  // Starts it and returns at once. `done` is called exactly once, from the loop, at `deadline` at the latest.
  virtual void send(const Operation& operation, const Deadline& deadline, Done done) = 0;
};

class OpenLoop {
 public:
  // `zero`: the run's zero on `clock`.
  OpenLoop(Clock& clock, Time zero, OperationSink& sink, std::vector<SeriesInfo> series);
  ~OpenLoop();  // as stop()

  // The loop that workloads run on.
  boost::asio::io_context& io();
  // Begins the schedule; returns its start as run time.
  Time start(std::unique_ptr<Workload> workload);
  Probe::Stopped stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace blackstart
