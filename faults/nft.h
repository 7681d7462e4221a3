// One nft table of our own per injection, whose rules drop packets; nothing else in the node's ruleset is touched.
//
// Purpose: the text of such a table, how it is staged, and what its counters say. Ownership: plain values.
// Thread rule: calls are independent.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "faults/node_network.h"

namespace blackstart {

struct DropRules {
  NodeNetwork network;
  bool arriving = true, leaving = true;
  bool mutual = false;              // the other side drops too, so that little or nothing arrives any more
  bool one_device = true;           // on network.device only; else on all but loopback and the way in
  std::vector<std::string> from;    // addresses and networks whose packets are dropped; empty: everybody's
  std::vector<std::string> keep;    // addresses that stay reachable; of `everybody` only
  std::vector<std::int64_t> ports;  // TCP and UDP, at either end; empty: all that is IP
  double share = 1;                 // of those packets, at random
};

// "blackstart_3f0c9a61d2e4"; the same for the same injection and node.
std::string drop_table(const std::string& id);
bool is_drop_table(const std::string& name);
// Where it lies on the node between stage and undo.
std::string drop_file(const std::string& id);
// What nft -f loads, at once or not at all.
std::string drop_text(const std::string& id, const DropRules& rules);

// Throws Error(unmet): no nft there, or the table is there already.
void require_no_drop(FaultContext context, const std::string& node, const Deadline& deadline);
// Writes the file and lets nft check it.
void stage_drop(FaultContext context, const std::string& node, const DropRules& rules, const Deadline& deadline);

struct DropCounts {
  bool there = false;
  std::int64_t arriving = 0, leaving = 0;  // packets dropped since it was loaded
};
// Runs `first`, a shell command that ends with "; ", and reads. Throws Error when it can't be read: that is no absence.
DropCounts read_drop(FaultContext context, const std::string& node, const std::string& table, const Deadline& deadline,
                     const std::string& first = "");

}  // namespace blackstart
