#include "reports/holders.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/units.h"
#include "reports/time_order.h"
#include "reports/words.h"

namespace blackstart {
namespace {

std::vector<Holders> of_probe(const std::string& probe, const std::vector<Holders>& all) {
  std::vector<Holders> mine;
  std::copy_if(all.begin(), all.end(), std::back_inserter(mine), [&](const Holders& h) { return h.probe == probe; });
  std::stable_sort(mine.begin(), mine.end(), [](const Holders& a, const Holders& b) { return a.since.to < b.since.to; });
  return mine;
}

std::string only(const Holders& holders) { return holders.names.size() == 1 ? holders.names[0] : ""; }

// At most so long each: what was seen last is taken to have lasted until the probe stopped.
std::vector<Holding::Conflict> conflicts_of(const std::vector<Holders>& seen, Time stopped) {
  std::vector<Holding::Conflict> conflicts;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i].names.size() < 2) continue;
    const Time before = conflicts.empty() ? Time(0) : conflicts.back().when.to;
    const Time from = std::max(seen[i].since.from, before);
    conflicts.push_back({seen[i].names, {from, std::max(from, i + 1 < seen.size() ? seen[i + 1].since.to : stopped)}});
  }
  return conflicts;
}

// Looks that follow one another in time, as they were sent.
class Looking {
 public:
  explicit Looking(const ProbeRecord& probe) : known_(std::max(probe.started, Time(0))), stopped_(probe.stopped) {}

  void see(const Operation& look) {
    if (look.outcome == Outcome::indeterminate) {
      blind_ = true;
      return;
    }
    if (std::exchange(blind_, false)) unknown_ += look.done - known_;
    known_ = look.sent;
  }

  // From the last look before that told everything to the first one after, for each time when looks did not.
  Duration unknown() const { return blind_ ? unknown_ + std::max(stopped_ - known_, Duration(1ns)) : unknown_; }

 private:
  Time known_, stopped_;
  bool blind_ = false;
  Duration unknown_{0};
};

Duration unknown_of(const ProbeRecord& probe) {
  Lateness lateness;
  for (const Operation& look : probe.operations)
    if (look.sent.count() >= 0) lateness.see(look.sent);
  TimeOrder<Operation> order(lateness.most());
  Looking looking(probe);
  for (const Operation& look : probe.operations) {
    if (look.sent.count() >= 0) order.put(look.sent, look);
    while (order.ready()) looking.see(order.take());
  }
  for (order.end(); order.ready();) looking.see(order.take());
  return looking.unknown();
}

std::vector<Holding::Handover> handovers_of(const std::vector<Holders>& seen) {
  std::vector<Holding::Handover> handovers;
  std::string holder;
  Time last_seen{-1};
  for (const Holders& now : seen) {
    const std::string next = only(now);
    if (last_seen.count() < 0) last_seen = now.since.from;
    if (next.empty()) continue;
    if (!holder.empty() && next != holder) handovers.push_back({holder, next, {last_seen, now.since.to}});
    holder = next;
    last_seen = Time(-1);
  }
  return handovers;
}

}  // namespace

Holding holding_of(const ProbeRecord& probe, const std::vector<Holders>& holders) {
  const std::vector<Holders> seen = of_probe(probe.info.name, holders);
  Holding holding;
  holding.allowed = probe.info.two_holders;
  holding.looked = !seen.empty();
  holding.handovers = handovers_of(seen);
  holding.conflicts = conflicts_of(seen, probe.stopped);
  for (const Holding::Conflict& conflict : holding.conflicts) holding.conflicted += conflict.when.to - conflict.when.from;
  holding.unknown = unknown_of(probe);
  if (holding.looked) {
    holding.first = only(seen.front());
    holding.last = only(seen.back());
  }
  return holding;
}

std::string handover_text(const Holding::Handover& handover) {
  return fmt::format("{} → {} between {} and {}", handover.from, handover.to, time_text(handover.when.from),
                     time_text(handover.when.to));
}

std::string conflict_text(const Holding::Conflict& conflict) {
  return fmt::format("{} from {} to {}", joined(conflict.names), time_text(conflict.when.from), time_text(conflict.when.to));
}

std::string conflicts_text(const Holding& holding) {
  if (!holding.looked) return "nobody looked";
  std::string text = "never more than one at once";
  if (!holding.conflicts.empty())
    text = fmt::format("more than one at once for at most {} ({} in all); {} is allowed", format_seconds(holding.conflicted),
                       count_text(holding.conflicts.size(), "time"), format_seconds(holding.allowed));
  if (holding.unknown.count() > 0)
    text += fmt::format("; for {} somebody did not say whether he has it", format_seconds(holding.unknown));
  return text;
}

}  // namespace blackstart
