// The scenarios of a folder, one after the other.
//
// Purpose: what `run FOLDER` does. Nothing starts before every file is good; what stops the batch is told for each scenario
// that did not run. Ownership: plain functions. Thread rule: as run_series().
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "reports/batch.h"
#include "runner/run_series.h"

namespace blackstart {

// Those of the folder's own *.yaml and *.yml files, by the files' names. Throws Error(bad_file) with the problems of all files,
// when there is none, or when two have the same name.
std::vector<Scenario> scenarios_in(const std::filesystem::path& folder);

struct Batch {
  BatchPlan plan;
  std::filesystem::path folder;  // is there, and empty
  // Rehearses item number `at`, whose folder (made before) is given.
  std::function<SeriesEnd(std::size_t at, const std::filesystem::path& folder)> rehearse;
};

// Rehearses all of them until one gives a reason to stop, and writes the batch's files: before each, and at the end. Rethrows
// what `rehearse` throws, after that.
BatchJudged run_batch(Batch batch);

}  // namespace blackstart
