// The time that an injection's stages are looked for in, and what was said in it.
//
// Purpose: what the files waterfall_*.cpp share. Ownership: refers to the record, which outlives it. Thread rule: pure
// functions.
#pragma once

#include <functional>
#include <string>

#include "reports/recovery_stage.h"

namespace blackstart {

struct StageSearch {
  const Record& record;
  const Injection& injection;
  Time until;      // when the next injection began, or the end of time
  Time by_itself;  // the same, or when our undo was asked

  bool hits(const std::string& node) const;
  // It came after the fault, before our undo could have been its cause.
  bool in_time(const Bracket& since) const;
  // Takes it for the stage's moment unless an earlier one was taken.
  void see(StageResult& stage, const Bracket& since, const std::string& evidence) const;
};

StageResult empty_stage(const std::string& name, const std::string& title);
// The component, when a probe watched it and told what its parts said; else nullptr.
const Redundancy* watched(const Record& record, const std::string& component);
// The node that a part is on: "c2" of "sql/c1 on c2", and of "c2".
std::string host_of(const std::string& part);
// "galera: c2 says "…, size 2" (probe whole)"
std::string told(const Redundancy& by, const Redundancy::Saying& saying);
// Takes the first that was said in time and fits.
void see_first(StageResult& stage, const StageSearch& search, const Redundancy& by,
               const std::function<bool(const Redundancy::Saying&)>& fits);

}  // namespace blackstart
