// A probe that needs no set-up, has no replicas and no audit: everything but its workload and its preflight.
//
// Purpose: the base of probes that only ask. Ownership and thread rule: as Probe.
#pragma once

#include <memory>

#include "probes/open_loop.h"
#include "probes/probe.h"

namespace blackstart {

class PlainProbe : public Probe {
 public:
  void prepare(const Deadline&) override {}
  Time start(Clock& clock, Time zero, OperationSink& sink) override;
  Stopped stop() override;
  std::vector<Redundancy> await_redundancy(Time, const Deadline&, const std::stop_token&) override { return {}; }
  std::vector<ReplicaSnapshot> snapshots(const Deadline&) override { return {}; }
  void clean_up(const Deadline&) override {}

 protected:
  virtual std::unique_ptr<Workload> make_workload(boost::asio::io_context& io) = 0;
  // Ends the loop and its workload. For the destructor of a probe whose workload uses the probe's own members.
  void end_loop() { loop_.reset(); }

 private:
  std::unique_ptr<OpenLoop> loop_;
};

}  // namespace blackstart
