// What the runner keeps of a vantage point, in RUN/vantage/<probe>/: the operations as they came, the pings, and how it ended.
//
// Purpose: a fetch that was cut off goes on where it stood, also from another process; the record's own file of operations is
// written once all is here. Ownership: owns its files. Thread rule: one thread at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reports/files.h"
#include "reports/record.h"
#include "reports/vantage_clock.h"
#include "runner/vantage_node.h"

namespace blackstart {

class VantageKeep {
 public:
  // Begins one: the folder must not exist. `zero`: the run's zero on the runner's monotonic clock.
  VantageKeep(const std::filesystem::path& folder, const VantagePlace& place, Time zero);
  // Goes on with one that a run has left. Throws Error(bad_file).
  static std::unique_ptr<VantageKeep> open(const std::filesystem::path& folder);

  const VantagePlace& place() const { return place_; }
  std::uint64_t bytes() const { return bytes_; }  // of operations that are here
  // Keeps what came; returns the operations that it completes, in the node's time.
  std::vector<Operation> take(const VantageAnswer& answer);
  // Everything is here: it has ended, or its process is gone, and nothing was left behind.
  bool whole() const { return over_ && bytes_ >= size_; }
  // The node's times are run times by the best ping so far: for a live view.
  Time about(Time stamp) const { return stamp + offset_; }

  // Writes the record's file of operations and the events of clock and end. Once whole(). What was due at `until` or later is
  // left out: nobody was there to see what it had to do with; the record has ended then, and is given another end.
  void complete(RecordWriter& record, const ProbeInfo& info, Time until = Time::max());
  // complete() has been here.
  bool completed() const;
  // Nothing of it is on the node any more. Until somebody has said so, it has to be seen to: a password may lie there.
  void note_removed();
  // Also of a run that was completed before removals were noted: nobody can say any more, and the node may be long gone.
  bool removed() const;

 private:
  VantageKeep(const std::filesystem::path& folder, bool anew);
  void keep(AppendFile& file, const char* name, std::uint64_t whole, std::string_view bytes);
  void write_place(Time zero);
  void read_place();
  void read_pings();
  void note(const VantageAnswer& answer);
  VantageClock clock(const std::string& probe, Time last) const;
  // Returns how many were due before `until`, for each series.
  std::vector<std::uint64_t> write_operations(RecordWriter& record, const ProbeInfo& info, const VantageClock& clock,
                                              Time until) const;

  std::filesystem::path folder_;
  VantagePlace place_;
  Time zero_{0};
  bool pings_count_ = true;  // false: this machine was restarted since, and its clock began anew
  AppendFile operations_, pings_file_;
  std::vector<ClockPing> pings_;
  std::uint64_t bytes_ = 0, size_ = 0, pings_bytes_ = 0;
  std::string tail_;  // of a record that has not come to its end
  std::string boot_;  // of the node, when it was asked first
  std::string trouble_;
  Time last_scheduled_{0}, started_{0};
  bool over_ = false;
  std::optional<VantageState::End> ended_;
  Duration offset_{0}, best_trip_ = Duration::max();
};

// RUN/vantage/<probe>
std::filesystem::path vantage_path(const std::filesystem::path& run_folder, const std::string& probe);

}  // namespace blackstart
