// What a probe's operations say while they come in: steadiness, recovery, guards and the status line.
//
// Purpose: decisions during the rehearsal. The verdict is never computed from here but from the record.
// Ownership: refers to the next sink, which outlives it. Thread rule: record() and flush() on the probe's thread, the rest
// anywhere.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "reports/record.h"

namespace blackstart {

class LiveProbe final : public OperationSink {
 public:
  LiveProbe(ProbeInfo info, OperationSink& next);
  const ProbeInfo& info() const { return info_; }
  void started(Time start);  // of the schedule; before that every answer is "not yet"

  void record(const Operation& operation) override;
  void flush() override;

  // Share of good operations among those scheduled in the last `length` before `now` whose outcome is due, for each series.
  std::vector<SteadyCheck> steady(Time now, Duration length, double required) const;
  // True when every series has a stretch of its hold (hold_of) without a bad operation, begun after `since` and seen to its
  // end.
  bool recovered(Time since) const;
  // The longest time, over all series, without a good operation within [since, now].
  Duration without_success(Time since, Time now) const;

  struct Pulse {
    double rate = 0;     // outcomes in the last second
    double success = 1;  // share of good among them
  };
  Pulse pulse(Time now) const;

 private:
  struct Seen {
    Time scheduled, done;
    bool good;
  };
  struct Series {
    std::uint64_t next = 0;                   // every operation before this one has its outcome
    Time reached{-1};                         // when the last of those was due
    Time bad{-1};                             // when the latest bad one of those was due
    Time good{-1};                            // when the latest good one of all was done
    std::vector<std::pair<Time, Time>> gaps;  // between good ones, of kLeastGap and more
    std::map<std::uint64_t, Seen> early;      // outcomes that came before their predecessors'
    std::deque<Seen> seen;                    // those of the last kRemembered, in order of outcome
  };

  const ProbeInfo info_;
  OperationSink& next_;
  mutable std::mutex mutex_;
  Time start_{-1};
  std::vector<Series> series_;
};

}  // namespace blackstart
