#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "reports/budget_words.h"
#include "reports/html_parts.h"
#include "reports/words.h"

namespace blackstart::html {
namespace {

// How near the highest burn rate came to the factor; full when it reached it.
Markup meter(const BurnAlert& alert) {
  const double share = alert.factor > 0 ? std::clamp(alert.highest / alert.factor, 0.0, 1.0) : 0;
  const Markup bar = raw(fmt::format("<span class=\"bar burn{}\" style=\"left:0;width:{:.1f}%\"></span>",
                                     alert.alarms.empty() ? "" : " alarm", share * 100));
  return tag("div", "", text(burn_text(alert)) + tag("div", "track", bar));
}

const ProbeInfo* settings(const Record& record, const std::string& probe) {
  auto found =
      std::find_if(record.probes.begin(), record.probes.end(), [&](const auto& one) { return one.info.name == probe; });
  return found == record.probes.end() ? nullptr : &found->info;
}

void spending(Table& table, const Record& record, const ProbeMeasures& probe) {
  const ProbeInfo* info = settings(record, probe.probe);
  for (const auto& one : probe.series) {
    std::string slo = info == nullptr ? "–" : format_ratio(info->slo) + " over " + format_duration(info->slo_window);
    table.row({text(probe.probe + "/" + one.name), text(slo), text(format_seconds(one.budget.whole)),
               text(format_seconds(one.downtime)), text(spent_text(one.budget))});
  }
}

void burning(Table& table, const ProbeMeasures& probe) {
  for (const auto& one : probe.series) {
    for (const auto& alert : one.budget.alerts) {
      table.row({text(probe.probe + "/" + one.name), text(alert_name(alert)), meter(alert), text(time_text(alert.highest_at)),
                 text(alarms_text(alert))});
    }
  }
}

}  // namespace

Markup budgets(const Record& record, const Judgement& judgement) {
  Table spent("What the rehearsal spent", {{"Service"}, {"SLO"}, {"Budget", true}, {"Downtime", true}, {"Spent", true}});
  Table burnt("Would a pager have gone off?",
              {{"Service"}, {"Alert"}, {"Highest burn rate"}, {"At, run time", true}, {"Alarm, run time"}});
  for (const auto& probe : judgement.probes) {
    spending(spent, record, probe);
    burning(burnt, probe);
  }
  Markup note = burnt.empty() ? Markup{} : burnt.markup() + tag("p", "note", text(kBurnNote));
  return section("budget", "Error budget", spent.empty() ? Markup{} : spent.markup() + note);
}

}  // namespace blackstart::html
