// Error budgets, burn rates and alarms as plain English, the same in all reports.
//
// Purpose: wording only. Ownership: returns text. Thread rule: pure functions.
#pragma once

#include <string>

#include "reports/judgement.h"

namespace blackstart {

// What every report says of burn rates: the rehearsal is shorter than most of their windows.
inline constexpr const char* kBurnNote =
    "Burn rates count what came before the rehearsal as good. An alert is on while the burn rate over both of its windows is "
    "greater than its factor.";

// "page 1h/5min"
std::string alert_name(const BurnAlert& alert);
// "1.22 of 14.4": the highest burn rate and the factor that it would have had to pass.
std::string burn_text(const BurnAlert& alert);
// "21.036 s to 320.437 s", "from 21.036 s, no recovery was seen"
std::string alarm_text(const Alarm& alarm);
// All of an alert's alarms; "none" without.
std::string alarms_text(const BurnAlert& alert);
// "0.170 %: 88 of 51,840 operations"
std::string spent_text(const Budget& budget);

}  // namespace blackstart
