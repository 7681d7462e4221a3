// What a vantage point is told: which probe to send, for how long at most, on how much disk.
//
// Purpose: one file format for the runner that writes it and the node that reads it. Ownership: plain values. Thread rule:
// plain functions.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/yaml.h"
#include "probes/probe.h"

namespace blackstart {

struct VantageSpec {
  std::string name;             // "bank@c3"
  std::string vantage;          // "c3"
  Duration lifetime{0};         // it ends by itself after this, whatever became of the runner
  std::int64_t most_bytes = 0;  // of operations, on the node's disk
  std::string kind;
  std::shared_ptr<ProbeSettings> settings;  // as the scenario has them: not yet those of this vantage point

  void describe(Fields& f);
  // The probe as it is sent from there. Throws Error(unmet) when its kind can't be.
  std::unique_ptr<Probe> make(const Cloud& cloud) const;
};

// The file's text; `probe` is the probe's own part of the scenario, as it was written.
std::string write_spec(const VantageSpec& spec, const yaml::Value& probe);

// The folder that a vantage point works in, on its node.
namespace vantage_folder {
inline constexpr const char* kSpec = "spec.yaml";
inline constexpr const char* kCloud = "cloud.yaml";
inline constexpr const char* kPassword = "database.password";
inline constexpr const char* kOperations = "operations";  // an OperationJournal
inline constexpr const char* kStarted = "started.json";   // when the schedule began
inline constexpr const char* kEnded = "ended.json";       // how it ended
inline constexpr const char* kReady = "ready\n";          // said by check when nothing is in the way
inline constexpr const char* kStop = "stop";              // made to end it
inline constexpr const char* kLock = "lock";              // held as long as the process lives
}  // namespace vantage_folder

}  // namespace blackstart
