// Galera after a stop of all its nodes: make a new cluster from the node that was last.
//
// Purpose: the runbook's step, for a lab. Ownership: none. Thread rule: one lab, one thread.
#pragma once

#include <string>
#include <vector>

#include "lab/lab_file.h"

namespace blackstart {

// Where a node stands in the cluster's history; -1 when it can't tell.
struct GaleraPosition {
  std::string node;
  long long seqno = -1;
};
// The sequence number at the end of what galera_recovery prints ("--wsrep_start_position=UUID:42").
long long parse_position(const std::string& text);
// The node to make a new cluster from: the farthest, the first of equals. Throws Error(unreachable) when none can tell.
std::string most_advanced(const std::vector<GaleraPosition>& positions);

// Ends MariaDB everywhere, makes a new cluster from the most advanced node, which it returns, and starts the others.
// Only for a lab in which no node belongs to a part that may write. Throws Error(unreachable).
std::string recover_cluster(const LabFile& lab);

}  // namespace blackstart
