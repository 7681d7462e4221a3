// All that was measured of a series, to the nanosecond, as text that can be compared.
#pragma once

#include <fmt/format.h>

#include "reports/judgement.h"

namespace blackstart {

inline std::string text_of(const Bracket& b) { return fmt::format("({}, {}]", b.from.count(), b.to.count()); }

inline std::string text_of(const Outage& o) {
  return fmt::format("outage {} to {} censored {} down {} flaps {} operations {} bad {} known {} success {} after {}\n",
                     text_of(o.onset), text_of(o.recovery), o.censored, o.down, o.flaps, o.operations, o.bad, o.known.count(),
                     o.first_success ? o.first_success->count() : -7, o.first_success_after.count());
}

inline std::string text_of(const BurnAlert& a) {
  std::string text = fmt::format("alert {} {} highest {} at {}", a.severity, a.factor, a.highest, a.highest_at.count());
  for (const Alarm& alarm : a.alarms)
    text += fmt::format(" [{}, {}, {}]", alarm.fired.count(), alarm.cleared.count(), alarm.after_end);
  return text + "\n";
}

inline std::string text_of(const SeriesMeasures& m) {
  std::string text = fmt::format("{} problem '{}'\n{} operations good {} ok {} failed {} indeterminate {} unsent {} late {}\n",
                                 m.name, m.problem, m.operations, m.good, m.ok, m.failed, m.indeterminate, m.unsent, m.late);
  text += fmt::format("downtime {} degraded {} down {} p50 {} p99 {} max {} lag {}\n", m.downtime.count(), m.degraded.count(),
                      m.down.count(), m.baseline_p50.count(), m.baseline_p99.count(), m.baseline_max.count(),
                      m.send_lag_p999.count());
  for (const Outage& outage : m.outages) text += text_of(outage);
  for (const BlindInterval& blind : m.blind)
    text += fmt::format("blind {} to {}: {}\n", blind.from.count(), blind.to.count(), blind.why);
  text += fmt::format("budget {} of {} ({}), {} bad\n", m.budget.spent, m.budget.whole.count(), m.budget.whole_operations,
                      m.budget.bad);
  for (const BurnAlert& alert : m.budget.alerts) text += text_of(alert);
  return text;
}

}  // namespace blackstart
