// What the calibration in a record is worth for its run (docs/calibrate.md), and how reports say so.
//
// Purpose: the verdict and every writer ask the same. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/record.h"

namespace blackstart {

struct Instrument {
  // proven: a good certificate of this machine and this version, not too old. unproven: said, and not held against the verdict.
  // unfit: the run proves nothing.
  enum class State { proven, unproven, unfit } state = State::proven;
  std::vector<std::string> remarks;  // why it is not proven, one sentence each
};
const char* name_of(Instrument::State state);  // "proven", "not proven", "unfit"

// Nullopt for a record of before there was any calibration.
std::optional<Instrument> instrument_of(const Record& record);
// In one line; empty for such a record.
std::string instrument_text(const Record& record);

// The figures of a certificate, for people.
struct CertificateLine {
  std::string what, measured;
  std::string required;  // empty: nothing is
};
std::vector<CertificateLine> lines_of(const Certificate& certificate);
// "2026-11-21T06:46:28Z on runner-1 (AMD EPYC 7B13, 2 cores, kernel 6.1.0), Blackstart 0.1.0, in 97 s"
std::string made_text(const Certificate& certificate);

}  // namespace blackstart
