// The measures of a series the plain way: all operations in memory, sorted, and gone over as often as is convenient. What the
// product computes while they go by must be the same (reports_streaming_test.cpp).
#pragma once

#include "reports/judgement.h"
#include "tests/support/naive_stream.h"

namespace blackstart::naive {

struct Rule {
  const char* severity;
  Duration long_window, short_window;
  double factor;
};
constexpr Rule kRules[] = {{"page", 1h, 5min, 14.4}, {"page", 6h, 30min, 6}, {"ticket", 72h, 6h, 1}};

// An alarm that is back so soon is the same one: pagers look about once a minute.
constexpr Duration kSameAlarm = 1min;
// So that a factor that is reached exactly is not passed by the last digit of 1 − SLO.
constexpr double kRounding = 1e-9;

// A record that says more is damaged.
constexpr double kMostRate = 1e9;

inline double in_seconds(Duration value) { return std::chrono::duration<double>(value).count(); }

inline std::vector<Time> known_bad(const Stream& stream) {
  std::vector<Time> known;
  for (const Operation& o : stream.operations)
    if (o.outcome != Outcome::unsent && !stream.good(o)) known.push_back(stream.known(o));
  std::sort(known.begin(), known.end());
  return known;
}

// One rule, replayed: the counts of bad operations in both windows change only where one becomes known, or leaves a window.
class Replay {
 public:
  // `allowed`: bad operations a second that just use up the budget.
  Replay(const Rule& rule, double allowed, const std::vector<Time>& bad) : bad_(bad) {
    alert_.severity = rule.severity;
    alert_.long_window = rule.long_window;
    alert_.short_window = rule.short_window;
    alert_.factor = rule.factor;
    per_long_ = 1 / (allowed * in_seconds(rule.long_window));
    per_short_ = 1 / (allowed * in_seconds(rule.short_window));
  }

  BurnAlert run(Time end, bool recovered) {
    while (left_long_ < bad_.size()) step();
    for (Alarm& alarm : alert_.alarms) {
      if (alarm.cleared <= end) continue;
      alarm.after_end = true;
      if (!recovered) alarm.cleared = Time(-1);
    }
    return std::move(alert_);
  }

 private:
  Time next() const {
    Time at = bad_[left_long_] + alert_.long_window;
    if (left_short_ < bad_.size()) at = std::min(at, bad_[left_short_] + alert_.short_window);
    return entered_ < bad_.size() ? std::min(at, bad_[entered_]) : at;
  }

  void step() {
    const Time at = next();
    while (entered_ < bad_.size() && bad_[entered_] == at) ++entered_;
    while (left_short_ < entered_ && bad_[left_short_] + alert_.short_window == at) ++left_short_;
    while (left_long_ < entered_ && bad_[left_long_] + alert_.long_window == at) ++left_long_;
    weigh(at);
  }

  void weigh(Time at) {
    const double burn = std::min(static_cast<double>(entered_ - left_long_) * per_long_,
                                 static_cast<double>(entered_ - left_short_) * per_short_);
    if (burn > alert_.highest) {
      alert_.highest = burn;
      alert_.highest_at = at;
    }
    const bool over = burn > alert_.factor * (1 + kRounding);
    if (over && !on_) fire(at);
    if (!over && on_) alert_.alarms.back().cleared = at;
    on_ = over;
  }

  void fire(Time at) {
    const bool same = !alert_.alarms.empty() && at - alert_.alarms.back().cleared < kSameAlarm;
    if (!same) alert_.alarms.push_back({at, Time(-1), false});
  }

  const std::vector<Time>& bad_;
  BurnAlert alert_;
  double per_long_ = 0, per_short_ = 0;                       // burn rate of one bad operation
  std::size_t entered_ = 0, left_long_ = 0, left_short_ = 0;  // how many of them became known, and left each window
  bool on_ = false;
};

inline Budget budget_of(const Stream& stream, bool recovered) {
  const std::vector<Time> bad = known_bad(stream);
  const double rate = stream.info->rate;
  Budget budget;
  budget.bad = bad.size();
  // An objective of 100 % leaves no budget at all; one operation's time stands in for it, the least that could be measured.
  budget.whole = from_seconds(in_seconds(stream.probe->slo_window) * (1 - stream.probe->slo));
  budget.whole = std::max({budget.whole, stream.step, Duration(1)});
  if (!(rate > 0 && rate <= kMostRate)) return budget;  // the stream's problem says so
  budget.whole_operations = in_seconds(budget.whole) * rate;
  budget.spent = static_cast<double>(budget.bad) / budget.whole_operations;
  if (stream.probe->slo_window <= 0s) return budget;
  const double allowed = budget.whole_operations / in_seconds(stream.probe->slo_window);
  for (const Rule& rule : kRules) {
    if (rule.long_window > stream.probe->slo_window) continue;  // the promise covers no time so long
    budget.alerts.push_back(Replay(rule, allowed, bad).run(stream.end, recovered));
  }
  return budget;
}

}  // namespace blackstart::naive
