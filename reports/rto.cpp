#include "reports/rto.h"

#include <algorithm>
#include <deque>
#include <utility>

namespace blackstart {
namespace {

Bracket span(const Outage& outage, Time end) { return outage.censored ? Bracket{end, end} : outage.recovery; }

class Calculation {
 public:
  Calculation(const Stream& stream, const SeriesMeasures& measures, const std::vector<Aftermath>& all, const Aftermath& after,
              Duration clock, Duration shown)
      : stream_(stream),
        measures_(measures),
        all_(all),
        after_(after),
        clock_(clock),
        shown_(after.injection->effect.to + clock + shown),
        effect_(after.injection->effect) {
    effect_ = {effect_.from - clock_, effect_.to + clock_};
    rto_.probe = stream.probe->name;
    rto_.series = stream.info->name;
    rto_.injection = after.injection->id;
    rto_.rto = rto_.perceived = {Duration(0), stream.step};
  }

  Rto run() {
    for (const Outage& outage : measures_.outages)
      if (belongs(outage, after_)) take(outage);
    return std::move(rto_);
  }

 private:
  // The outage was on before the injection's own time ended, and not over when this one began. One that two injections share
  // counts for both: while it lasted neither's recovery was seen. It was on when it was known, or when an operation was due
  // that would have been done in time for the next injection not to be what spoiled it.
  bool belongs(const Outage& outage, const Aftermath& after) const {
    return (on_before(outage, after.until) || perhaps_by_undo(outage, *after.injection)) &&
           (outage.censored || outage.recovery.to > after.injection->effect.from);
  }

  // It began within a hold of our undo. What the undo did, or another injection since then, can't be told apart either.
  bool perhaps_by_undo(const Outage& outage, const Injection& injection) const {
    const Time undo = injection.undo_asked;
    return undo.count() >= 0 && outage.onset.to + clock_ >= undo && on_before(outage, undo + stream_.hold());
  }

  // When it was on: known, or an operation was due that would have been done by then.
  Time on_by(const Outage& outage) const {
    return std::min(outage.known, outage.onset.to + measures_.baseline_p99 + measures_.send_lag_p999);
  }

  bool on_before(const Outage& outage, Time moment) const { return on_by(outage) - clock_ < moment; }

  // What was under way when the undo was asked may have been lost by it, where all had been well for a hold.
  bool perhaps_disturbed(const Outage& outage, Time undo) const {
    return on_by(outage) + clock_ >= undo && (rto_.impact || outage.onset.from - clock_ >= shown_);
  }

  // The first undo that was asked before `seen`, of any injection in effect by then, also of one that showed no outage of its
  // own: that repair may be ours. An outage that began after it was asked may be its doing, but was not repaired by it.
  std::optional<AfterUndo> undo_before(const Outage& outage, Time seen) const {
    std::optional<AfterUndo> first;
    for (const Aftermath& after : all_) {
      const Injection& i = *after.injection;
      // Where the clocks leave it open it counts as ours.
      bool amid = i.undo_asked + clock_ > outage.onset.from && i.undo_asked - clock_ < seen;
      if (i.undo_asked.count() < 0 || !amid || i.effect.from >= seen) continue;
      Time since = rto_.impact ? outage.onset.middle() : effect_.middle();
      if (first && i.undo_asked >= first->asked) continue;
      first = {i.undo_asked, std::max(i.undo_asked - since, Duration(0)), false, perhaps_disturbed(outage, i.undo_asked)};
    }
    return first;
  }

  // Had it come back before, and not stayed, then this time, too, it stands by itself only once its hold is over. A step that
  // waits for that is over no sooner; what the clocks leave open is not held against it.
  Time stood_from(const Outage& outage) const {
    const Time to = outage.recovery.to;
    return outage.flaps == 0 ? to : std::max(to, outage.recovery.from + stream_.hold() - 2 * clock_);
  }

  std::optional<AfterUndo> repair_of(const Outage& outage) const {
    std::optional<AfterUndo> repair = undo_before(outage, stood_from(outage));
    if (repair) repair->there = !undo_before(outage, outage.recovery.to);
    return repair;
  }

  bool after_our_undo(const Outage& outage) const {
    const Time undo = after_.injection->undo_asked;
    return undo.count() >= 0 && outage.onset.from - clock_ >= undo;
  }

  bool undo_came_soon(const Outage& outage) const { return after_our_undo(outage) && outage.onset.from - clock_ < shown_; }

  // It may be the doing of the undo of another injection that was in effect.
  bool near_other_undo(const Outage& outage) const {
    return std::any_of(all_.begin(), all_.end(), [&](const Aftermath& other) {
      return other.injection != after_.injection && other.injection->effect.from <= after_.injection->effect.from &&
             perhaps_by_undo(outage, *other.injection);
    });
  }

  // An outage that began after our undo was asked is the undo's doing, where the service had stood the fault: two halves of a
  // cluster that meet again stop for a moment.
  Measured since_cause(const Outage& outage, const Bracket& until) const {
    const Measured by_fault = between(effect_, until, measures_.send_lag_p999);
    if (!after_our_undo(outage)) return by_fault;
    const Time undo = after_.injection->undo_asked;
    const Measured by_undo = between({undo - clock_, undo + clock_}, until, measures_.send_lag_p999);
    return undo_came_soon(outage) ? either(by_undo, by_fault) : by_undo;
  }

  void take(const Outage& outage) {
    // An operation in flight when the service went is bad though it was scheduled a response time earlier. Both edges are of
    // the stream's clock.
    Bracket recovery = span(outage, stream_.end);
    Measured own = between(outage.onset, recovery, measures_.send_lag_p999 + measures_.baseline_p99 + 2 * clock_);
    Measured length = rto_.impact ? own : since_cause(outage, recovery);
    const bool certain = on_before(outage, after_.next);
    if (!certain && !outage.censored) length = or_nothing(length);
    if (!outage.censored) note_repair(outage);
    if (!rto_.impact) note_first_success(outage, certain);
    rto_.struck = rto_.struck || (certain && !after_our_undo(outage) && !near_other_undo(outage));
    rto_.shared = rto_.shared || !certain;
    rto_.undo_soon = rto_.undo_soon || undo_came_soon(outage);
    keep_worst(outage.censored, length, own);
  }

  // The first that was one for certain, else the last that may be one.
  void note_repair(const Outage& outage) {
    if (rto_.after_undo && !rto_.after_undo->perhaps) return;
    if (const auto repair = repair_of(outage)) rto_.after_undo = repair;
  }

  void keep_worst(bool censored, const Measured& length, const Measured& own) {
    const bool first = !std::exchange(rto_.impact, true), alike = censored == rto_.censored;
    const bool worse = first || std::pair(censored, length.value) > std::pair(rto_.censored, rto_.rto.value);
    if (!first && alike) rto_.rto = greater(rto_.rto, length);
    if (!worse) return;
    if (first || !alike) rto_.rto = length;
    rto_.censored = censored;
    rto_.perceived = own;
  }

  void note_first_success(const Outage& outage, bool certain) {
    if (!outage.first_success) return;
    Bracket seen{std::min(outage.first_success_after, *outage.first_success), *outage.first_success};
    const Measured length = since_cause(outage, seen);
    rto_.first_success = certain ? length : or_nothing(length);
    rto_.first_success_after_undo = undo_before(outage, *outage.first_success);
  }

  const Stream& stream_;
  const SeriesMeasures& measures_;
  const std::vector<Aftermath>& all_;
  const Aftermath& after_;
  const Duration clock_;
  const Time shown_;  // by then the fault would have shown
  Bracket effect_;
  Rto rto_;
};

bool watched(const Stream& stream, const Injection& injection, Duration shown) {
  if (stream.operations.empty()) return false;
  Time from = stream.operations.front().scheduled, to = std::min(stream.end, stream.operations.back().scheduled + stream.step);
  return from <= injection.effect.from && to >= injection.effect.to + shown;
}

// The end of the time in which what goes wrong may be the injection's doing.
Time end_of(const Aftermath& after, Duration hold) {
  const Time undo = after.injection->undo_asked;
  return undo.count() < 0 ? after.until : std::max(after.until, undo + hold);
}

// Bad operations that are too far apart for an outage, but so many that after one the service would not have counted as up: for
// how long that went on. Less than a hold of it is strays.
class Scattered {
 public:
  explicit Scattered(const Stream& stream)
      : hold_(stream.hold()),
        allowed_(std::max(1.0, (1 - stream.probe->slo) * static_cast<double>(hold_.count()) /
                                   static_cast<double>(std::max(stream.step, Duration(1)).count()))) {}

  void see_bad(Time at) {
    while (!bad_.empty() && bad_.front() <= at - hold_) bad_.pop_front();
    bad_.push_back(at);
    if (static_cast<double>(bad_.size()) <= allowed_) return;
    if (from_.count() < 0 || bad_.front() > to_) from_ = bad_.front();
    to_ = at;
    longest_ = std::max(longest_, to_ - from_);
  }

  Duration longest() const { return longest_ < hold_ ? Duration(0) : longest_; }

 private:
  const Duration hold_;
  const double allowed_;  // bad ones in a hold, as of the state machine (outages.cpp)
  std::deque<Time> bad_;  // of the last hold
  Time from_{-1}, to_{-1};
  Duration longest_{0};
};

// Bad operations that were too few for an outage: from the good one before some in a row to the one after them the service may
// have been gone, and for as long as more of them were scattered than the objective bears. One that was in flight when the
// fault came was due before.
Duration perhaps_gone(const Stream& stream, const SeriesMeasures& measures, const Aftermath& after, Duration clock) {
  if (measures.budget.bad == 0) return Duration(0);
  const Time from = after.injection->effect.from - clock - measures.baseline_p99 - measures.send_lag_p999;
  const Time until = end_of(after, stream.hold());
  const auto in_outage = [&](const Operation& o) {
    return std::any_of(measures.outages.begin(), measures.outages.end(), [&](const Outage& outage) {
      return o.scheduled >= outage.onset.to && (outage.censored || o.scheduled <= outage.recovery.from);
    });
  };
  std::int64_t longest = 0, now = 0;
  Scattered scattered(stream);
  for (const Operation& o : stream.operations) {
    if (o.outcome == Outcome::unsent) continue;
    const bool stray = !stream.good(o) && o.scheduled >= from && o.scheduled < until && !in_outage(o);
    now = stray ? now + 1 : 0;
    longest = std::max(longest, now);
    if (stray) scattered.see_bad(o.scheduled);
  }
  return std::max(longest * stream.step, scattered.longest());
}

bool has_outage(const std::vector<Rto>& all) { return !all.empty() && all.back().impact; }

}  // namespace

std::vector<const Injection*> effective(const std::vector<Injection>& injections) {
  std::vector<const Injection*> result;
  for (const Injection& injection : injections)
    if (injection.effect.known()) result.push_back(&injection);
  std::stable_sort(result.begin(), result.end(),
                   [](const Injection* a, const Injection* b) { return a->effect.from < b->effect.from; });
  return result;
}

std::vector<Aftermath> aftermaths(const std::vector<const Injection*>& order, Duration least) {
  std::vector<Aftermath> all;
  for (const Injection* one : order) {
    auto next = std::find_if(order.begin(), order.end(), [&](const Injection* i) { return i->effect.from > one->effect.to; });
    const Time begun = next == order.end() ? Time::max() : (*next)->effect.from;
    all.push_back({one, std::max(begun, one->effect.to + least), begun});
  }
  return all;
}

Measured between(const Bracket& from, const Bracket& to, Duration more) {
  return {std::max(to.middle() - from.middle(), Duration(0)), from.half() + to.half() + more};
}

namespace {

Measured from_to(Duration low, Duration high) {
  const Duration half = (high - low + Duration(1)) / 2;
  return {high - half, half};
}

Duration low(const Measured& one) { return one.value - one.plus_minus; }
Duration high(const Measured& one) { return one.value + one.plus_minus; }

}  // namespace

Measured greater(const Measured& a, const Measured& b) { return from_to(std::max(low(a), low(b)), std::max(high(a), high(b))); }

Measured either(const Measured& a, const Measured& b) { return from_to(std::min(low(a), low(b)), std::max(high(a), high(b))); }

Measured or_nothing(const Measured& length) {
  const Duration half = (length.value + length.plus_minus + Duration(1)) / 2;
  return {half, half};
}

std::vector<Rto> rtos_of(const Stream& stream, const SeriesMeasures& measures, const std::vector<Injection>& injections,
                         Duration clock, Duration notice) {
  std::vector<Rto> result;
  const Duration shown = std::max(stream.hold(), notice);
  const std::vector<Aftermath> all = aftermaths(effective(injections), shown);
  for (const Aftermath& after : all) {
    result.push_back(Calculation(stream, measures, all, after, clock, shown).run());
    if (has_outage(result)) continue;
    Rto& none = result.back();
    none.rto.plus_minus = std::max(none.rto.plus_minus + perhaps_gone(stream, measures, after, clock), notice);
    none.perceived = none.rto;
    if (!watched(stream, *after.injection, shown)) result.pop_back();
  }
  return result;
}

}  // namespace blackstart
