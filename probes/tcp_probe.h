// The probe `tcp`: opens a TCP connection at a fixed rate, and looks at the greeting if asked to.
// Ownership and thread rule: as Probe; the settings are a plain value.
#pragma once

#include <string>

#include "probes/goals.h"
#include "probes/probe.h"

namespace blackstart {

struct TcpProbeSettings final : ProbeSettings {
  std::string host;
  std::int64_t port = 0;
  std::string banner;  // what the server must say first; empty: nothing is waited for
  double rate = 10;    // a second
  Limits limits{2s, 500ms};
  Promise promise;

  void describe(Fields& f) override;
  std::string doubt() const override;
  std::unique_ptr<Probe> make(const std::string& name, const Cloud& cloud) const override;
  std::shared_ptr<ProbeSettings> sent_from(const std::string&) const override {
    return std::make_shared<TcpProbeSettings>(*this);
  }
};

}  // namespace blackstart
