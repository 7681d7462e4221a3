#include "reports/blind.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/units.h"
#include "reports/outages.h"

namespace blackstart {
namespace {

constexpr Duration kLagAllowed = 100ms;  // or the distance of two operations, if that is more
constexpr int kTold = 4;                 // so many kinds of trouble are told of one interval

}  // namespace

std::string BlindSearch::words(const Trouble& t) {
  std::uint64_t count = t.last - t.first + 1;
  std::string which = count == 1 ? fmt::format("operation {}", t.first) : fmt::format("operations {} to {}", t.first, t.last);
  switch (t.kind) {
    case Trouble::Kind::late: return "the generator sent " + which + " late, by up to " + format_seconds(t.worst);
    case Trouble::Kind::unsent: return "the generator never sent " + which;
    case Trouble::Kind::pause: return "no operation was due for " + format_seconds(t.worst) + ", against the series' rate";
    default: return which + (count == 1 ? " is" : " are") + " not in the record";
  }
}

void BlindSearch::see(const Operation& o) {
  if (o.number > expected_)
    add({Trouble::Kind::missing, before_, o.scheduled, expected_, o.number - 1, {}});
  else
    look_for_gap(o.scheduled, o.number);
  const Duration lag = o.sent - o.scheduled;
  if (o.outcome == Outcome::unsent)
    add({Trouble::Kind::unsent, o.scheduled, o.scheduled + stream_.step, o.number, o.number, {}});
  else if (lag > std::max(stream_.step, kLagAllowed))
    add({Trouble::Kind::late, o.scheduled, o.sent, o.number, o.number, lag});
  before_ = o.scheduled;
  expected_ = o.number + 1;
}

std::vector<BlindInterval> BlindSearch::found() {
  if (expected_ < stream_.planned)
    add({Trouble::Kind::missing, before_, std::max(before_, stream_.end), expected_, stream_.planned - 1, {}});
  else
    look_for_gap(stream_.end, expected_);
  merge();
  return std::move(found_);
}

// The schedule itself must not stop: an outage would have no operation to hit.
void BlindSearch::look_for_gap(Time next, std::uint64_t number) {
  if (next - before_ > 2 * stream_.step) add({Trouble::Kind::pause, before_, next, number, number, next - before_});
}

void BlindSearch::add(const Trouble& t) {
  if (now_.kind == t.kind && now_.last + 1 == t.first) {
    now_.to = std::max(now_.to, t.to);
    now_.last = t.last;
    now_.worst = std::max(now_.worst, t.worst);
  } else {
    merge();
    now_ = t;
  }
}

void BlindSearch::merge() {
  const Trouble t = std::exchange(now_, {});
  if (t.kind == Trouble::Kind::none) return;
  if (!found_.empty() && t.from <= found_.back().to) {
    found_.back().to = std::max(found_.back().to, t.to);
    if (++told_ <= kTold) found_.back().why += told_ < kTold ? "; " + words(t) : "; and more";
  } else {
    found_.push_back({t.from, t.to, words(t)});
    told_ = 1;
  }
}

std::vector<BlindInterval> find_blind(const Stream& stream) {
  BlindSearch search(stream);
  for (const Operation& operation : stream.operations) search.see(operation);
  return search.found();
}

}  // namespace blackstart
