#include "probes/goals.h"

#include <fmt/format.h>

#include "base/units.h"

namespace blackstart {
void Limits::describe(Fields& f) {
  f.duration({"deadline", "an operation is given up this long after the time it was scheduled for"}, deadline, {50ms, 1h});
  f.duration({"good-within", "an operation that takes longer is not good, even when it succeeds"}, good_within, {1ms, 1h});
  if (f.reading() && good_within > deadline)
    f.problem("good-within", fmt::format("{} is longer than the deadline of an operation, {}", format_duration(good_within),
                                         format_duration(deadline)));
}

void Promise::describe(Fields& f) {
  f.ratio({"slo", "share of good operations that the service promises"}, slo);
  f.duration({"slo-window", "the time over which it promises that"}, slo_window, {1h, 366 * 24h});
  f.duration({"hold", "the service must stay up for this long to count as recovered"}, hold, {1s, 1h});
  if (f.reading() && (slo <= 0 || slo >= 1))
    f.problem("slo", "it must lie between 0% and 100%: at 100% there is no error budget");
}

void Promise::fill(ProbeInfo& info) const {
  info.slo = slo;
  info.slo_window = slo_window;
  info.hold = hold;
}

void describe_connections(Fields& f, std::string& connections) {
  f.choice(
      {"connections",
       "fresh: one for each operation, which sees what the service can do; persistent: kept open, which sees what customers "
       "at work see; both: two series"},
      connections, {"fresh", "persistent", "both"});
}

}  // namespace blackstart
