// The stages of a recovery in words: one value reads the same in every report.
//
// Purpose: text for the terminal, HTML and JSON. Ownership: returns text. Thread rule: pure functions.
#pragma once

#include <string>
#include <vector>

#include "reports/judgement.h"

namespace blackstart {

// "2.950 s ± 0.060 s", "not seen", "41.200 s ± 0.500 s, after our undo"
std::string stage_time_text(const StageResult& stage, const Bracket& effect);
// "as expected: 2.659 s to 3.559 s", "above the expected …"; of a stage that was not seen "expected: …"; empty without a band.
std::string stage_band_text(const StageResult& stage);
// What the settings are that it was expected by; empty without a band.
std::string stage_source_text(const StageResult& stage);
// Settings that could not be read, a sentence each.
std::vector<std::string> unread_settings(const Record& record);

}  // namespace blackstart
