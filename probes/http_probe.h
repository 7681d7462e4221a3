// The probe `http`: asks one URL at a fixed rate.
//
// Purpose: a service behind HTTP as its customers see it, on fresh and on kept connections. docs/probes.md tells it to people.
// Ownership and thread rule: as Probe; the settings are a plain value.
#pragma once

#include <string>

#include "probes/goals.h"
#include "probes/probe.h"

namespace blackstart {

struct HttpProbeSettings final : ProbeSettings {
  std::string url;
  std::string method = "GET";
  std::string body, content_type = "application/json";  // of a POST
  std::int64_t status = 200;
  std::string contains;  // a text that the answer's body must have; empty: none
  std::string cacert;
  double rate = 10;  // a second, of each series
  std::string connections = "both";
  Duration connect_timeout{1s};
  Limits limits;
  Promise promise;

  bool fresh() const { return connections != "persistent"; }
  bool persistent() const { return connections != "fresh"; }

  void describe(Fields& f) override;
  std::unique_ptr<Probe> make(const std::string& name, const Cloud& cloud) const override;
  // Not with a `cacert`: the file is here, not there.
  std::shared_ptr<ProbeSettings> sent_from(const std::string&) const override {
    return cacert.empty() ? std::make_shared<HttpProbeSettings>(*this) : nullptr;
  }
};

}  // namespace blackstart
