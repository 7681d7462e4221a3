// Looks at one component again and again, on a thread of its own, so that one that is slow to answer keeps no other waiting.
//
// Purpose: its history through the whole rehearsal. Ownership: owns its check and its thread; refers to clock, which outlives
// it. Thread rule: one thread calls; what the watching thread writes is behind a lock.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "probes/part_history.h"
#include "probes/redundancy_check.h"
#include "probes/redundancy_history.h"

namespace blackstart {

class RedundancyWatch {
 public:
  RedundancyWatch(const RedundancyKind& kind, const RedundancyWays& ways) : kind_(kind), check_(kind.make(ways)) {}
  const RedundancyKind& kind() const { return kind_; }

  // Looks once: what is there now is what must be there later. Returns what is missing already.
  std::vector<std::string> baseline(const Deadline& deadline);
  // The baseline is of nothing: whatever comes, it would be whole.
  bool empty() const { return before_.parts.empty(); }

  void start(Clock& clock, Time zero);
  void stop();

  // Whole for `length`, in looks that all began after `since`, and everything that others tell of has reported since then.
  bool whole_for(Duration length, Time since) const;
  // What it is now, as the record has it; restored when it is whole so.
  Redundancy redundancy(Duration length, Time since) const;

 private:
  void run(const std::stop_token& stop);
  void look_once(const std::stop_token& stop);
  void note_signs(Time began);                              // under mutex_
  std::vector<std::string> silent_since(Time since) const;  // under mutex_
  Duration longest_gap() const;                             // under mutex_

  const RedundancyKind& kind_;
  std::unique_ptr<RedundancyCheck> check_;
  RedundancyLook before_;
  Clock* clock_ = nullptr;
  Time zero_{0};
  mutable std::mutex mutex_;  // for those below
  RedundancyHistory history_;
  PartHistory parts_;
  RedundancyLook last_;
  struct Sign {
    std::string stamp;
    Time after;  // it is younger than this
    Time heard;  // when the last look that heard of it began
  };
  std::map<std::string, Sign> signs_;  // by whose they are: the last ones
  std::jthread thread_;                // last: it ends before what it uses
};

}  // namespace blackstart
