// The probe `amqp`: payments through a queue of the message broker, audited against what reached its consumer.
// Ownership and thread rule: as Probe; the settings are a plain value.
#pragma once

#include <string>

#include "probes/goals.h"
#include "probes/probe.h"

namespace blackstart {

struct AmqpSettings final : ProbeSettings {
  double publish = 20, deliver = 10;  // messages a second
  std::string queue_type = "quorum";
  std::string prefix;  // of the queue's name, behind our own
  Limits limits{5s, 1s};
  Duration connect_timeout{1s};
  Duration heartbeat{10s};
  Promise promise;

  void describe(Fields& f) override;
  std::unique_ptr<Probe> make(const std::string& name, const Cloud& cloud) const override;
  std::string stands_on() const override;
  std::string queue() const;
};

}  // namespace blackstart
