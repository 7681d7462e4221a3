// The server groups that the probe `openstack` lets its standing servers stand apart in, as a tenant spreads the instances of
// an application.
//
// Purpose: made before the servers, removed after them. A group can say nothing of itself, so its name is the mark: the prefix,
// then "apart-". Ownership: nothing outlives a call. Thread rule: as the OpenStackApi.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "probes/openstack_api.h"

namespace blackstart {

// Makes groups with the policy anti-affinity: "blackstart-apart-0" and on. Returns their ids. Throws Error.
std::vector<std::string> make_groups(OpenStackApi& api, const std::string& prefix, std::int64_t groups);

// How many of an earlier run are there, to be removed before a new one makes its own. Throws Error.
std::int64_t count_groups(OpenStackApi& api, const std::string& prefix);

// Asks each such group of our own project to go, once. Returns what was there, and what became of the asking; empty: none is
// left. Servers that are still in one would lose their policy: remove them first. Throws Error.
std::vector<std::string> remove_groups(OpenStackApi& api, const std::string& prefix);

}  // namespace blackstart
