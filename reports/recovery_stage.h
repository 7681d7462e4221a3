// The stages that a recovery went through after an injection, measured and predicted side by side.
//
// Purpose: the waterfall of the reports (docs/measurement.md, "Stages of a recovery"). Ownership: plain values. Thread rule:
// plain data.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/record.h"

namespace blackstart {

// What settings let expect of a stage, counted from the fault: nine in ten fall between `from` and `to`.
struct PredictedBand {
  std::string stage;        // StageResult::name
  Duration from{0}, to{0};  // the 5 % and the 95 % quantile
  std::string why;          // "keepalived on c2: 3 · advert_int 1s + skew 602ms − U(0, 1s)"
};

struct StageResult {
  enum class Beside { unknown, below, within, above };
  std::string name;         // "vip-moved"
  std::string title;        // "virtual IP moved"
  Bracket when;             // not known: it was not seen, and `evidence` says why
  Duration more{0};         // what the ± has beyond both brackets: the probe's send lag
  std::string evidence;     // who saw what: "c1 → c2 (probe vip)"
  bool after_undo = false;  // it certainly came after our undo had been asked
  std::vector<PredictedBand> predicted = {};
  Beside beside = Beside::unknown;  // its predicted band: only what certainly lies outside is said to
};

// Of one injection whose effect is known; stages in the order of StageResult names in waterfall.cpp.
struct Waterfall {
  std::string injection;
  Bracket effect;
  std::vector<StageResult> stages;
  std::vector<std::string> not_watched;  // "nothing watched the virtual IP: add a probe of kind vip"
};

}  // namespace blackstart
