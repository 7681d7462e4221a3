// What the probe `openstack` stands on in the cloud: what it needs, what it makes before the schedule, what it removes after.
//
// Purpose: everything that is known to fail is told before anything is injected, and nothing of ours stays. What is ours has
// our prefix and says itself that it is; nothing else is ever removed. Ownership: nothing outlives a call. Thread rule: as the
// OpenStackApi.
#pragma once

#include <string>
#include <vector>

#include "probes/openstack_api.h"
#include "probes/openstack_settings.h"

namespace blackstart {

// Looks flavor, image and network up by id, then by name. Throws Error(unmet) when there is none, or several of that name.
OpenStackGround find_ground(OpenStackApi& api, const OpenStackSettings& settings);

// Room in the project for all that may be there at one time. Throws Error(unmet).
void require_quota(OpenStackApi& api, const OpenStackSettings& settings, const OpenStackGround& ground);
// Every service that is used answers as it should, and nobody else's resources have our prefix. Throws Error(unmet,
// unreachable).
void require_services(OpenStackApi& api, const OpenStackSettings& settings);

// Makes the server and the volume that are only looked at, and waits until they are there. Throws Error.
void make_standing(OpenStackApi& api, const OpenStackSettings& settings, OpenStackGround& ground);

// Asks all that is ours to go, once. Returns what was there, and what became of the asking; empty: nothing is left.
std::vector<std::string> remove_ours(OpenStackApi& api, const OpenStackSettings& settings);

// Safe inside of a query or path.
std::string url_encoded(const std::string& text);

}  // namespace blackstart
