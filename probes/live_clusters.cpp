// Galera and RabbitMQ: what the running server says of its own timers.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "base/units.h"
#include "probes/live_readers.h"

namespace blackstart::live {
namespace {

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// The number before `unit` and no more; "0.5" for "0.5S".
std::optional<Duration> part_of(const std::string& text, const char* unit) { return parse_duration(text + unit); }

}  // namespace

// P[nD][T[nH][nM][nS]], in this order; the last number may have decimals.
Duration period_of(const std::string& text) {
  struct Unit {
    char letter;
    bool time;  // behind the T
    const char* unit;
  };
  constexpr std::array<Unit, 4> kUnits{{{'D', false, "d"}, {'H', true, "h"}, {'M', true, "min"}, {'S', true, "s"}}};
  const auto refuse = [&] { not_understood("Galera's options", fmt::format("'{}' is no period", text.substr(0, 40))); };
  if (text.size() < 3 || text.size() > 40 || text[0] != 'P') refuse();
  Duration sum{0};
  bool time = false, any = false;
  std::size_t unit = 0;
  std::string digits;
  for (const char c : text.substr(1)) {
    if ((c >= '0' && c <= '9') || c == '.') {
      digits += c;
    } else if (c == 'T' && !time && digits.empty()) {
      time = true;
    } else {
      while (unit < kUnits.size() && (kUnits[unit].letter != c || kUnits[unit].time != time)) ++unit;
      const auto part = unit < kUnits.size() && !digits.empty() ? part_of(digits, kUnits[unit++].unit) : std::nullopt;
      if (!part) refuse();
      sum += part.value_or(Duration(0));
      any = true;
      digits.clear();
    }
  }
  if (!digits.empty() || !any) refuse();
  return sum;
}

std::vector<LiveSetting> parse_galera(const std::string& options) {
  static const std::vector<std::string> kWanted{"evs.inactive_check_period", "evs.inactive_timeout", "evs.join_retrans_period",
                                                "evs.keepalive_period", "evs.suspect_timeout"};
  std::vector<LiveSetting> all;
  std::istringstream in(options);
  for (std::string one; std::getline(in, one, ';');) {
    const std::size_t equals = one.find('=');
    const std::string name = trimmed(one.substr(0, equals));
    if (equals == std::string::npos || std::find(kWanted.begin(), kWanted.end(), name) == kWanted.end()) continue;
    all.push_back({"", name, format_duration(period_of(trimmed(one.substr(equals + 1)))), "the running server"});
  }
  if (all.size() != kWanted.size())
    not_understood("Galera's options", fmt::format("{} of {} timers are in them", all.size(), kWanted.size()));
  return all;
}

// A number of seconds; while it is being changed, or the node is alone, something else.
std::vector<LiveSetting> parse_rabbitmq(const std::string& printed) {
  const auto value = parse_integer(trimmed(printed));
  if (!value || *value < 1 || *value > 1'000'000)
    not_understood("RabbitMQ's net_ticktime", fmt::format("'{}' is no number of seconds", trimmed(printed).substr(0, 60)));
  return {{"", "net_ticktime", format_duration(std::chrono::seconds(*value)), "the running server"}};
}

}  // namespace blackstart::live
