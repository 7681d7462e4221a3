// record.json as a value, for those writers that put runs together. Only for .cpp files of reports/: it names nlohmann's types.
// Pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "reports/judgement.h"

namespace blackstart::json_format {

// docs/reports.md and reports/record.schema.json say what is in it.
nlohmann::ordered_json of_run(const Record& record, const Judgement& judgement);
// What was measured of a probe, and how it was set.
nlohmann::ordered_json of_probe(const Record& record, const ProbeMeasures& measures);
// What the calibration is worth, with its figures; null for a record of before there was any.
nlohmann::ordered_json of_instrument(const Record& record);
// The stages of each recovery; the settings that were read from the nodes.
nlohmann::ordered_json of_waterfalls(const Judgement& judgement);
nlohmann::ordered_json of_live_settings(const Record& record);
// UTF-8 whatever the strings hold; `indent` of -1: one line.
std::string text_of(const nlohmann::ordered_json& json, int indent);

}  // namespace blackstart::json_format
