// Who is hit by what at the moment.
//
// Purpose: no two injections meet on one node by accident, and of no role are more nodes hit than the scenario wants; the same
// rules when planning and just before an injection. Ownership: plain values. Thread rule: plain data.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lab/cloud.h"
#include "runner/scenario.h"

namespace blackstart {

class Hits {
 public:
  void add(const std::string& injection, const std::vector<std::string>& nodes);
  void remove(const std::string& injection);
  // The first injection that hits it; empty when none does.
  std::string on(const std::string& node) const;

 private:
  std::vector<std::pair<std::string, std::vector<std::string>>> open_;  // by injection, in the order of their beginning
};

// Throws Error(unmet) when one of the targets is hit already and the step does not say `share`.
void check_not_shared(const InjectStep& step, const std::vector<std::string>& targets, const Hits& hits);

// How many nodes of each role must stay unhit: what the scenario says, else one for each role that has several nodes. Throws
// Error(unmet) for a role in `leave` that the cloud doesn't have.
std::map<std::string, std::int64_t> floor_of(const std::map<std::string, std::int64_t>& leave, const Cloud& cloud);
// Throws Error(unmet) that names every role of which too few are left, and how to say that it is meant. `doing`: which step.
void check_floor(const std::string& doing, const std::map<std::string, std::int64_t>& floor, const Cloud& cloud,
                 const Hits& hits);

}  // namespace blackstart
