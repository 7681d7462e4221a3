// One rehearsal from preflight to the judged run folder.
//
// Purpose: the order of docs/rehearsal.md, with an undo that nothing skips. Ownership: refers to what RehearsalInput names.
// Thread rule: rehearse() blocks; it is stopped through the stop token and then still undoes and writes its record.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "lab/cloud.h"
#include "lab/remote.h"
#include "reports/reports.h"
#include "runner/scenario.h"
#include "runner/status.h"

namespace blackstart {

struct RehearsalInput {
  const Scenario& scenario;
  const Cloud& cloud;
  Remote& remote;
  Clock& clock;
  Status& status;
  std::stop_token stop;
  std::function<std::string()> stop_reason;  // "SIGINT"; asked for when `stop` was requested
  std::filesystem::path folder;              // of this run; must not exist yet
  std::string id;                            // of this run; names journal and dead-men
  std::uint64_t seed = 0;
  int repetition = 0, repetitions = 1;
  std::optional<Calibration> calibration = {};  // of the instrument; goes into the record
};

// Never throws for what goes wrong in the rehearsal: that stands in the record. Throws Error(internal) when no record can be
// written.
Judged rehearse(const RehearsalInput& input);

}  // namespace blackstart
