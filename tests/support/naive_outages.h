// The measures of a series the plain way: all operations in memory, sorted, and gone over as often as is convenient. What the
// product computes while they go by must be the same (reports_streaming_test.cpp).
#pragma once

#include "reports/outages.h"
#include "tests/support/naive_stream.h"

namespace blackstart::naive {

constexpr std::size_t kInARow = 3;   // bad ones that end UP at once
constexpr std::uint64_t kGuard = 2;  // so many bad ones in a window before their share means anything

// The series as good and bad samples; what was never sent is no sample. Indices are into samples_.
class Machine {
 public:
  explicit Machine(const Stream& stream) : stream_(stream), window_(stream.window()), allowed_(1 - stream.probe->slo) {
    bad_before_.push_back(0);
    for (const Operation& operation : stream.operations) {
      if (operation.outcome == Outcome::unsent) continue;
      samples_.push_back(&operation);
      bad_before_.push_back(bad_before_.back() + (stream.good(operation) ? 0 : 1));
    }
    size_ = samples_.size();
  }

  Outages run() {
    std::size_t at = 0, up_since = 0;
    while ((at = next_leave(at, up_since)) < size_) {
      std::size_t first = first_bad_of_leave(at, up_since);
      Hold hold = find_hold(first);
      note(first, hold);
      at = hold.until;
      up_since = hold.start;
    }
    return std::move(outages_);
  }

 private:
  struct Hold {
    std::size_t start = 0;  // its first sample; size_ when there is no complete hold
    std::size_t until = 0;  // the first sample after it
    int flaps = 0;
  };

  bool bad(std::size_t i) const { return bad_before_[i + 1] != bad_before_[i]; }
  std::uint64_t bad_in(std::size_t from, std::size_t to) const { return bad_before_[to] - bad_before_[from]; }
  Time scheduled(std::size_t i) const { return samples_[i]->scheduled; }
  std::size_t next(std::size_t i, bool wanted_bad) const {
    while (i < size_ && bad(i) != wanted_bad) ++i;
    return i;
  }
  std::size_t window_start(std::size_t at, std::size_t base) const { return std::max(base + window_, at + 1) - window_; }

  // Does sample `at` end an UP that began at `base`?
  bool leaves(std::size_t at, std::size_t base) const {
    if (!bad(at)) return false;
    if (at + 1 >= base + kInARow && bad_in(at + 1 - kInARow, at + 1) == kInARow) return true;
    std::size_t from = window_start(at, base);
    std::uint64_t count = bad_in(from, at + 1);
    return count >= kGuard && static_cast<double>(count) > allowed_ * static_cast<double>(at + 1 - from);
  }

  std::size_t next_leave(std::size_t at, std::size_t base) const {
    while ((at = next(at, true)) < size_ && !leaves(at, base)) ++at;
    return at;
  }

  // The oldest bad one in the window. But a single one that three good ones follow is a stray, not the beginning of an outage
  // that begins hard: with it the onset would be up to a window too early, and could come before its own cause.
  std::size_t first_bad_of_leave(std::size_t at, std::size_t base) const {
    std::size_t first = next(window_start(at, base), true);
    bool alone = bad_in(first, at + 1) == 2 && at - first > kInARow;
    bool hard = at + kInARow <= size_ && bad_in(at, at + kInARow) == kInARow;
    return alone && hard ? at : first;
  }

  // The first hold after `first`: its opening window wholly good, no sample that ends UP, and the objective kept over the whole
  // of it.
  Hold find_hold(std::size_t first) const {
    Hold hold{next(first, false), size_, 0};
    while (hold.start < size_) {
      hold.until = end_of_hold(hold.start);
      std::size_t broken = next(hold.start, true);
      if (broken >= hold.start + window_) {
        while (broken < hold.until && !breaks(broken, hold)) broken = next(broken + 1, true);
        if (broken >= hold.until) return complete(hold.start) ? hold : Hold{size_, size_, hold.flaps};
        ++hold.flaps;
      }
      hold.start = next(broken, false);
    }
    return Hold{size_, size_, hold.flaps};
  }

  std::size_t end_of_hold(std::size_t start) const {
    Time until = scheduled(start) + stream_.hold();
    auto after = std::lower_bound(samples_.begin() + static_cast<std::ptrdiff_t>(start), samples_.end(), until,
                                  [](const Operation* o, Time time) { return o->scheduled < time; });
    return std::min(size_, std::max(start + window_, static_cast<std::size_t>(after - samples_.begin())));
  }

  bool breaks(std::size_t at, const Hold& hold) const {
    double tolerated = std::max(1.0, allowed_ * static_cast<double>(hold.until - hold.start));
    return leaves(at, hold.start) || static_cast<double>(bad_in(hold.start, at + 1)) > tolerated;
  }

  bool complete(std::size_t start) const {
    Time seen = std::min(stream_.end, scheduled(size_ - 1) + stream_.step);
    return size_ - start >= window_ && seen - scheduled(start) >= stream_.hold();
  }

  void note(std::size_t first, const Hold& hold) {
    std::size_t end = hold.start;
    Outage outage;
    outage.onset = {first > 0 ? scheduled(first - 1) : scheduled(0) - stream_.step, scheduled(first)};
    outage.onset.from = std::max(outage.onset.from, Time(0));
    outage.censored = end == size_;
    if (!outage.censored) outage.recovery = {scheduled(end - 1), first_done(end)};
    outage.flaps = hold.flaps;
    outage.operations = end - first;
    outage.bad = bad_in(first, end);
    outage.known = known(first, end);
    note_first_success(outage, next(first, false));
    note_states(outage, first, end);
    outages_.all.push_back(outage);
  }

  // The earliest proof of being up again: of the first good ones, the one that was done first.
  Time first_done(std::size_t start) const {
    Time earliest = samples_[start]->done;
    for (std::size_t i = start; i < start + window_ && i < size_; ++i)
      if (!bad(i)) earliest = std::min(earliest, samples_[i]->done);
    return std::max(earliest, scheduled(start - 1));
  }

  Time known(std::size_t first, std::size_t end) const {
    Time earliest = Time::max();
    for (std::size_t i = first; i < std::min(end, first + window_); ++i) {
      if (!bad(i)) continue;
      earliest = std::min(earliest, stream_.known(*samples_[i]));
    }
    return earliest;
  }

  void note_first_success(Outage& outage, std::size_t good) const {
    if (good == size_) return;
    outage.first_success = samples_[good]->done;
    outage.first_success_after = scheduled(good - 1);
  }

  // A window on both sides of each sample: a trailing one would call the first half second of a hard outage a brown-out.
  void note_states(Outage& outage, std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i) {
      std::size_t from = i > window_ / 2 ? i - window_ / 2 : 0;
      std::size_t to = std::min(size_, i + window_ / 2 + 1);
      bool down = 2 * bad_in(from, to) > to - from;
      (down ? outages_.down : outages_.degraded) += stream_.step;
      outage.down |= down;
    }
  }

  const Stream& stream_;
  std::size_t window_, size_ = 0;
  double allowed_;  // share of bad ones
  std::vector<const Operation*> samples_;
  std::vector<std::uint64_t> bad_before_;  // how many of the samples before index i are bad
  Outages outages_;
};

inline Outages find_outages(const Stream& stream) { return Machine(stream).run(); }

}  // namespace blackstart::naive
