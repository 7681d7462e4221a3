// One node's part in an isolation or partition.
//
// Purpose: shared by the faults of faults/isolation.h. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faults/fault.h"

namespace blackstart {

struct NodeIsolation {
  std::string doing;
  bool everybody = false;            // all but `inside`; else only `outside`
  std::vector<std::string> inside;   // nodes that it goes on to reach; itself among them
  std::vector<std::string> outside;  // nodes that it is cut off from
  bool vip = false;                  // cut it off from the virtual IP too: it may be outside
  bool mutual = false;               // they are cut off from it on their side too
  bool arriving = true, leaving = true;
  std::optional<std::int64_t> port;
};

// Management stays open; established connections are included.
std::unique_ptr<TargetFault> make_isolation(const Node& node, FaultContext context, const NodeIsolation& isolation);

bool contains(const std::vector<std::string>& names, const std::string& name);

}  // namespace blackstart
