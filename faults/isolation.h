// Isolation of a site, a rack or a group, and whole partitions: nft tables on the nodes, or a site's uplink in a lab.
//
// Purpose: what faults/registry.cpp lists, and who sees whom. Ownership: the caller owns what is made. Thread rule: pure
// functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faults/fault.h"

namespace blackstart {

extern const FaultAbout kIsolateAbout, kPartitionAbout;
std::unique_ptr<FaultSettings> site_isolate_settings();
std::unique_ptr<FaultSettings> rack_isolate_settings();
std::unique_ptr<FaultSettings> group_isolate_settings();
std::unique_ptr<FaultSettings> group_partition_settings();

// Does group `a` of `count` still see group `b`? split: only itself. bridge: the second of three sees both others, which do not
// see each other. majorities-ring: each sees its nearest neighbours on the ring, just enough for a majority.
bool sees(const std::string& shape, std::size_t count, std::size_t a, std::size_t b);

}  // namespace blackstart
