// One scenario, rehearsed as often as was asked.
//
// Purpose: what `run` does with a file, and with each file of a folder. Ownership: refers to what a Series names.
// Thread rule: blocks; stopped through the Interrupt, which must have been made before any other thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "lab/cloud.h"
#include "lab/remote.h"
#include "reports/reports.h"
#include "runner/interrupt.h"
#include "runner/scenario.h"

namespace blackstart {

struct Series {
  const Scenario& scenario;
  const Cloud& cloud;
  std::filesystem::path folder;  // is there, and empty
  std::string id;                // no other run has had it, ever: what stays on nodes is named by it (docs/faults.md)
  std::uint64_t seed;            // of the first repetition; the others count on from it
  int repetitions;               // 1: a run of its own; more: repetition-01 … in the folder
};

struct SeriesEnd {
  Verdict verdict = Verdict::inconclusive;
  std::string summary;              // for the terminal
  std::optional<std::string> stop;  // why nothing more may be rehearsed on this cloud now: "interrupted by SIGINT"
};

SeriesEnd run_series(const Series& series, Remote& remote, const Interrupt& interrupt);

// What the next rehearsal needs is a cloud that is whole and a user who still wants it.
std::optional<std::string> reason_to_stop(const Cloud& cloud, const Judged& judged, const std::string& interrupted_by);

}  // namespace blackstart
