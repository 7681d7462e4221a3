// What probes have in common in a scenario: how long an operation may take, and what the service promises.
// Plain values; any thread.
#pragma once

#include "base/clock.h"
#include "base/fields.h"
#include "reports/record.h"

namespace blackstart {

// Of one series.
struct Limits {
  Duration deadline{5s};     // from the scheduled time
  Duration good_within{1s};  // the SLO's latency
  void describe(Fields& f);
};

// Of the whole probe.
struct Promise {
  double slo = 0.999;
  Duration slo_window{30 * 24h};
  Duration hold{30s};
  void describe(Fields& f);
  void fill(ProbeInfo& info) const;
};

// How an operation gets its connection: "fresh", "persistent" or "both", which makes two series.
void describe_connections(Fields& f, std::string& connections);

}  // namespace blackstart
