// The measures of a series the plain way: all operations in memory, sorted, and gone over as often as is convenient. What the
// product computes while they go by must be the same (reports_streaming_test.cpp).
#pragma once

#include "base/units.h"
#include "reports/judgement.h"
#include "tests/support/naive_stream.h"

namespace blackstart::naive {

constexpr Duration kLagAllowed = 100ms;  // or the distance of two operations, if that is more
constexpr int kTold = 4;                 // so many kinds of trouble are told of one interval

// Operations of one kind of trouble that follow one another.
struct Trouble {
  enum class Kind { none, late, unsent, missing, pause } kind = Kind::none;
  Time from{0}, to{0};
  std::uint64_t first = 0, last = 0;
  Duration worst{0};
};

inline std::string words(const Trouble& t) {
  std::uint64_t count = t.last - t.first + 1;
  std::string which = count == 1 ? fmt::format("operation {}", t.first) : fmt::format("operations {} to {}", t.first, t.last);
  switch (t.kind) {
    case Trouble::Kind::late: return "the generator sent " + which + " late, by up to " + format_seconds(t.worst);
    case Trouble::Kind::unsent: return "the generator never sent " + which;
    case Trouble::Kind::pause: return "no operation was due for " + format_seconds(t.worst) + ", against the series' rate";
    default: return which + (count == 1 ? " is" : " are") + " not in the record";
  }
}

class Search {
 public:
  explicit Search(const Stream& stream) : stream_(stream) {}

  std::vector<BlindInterval> run() {
    Time before = stream_.started;
    std::uint64_t expected = 0;
    for (const Operation& o : stream_.operations) {
      if (o.number > expected)
        add({Trouble::Kind::missing, before, o.scheduled, expected, o.number - 1, {}});
      else
        look_for_pause(before, o.scheduled, o.number);
      look_at(o);
      before = o.scheduled;
      expected = o.number + 1;
    }
    if (expected < stream_.planned)
      add({Trouble::Kind::missing, before, std::max(before, stream_.end), expected, stream_.planned - 1, {}});
    else
      look_for_pause(before, stream_.end, expected);
    return merged();
  }

 private:
  void look_at(const Operation& o) {
    Duration lag = o.sent - o.scheduled;
    if (o.outcome == Outcome::unsent)
      add({Trouble::Kind::unsent, o.scheduled, o.scheduled + stream_.step, o.number, o.number, {}});
    else if (lag > std::max(stream_.step, kLagAllowed))
      add({Trouble::Kind::late, o.scheduled, o.sent, o.number, o.number, lag});
  }

  // The schedule itself must not stop: an outage would have no operation to hit.
  void look_for_pause(Time before, Time next, std::uint64_t number) {
    if (next - before > 2 * stream_.step) add({Trouble::Kind::pause, before, next, number, number, next - before});
  }

  void add(const Trouble& t) {
    if (!all_.empty() && all_.back().kind == t.kind && all_.back().last + 1 == t.first) {
      all_.back().to = std::max(all_.back().to, t.to);
      all_.back().last = t.last;
      all_.back().worst = std::max(all_.back().worst, t.worst);
    } else {
      all_.push_back(t);
    }
  }

  std::vector<BlindInterval> merged() const {
    std::vector<BlindInterval> result;
    int told = 0;
    for (const Trouble& t : all_) {
      if (!result.empty() && t.from <= result.back().to) {
        result.back().to = std::max(result.back().to, t.to);
        if (++told <= kTold) result.back().why += told < kTold ? "; " + words(t) : "; and more";
      } else {
        result.push_back({t.from, t.to, words(t)});
        told = 1;
      }
    }
    return result;
  }

  const Stream& stream_;
  std::vector<Trouble> all_;
};

inline std::vector<BlindInterval> find_blind(const Stream& stream) { return Search(stream).run(); }

}  // namespace blackstart::naive
