// Quantities as people write them: "250ms", "99.9%", "50/s", "1GiB". A number without its unit is refused.
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace blackstart {

// Units: ns us ms s min h d. Whole or decimal numbers, not negative; nullopt if it is no duration or over 10 years.
std::optional<Duration> parse_duration(std::string_view text);
// "99.9%" → 0.999. Range 0 % to 100 %.
std::optional<double> parse_ratio(std::string_view text);
// Events a second: "50/s", "3000/min". Over 0 and at most 1e6/s.
std::optional<double> parse_rate(std::string_view text);
// Bytes: B KiB MiB GiB TiB.
std::optional<std::int64_t> parse_size(std::string_view text);
// A plain whole number in decimal digits, "010" and "0x1" refused.
std::optional<std::int64_t> parse_integer(std::string_view text);

// The shortest exact writing that parse_duration reads back: "1.5s", "250ms", "10min".
std::string format_duration(Duration value);
// For people: seconds with `decimals`, "4.417 s".
std::string format_seconds(Duration value, int decimals = 3);
std::string format_ratio(double value);
// The shortest decimal that reads back as the same double, without exponent where sensible.
std::string format_number(double value);
std::string format_size(std::int64_t bytes);
// "2026-11-21T06:46:28.123Z" from nanoseconds since 1970.
std::string format_utc(std::int64_t wall_ns, bool milliseconds = true);

}  // namespace blackstart
