// A certificate as JSON: the file of its own, and a part of events.jsonl. Only for .cpp files of reports/: it names nlohmann's
// types. Pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "reports/certificate.h"

namespace blackstart::json_format {

nlohmann::json of_certificate(const Certificate& certificate);
nlohmann::json of_machine(const MachineInfo& machine);
// Both throw a std::exception for what is none.
Certificate certificate_of(const nlohmann::json& json);
MachineInfo machine_of(const nlohmann::json& json);

}  // namespace blackstart::json_format
