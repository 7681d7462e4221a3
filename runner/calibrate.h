// The calibration of the instrument: outages of known length, measured by the product's own way, and the certificate of it.
//
// Purpose: what `blackstart calibrate` does, and what `run` finds of it later (docs/calibrate.md). The probe, its open loop,
// the record on disk and the judge are those of every rehearsal; nothing is there for calibration alone but the server.
// Ownership: plain functions. Thread rule: calibrate() blocks; the rest may be called from any thread.
#pragma once

#include <filesystem>

#include "reports/judgement.h"
#include "runner/outage_server.h"
#include "runner/status.h"

namespace blackstart {

struct CalibrationInput {
  double rate = 1000;            // operations a second, each on a connection of its own
  std::uint64_t seed = 0;        // that the plan was made from
  std::filesystem::path folder;  // for the record; must not exist yet, and is left to the caller
};
// How long the service must be up to count as recovered; a plan's pauses are longer.
inline constexpr Duration kCalibrationHold = 1s;

// Throws Error when there is nothing to certify: the server died, the probe could not run.
Certificate calibrate(OutageServer& server, const CalibrationInput& input, Status& status);

// What the record of the calibration says of each of these outages; `zero` is its zero on the monotonic clock.
std::vector<KnownOutage> compared(const Judgement& judgement, const std::vector<Standstill>& truth, Time zero);

// STATE/calibration.json
std::filesystem::path certificate_file();
void write_certificate(const Certificate& certificate);
// Whether a new one can take its place, asked before it is worth a minute. Throws Error.
void require_certificate_place();
// For the record of a run that begins now, on this machine. A certificate that can't be read is told in it, not thrown.
Calibration found_calibration();

}  // namespace blackstart
