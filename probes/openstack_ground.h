// What the probe `openstack` stands on in the cloud: what it needs, what it makes before the schedule, what it removes after.
//
// Purpose: everything that is known to fail is told before anything is injected, and nothing of ours stays. What is ours has
// our prefix and says itself that it is; nothing else is ever removed. Ownership: nothing outlives a call. Thread rule: as the
// OpenStackApi.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "probes/openstack_api.h"
#include "probes/openstack_settings.h"

namespace blackstart {

// Looks flavor, image and network up by id, then by name. Throws Error(unmet) when there is none, or several of that name.
OpenStackGround find_ground(OpenStackApi& api, const OpenStackSettings& settings);

// How a collection is asked for what follows a page: by the last one's id, or by how many there were.
enum class Paging { marker, offset };
// Calls `take` with each resource of a collection, whatever the service's longest page is. `path` may have a query. Throws
// Error(unmet, unreachable) before it has called `take`.
void each_of(OpenStackApi& api, ApiService service, const std::string& path, const std::string& key,
             const std::function<void(const nlohmann::json&)>& take, Paging paging = Paging::marker);

// One whose name has our prefix.
struct Ours {
  const ResourceKind* kind;
  std::string id, name, status;
  std::string task;   // of a server
  std::string owner;  // of a port: its server's id
  bool marked;        // it says itself that it is ours
};
// All of them, of the kinds that the probe makes.
std::vector<Ours> with_prefix(OpenStackApi& api, const OpenStackSettings& settings);

// Room in the project for all that may be there at one time. Throws Error(unmet).
void require_quota(OpenStackApi& api, const OpenStackSettings& settings, const OpenStackGround& ground);
// Every service that is used answers as it should, and nobody else's resources have our prefix. Throws Error(unmet,
// unreachable).
void require_services(OpenStackApi& api, const OpenStackSettings& settings);

// Makes the server and the volume that are only looked at, the servers that are moved and their groups, and waits until they
// are there. Throws Error.
void make_standing(OpenStackApi& api, const OpenStackSettings& settings, OpenStackGround& ground);

// Asks one to go: why that could not be done; empty when it was, or it is gone already. `path` is below the service's address.
std::string remove_one(OpenStackApi& api, ApiService service, const std::string& path);
// When the cloud last agreed to remove each, by its id.
using AskedToGo = std::map<std::string, Time>;
// Asks all that is ours to go, until the deadline, but for those that were asked a moment ago: those first that never were, so
// that each call goes on where the last one had to end. Returns what was there, and what became of the asking; empty: nothing
// is left.
std::vector<std::string> remove_ours(OpenStackApi& api, const OpenStackSettings& settings, AskedToGo& asked,
                                     const Deadline& deadline);

// Calls `take` with each port that belongs to one of these servers.
void each_port_of(OpenStackApi& api, const std::set<std::string>& servers,
                  const std::function<void(const nlohmann::json&)>& take);
// The same as remove_ours for the ports of servers of ours that are gone: Nova made them, so they have neither our prefix nor
// our mark. One that is not of our project is named, and not asked to go.
std::vector<std::string> remove_ports_of(OpenStackApi& api, const std::set<std::string>& servers);

// Safe inside of a query or path.
std::string url_encoded(const std::string& text);

}  // namespace blackstart
