#include "reports/outages.h"

#include <algorithm>
#include <deque>

namespace blackstart {
namespace {

constexpr std::size_t kInARow = 3;   // bad ones that end UP at once
constexpr std::uint64_t kGuard = 2;  // so many bad ones in a window before their share means anything

// What the machine wants of an operation. What was never sent is no sample.
struct Sample {
  Time scheduled, done, known;
  bool bad = false;
  std::uint64_t bad_before = 0;  // how many of the samples before it are bad
};

// A stream's samples by their place, from 0. They are read when they are asked for, and kept until they are let go.
class Samples {
 public:
  Samples(const Stream& stream, const std::function<void(const Operation&)>& see)
      : stream_(stream), see_(see), next_(stream.operations.begin()) {}

  // Whether there are so many that one has this place.
  bool has(std::size_t place) {
    while (place >= end() && next_ != stream_.operations.end()) read();
    return place < end();
  }
  std::size_t end() const { return first_ + kept_.size(); }  // of those that were read
  const Sample& operator[](std::size_t place) const { return kept_[place - first_]; }
  // Of those that were read, from one place to before another.
  std::uint64_t bad_in(std::size_t from, std::size_t to) const { return bad_before(to) - bad_before(from); }

  // The first that is scheduled at `time` or later, from this place on; reads on until there is one.
  std::size_t at_or_after(Time time, std::size_t from) {
    while (kept_.back().scheduled < time && has(end())) continue;
    const auto begin = kept_.begin() + static_cast<std::ptrdiff_t>(from - first_);
    const auto found = std::lower_bound(begin, kept_.end(), time, [](const Sample& s, Time at) { return s.scheduled < at; });
    return from + static_cast<std::size_t>(found - begin);
  }

  void let_go(std::size_t before) {
    for (; first_ < before; ++first_) kept_.pop_front();
  }

 private:
  std::uint64_t bad_before(std::size_t place) const { return place < end() ? (*this)[place].bad_before : bad_; }

  void read() {
    const Operation& o = *next_;
    if (see_) see_(o);
    if (o.outcome != Outcome::unsent) {
      const bool bad = !stream_.good(o);
      kept_.push_back({o.scheduled, o.done, stream_.known(o), bad, bad_});
      bad_ += bad ? 1 : 0;
    }
    ++next_;
  }

  const Stream& stream_;
  const std::function<void(const Operation&)>& see_;
  SeriesOperations::Iterator next_;
  std::deque<Sample> kept_;
  std::size_t first_ = 0;  // place of the first that is kept
  std::uint64_t bad_ = 0;  // of all that were read
};

class Machine {
 public:
  Machine(const Stream& stream, const std::function<void(const Operation&)>& see)
      : stream_(stream), samples_(stream, see), window_(stream.window()), allowed_(1 - stream.probe->slo) {}

  Outages run() {
    std::size_t at = 0, up_since = 0;
    while (samples_.has(at = next_leave(at, up_since))) {
      begin_outage(first_bad_of_leave(at, up_since));
      const Hold hold = end_outage();
      at = hold.until;
      up_since = hold.start;
    }
    return std::move(outages_);
  }

 private:
  struct Hold {
    std::size_t start = 0;  // its first sample
    std::size_t until = 0;  // the first sample after it
  };

  bool bad(std::size_t i) const { return samples_[i].bad; }
  Time scheduled(std::size_t i) const { return samples_[i].scheduled; }
  std::size_t window_start(std::size_t at, std::size_t base) const { return std::max(base + window_, at + 1) - window_; }
  // Everything that looks back from here looks no further than this.
  void let_go(std::size_t at) { samples_.let_go(std::max(at, 2 * window_ + kInARow) - 2 * window_ - kInARow); }

  // Does sample `at` end an UP that began at `base`?
  bool leaves(std::size_t at, std::size_t base) const {
    if (!bad(at)) return false;
    if (at + 1 >= base + kInARow && samples_.bad_in(at + 1 - kInARow, at + 1) == kInARow) return true;
    std::size_t from = window_start(at, base);
    std::uint64_t count = samples_.bad_in(from, at + 1);
    return count >= kGuard && static_cast<double>(count) > allowed_ * static_cast<double>(at + 1 - from);
  }

  std::size_t next_leave(std::size_t at, std::size_t base) {
    for (; samples_.has(at) && !leaves(at, base); ++at) let_go(at);
    return at;
  }

  // The oldest bad one in the window. But a single one that three good ones follow is a stray, not the beginning of an outage
  // that begins hard: with it the onset would be up to a window too early, and could come before its own cause.
  std::size_t first_bad_of_leave(std::size_t at, std::size_t base) {
    const std::size_t first = next_bad(window_start(at, base), at);
    const bool alone = samples_.bad_in(first, at + 1) == 2 && at - first > kInARow;
    const bool hard = samples_.has(at + kInARow - 1) && samples_.bad_in(at, at + kInARow) == kInARow;
    return alone && hard ? at : first;
  }

  std::size_t next_bad(std::size_t i, std::size_t limit) const {
    while (i < limit && !bad(i)) ++i;
    return i;
  }

  // All that is passed belongs to the outage.
  std::size_t next_good(std::size_t i) {
    for (; samples_.has(i) && bad(i); ++i) take_in(i);
    take_in(i);
    return i;
  }

  void begin_outage(std::size_t first) {
    outage_ = {};
    outage_.known = Time::max();
    outage_.onset = {first > 0 ? scheduled(first - 1) : scheduled(0) - stream_.step, scheduled(first)};
    outage_.onset.from = std::max(outage_.onset.from, Time(0));
    first_ = taken_ = first;
  }

  // The first hold from here on: its opening window wholly good, no sample that ends UP, and the objective kept over the whole
  // of it.
  Hold end_outage() {
    std::size_t start = next_good(first_);
    note_first_success(start);
    while (samples_.has(start)) {
      const Hold hold{start, end_of_hold(start)};
      std::size_t broken = next_bad(start, hold.until);
      if (broken >= start + window_) {
        while (broken < hold.until && !breaks(broken, hold)) broken = next_bad(broken + 1, hold.until);
        if (broken >= hold.until) return complete(hold) ? recover(hold) : never_recover();
        ++outage_.flaps;
      }
      start = next_good(broken);
    }
    return never_recover();
  }

  std::size_t end_of_hold(std::size_t start) {
    const std::size_t after = samples_.at_or_after(scheduled(start) + stream_.hold(), start), opened = start + window_;
    return samples_.has(opened) ? std::max(opened, after) : samples_.end();
  }

  bool breaks(std::size_t at, const Hold& hold) const {
    double tolerated = std::max(1.0, allowed_ * static_cast<double>(hold.until - hold.start));
    return leaves(at, hold.start) || static_cast<double>(samples_.bad_in(hold.start, at + 1)) > tolerated;
  }

  bool complete(const Hold& hold) {
    Time seen = stream_.end;  // with a sample after it the hold was seen to its end
    if (!samples_.has(hold.until)) seen = std::min(seen, scheduled(samples_.end() - 1) + stream_.step);
    return hold.until - hold.start >= window_ && seen - scheduled(hold.start) >= stream_.hold();
  }

  Hold recover(const Hold& hold) {
    outage_.recovery = {scheduled(hold.start - 1), first_done(hold.start)};
    outages_.all.push_back(outage_);
    return hold;
  }

  Hold never_recover() {
    while (samples_.has(taken_)) take_in(taken_ + 1);
    outage_.censored = true;
    outages_.all.push_back(outage_);
    return {taken_, taken_};
  }

  // The earliest proof of being up again: of the first good ones, the one that was done first.
  Time first_done(std::size_t start) {
    Time earliest = samples_[start].done;
    for (std::size_t i = start; i < start + window_ && samples_.has(i); ++i)
      if (!bad(i)) earliest = std::min(earliest, samples_[i].done);
    return std::max(earliest, scheduled(start - 1));
  }

  void note_first_success(std::size_t good) {
    if (!samples_.has(good)) return;
    outage_.first_success = samples_[good].done;
    outage_.first_success_after = scheduled(good - 1);
  }

  // The samples before this place belong to the outage.
  void take_in(std::size_t before) {
    for (; taken_ < before; ++taken_) {
      const Sample& sample = samples_[taken_];
      ++outage_.operations;
      outage_.bad += sample.bad ? 1 : 0;
      if (sample.bad && taken_ < first_ + window_) outage_.known = std::min(outage_.known, sample.known);
      note_state(taken_);
    }
    let_go(taken_);
  }

  // A window on both sides of each sample: a trailing one would call the first half second of a hard outage a brown-out.
  void note_state(std::size_t i) {
    const std::size_t from = i > window_ / 2 ? i - window_ / 2 : 0;
    const std::size_t to = samples_.has(i + window_ / 2) ? i + window_ / 2 + 1 : samples_.end();
    const bool down = 2 * samples_.bad_in(from, to) > to - from;
    (down ? outages_.down : outages_.degraded) += stream_.step;
    outage_.down |= down;
  }

  const Stream& stream_;
  Samples samples_;
  std::size_t window_;
  double allowed_;         // share of bad ones
  std::size_t first_ = 0;  // sample of the outage that is on
  std::size_t taken_ = 0;  // all before it were taken in
  Outage outage_;
  Outages outages_;
};

}  // namespace

Outages find_outages(const Stream& stream, const std::function<void(const Operation&)>& see) {
  return Machine(stream, see).run();
}

}  // namespace blackstart
