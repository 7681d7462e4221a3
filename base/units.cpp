#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <utility>

namespace blackstart {
namespace {

struct Quantity {
  double number;
  std::optional<std::int64_t> whole;  // the number, when it is written without a point
  std::string_view unit;
};

bool digit(char c) { return c >= '0' && c <= '9'; }

// Splits "1.5s" into 1.5 and "s"; only plain decimals (no sign, no exponent, no inf).
std::optional<Quantity> split(std::string_view text) {
  std::size_t end = 0;
  int points = 0;
  while (end < text.size() && (digit(text[end]) || text[end] == '.')) points += text[end++] == '.';
  if (end == 0 || points > 1 || text[0] == '.' || text[end - 1] == '.') return std::nullopt;
  double number = 0;
  auto [stop, error] = std::from_chars(text.data(), text.data() + end, number);
  if (error != std::errc() || stop != text.data() + end) return std::nullopt;
  std::string_view unit = text.substr(end);
  if (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  std::optional<std::int64_t> whole;
  if (std::int64_t exact = 0; points == 0 && std::from_chars(text.data(), text.data() + end, exact).ec == std::errc())
    whole = exact;
  return Quantity{number, whole, unit};
}

template <std::size_t N>
std::optional<double> scale_of(std::string_view unit, const std::array<std::pair<std::string_view, double>, N>& units) {
  for (const auto& [name, scale] : units)
    if (name == unit) return scale;
  return std::nullopt;
}

constexpr std::array<std::pair<std::string_view, double>, 7> kDurations{
    {{"d", 86400e9}, {"h", 3600e9}, {"min", 60e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}}};
constexpr std::array<std::pair<std::string_view, double>, 5> kSizes{
    {{"TiB", 1099511627776.0}, {"GiB", 1073741824.0}, {"MiB", 1048576.0}, {"KiB", 1024.0}, {"B", 1.0}}};
constexpr double kLongest = 3660.0 * 86400e9;
constexpr std::int64_t kExact = 1ll << 50;  // nanoseconds, 13 days

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  auto quantity = split(text);
  if (!quantity) return std::nullopt;
  auto scale = scale_of(quantity->unit, kDurations);
  if (!scale || quantity->number * *scale > kLongest) return std::nullopt;
  if (quantity->whole) return Duration(*quantity->whole * static_cast<std::int64_t>(*scale));
  return Duration(std::llround(quantity->number * *scale));
}

std::optional<double> parse_ratio(std::string_view text) {
  auto quantity = split(text);
  if (!quantity || quantity->unit != "%" || quantity->number > 100) return std::nullopt;
  return quantity->number / 100;
}

std::optional<double> parse_rate(std::string_view text) {
  auto quantity = split(text);
  if (!quantity) return std::nullopt;
  double per_second = 0;
  if (quantity->unit == "/s") per_second = quantity->number;
  if (quantity->unit == "/min") per_second = quantity->number / 60;
  if (per_second <= 0 || per_second > 1e6) return std::nullopt;
  return per_second;
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  auto quantity = split(text);
  if (!quantity) return std::nullopt;
  auto scale = scale_of(quantity->unit, kSizes);
  if (!scale || quantity->number * *scale > 1e18) return std::nullopt;
  return std::llround(quantity->number * *scale);
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  std::int64_t value = 0;
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string format_number(double value) {
  // Left alone, to_chars writes 100000 as 1e+05.
  const double size = std::abs(value);
  const auto format = size == 0 || (size >= 1e-6 && size < 1e18) ? std::chars_format::fixed : std::chars_format::general;
  char buffer[64];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, format);
  return error == std::errc() ? std::string(buffer, end) : "nan";
}

std::string format_duration(Duration value) {
  const bool exact = value.count() < kExact;  // a decimal of it survives the way through a double
  for (auto [unit, scale] : kDurations) {
    auto whole = static_cast<std::int64_t>(scale);
    if (value.count() < whole) continue;
    if (value.count() % whole == 0) return std::to_string(value.count() / whole) + std::string(unit);
    if (exact && (unit == "s" || unit == "ms" || unit == "us"))
      return format_number(static_cast<double>(value.count()) / scale) + std::string(unit);
  }
  return std::to_string(value.count()) + "s";
}

std::string format_seconds(Duration value, int decimals) {
  return fmt::format("{:.{}f} s", std::chrono::duration<double>(value).count(), decimals);
}

std::string format_ratio(double value) { return format_number(std::round(value * 100 * 1e6) / 1e6) + "%"; }

std::string format_size(std::int64_t bytes) {
  for (auto [unit, scale] : kSizes) {
    auto whole = static_cast<std::int64_t>(scale);
    if (bytes >= whole && bytes % whole == 0) return std::to_string(bytes / whole) + std::string(unit);
  }
  return std::to_string(bytes) + "B";
}

std::string format_utc(std::int64_t wall_ns, bool milliseconds) {
  std::time_t seconds = wall_ns / 1'000'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                                 parts.tm_hour, parts.tm_min, parts.tm_sec);
  if (milliseconds) text += fmt::format(".{:03}", wall_ns / 1'000'000 % 1000);
  return text + "Z";
}

}  // namespace blackstart
