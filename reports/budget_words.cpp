#include "reports/budget_words.h"

#include <fmt/format.h>

#include "base/units.h"
#include "reports/words.h"

namespace blackstart {
namespace {

// Three digits that count.
std::string burn_rate(double value) { return fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0); }

}  // namespace

std::string alert_name(const BurnAlert& alert) {
  return fmt::format("{} {}/{}", alert.severity, format_duration(alert.long_window), format_duration(alert.short_window));
}

std::string burn_text(const BurnAlert& alert) { return burn_rate(alert.highest) + " of " + format_number(alert.factor); }

std::string alarm_text(const Alarm& alarm) {
  if (alarm.cleared.count() < 0) return "from " + time_text(alarm.fired) + ", no recovery was seen";
  return fmt::format("{} to {}{}", time_text(alarm.fired), time_text(alarm.cleared),
                     alarm.after_end ? " if all stays well after the end" : "");
}

std::string alarms_text(const BurnAlert& alert) {
  constexpr std::size_t kMost = 5;
  std::vector<std::string> words;
  for (const Alarm& alarm : alert.alarms)
    if (words.size() < kMost) words.push_back(alarm_text(alarm));
  if (alert.alarms.size() > kMost) words.push_back(fmt::format("and {} more", alert.alarms.size() - kMost));
  return words.empty() ? "none" : joined(words, "; ");
}

std::string spent_text(const Budget& budget) {
  return fmt::format("{}: {} of {} operations", percent_text(budget.spent), grouped(budget.bad),
                     grouped(static_cast<std::uint64_t>(budget.whole_operations)));
}

}  // namespace blackstart
