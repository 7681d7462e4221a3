// The probe `latency`: pings nodes at a fixed rate, a series for each: loss, and round trips over time.
// Ownership and thread rule: as Probe; the settings are a plain value.
#pragma once

#include <string>
#include <vector>

#include "probes/goals.h"
#include "probes/probe.h"

namespace blackstart {

struct LatencySettings final : ProbeSettings {
  std::vector<std::string> nodes;      // of cloud.yaml; with `addresses` empty too: all of them
  std::string network = "data";        // which of their addresses
  std::vector<std::string> addresses;  // IPv4, further ones
  double rate = 10;                    // a second, to each
  Limits limits{1s, 200ms};
  Promise promise;

  void describe(Fields& f) override;
  std::unique_ptr<Probe> make(const std::string& name, const Cloud& cloud) const override;
  std::shared_ptr<ProbeSettings> sent_from(const std::string&) const override {
    return std::make_shared<LatencySettings>(*this);
  }
};

}  // namespace blackstart
