// The table of what the probe `openstack` can do: questions with one answer, and lives of resources from create to delete.
//
// Purpose: data only, so that preflight, workload and clean-up agree. Ownership: static tables. Thread rule: pure functions.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/clock.h"
#include "probes/openstack_identity.h"

namespace blackstart {

// A kind of resource that the probe makes and removes.
struct ResourceKind {
  const char* name;  // "server"
  ApiService service;
  const char* collection;            // "servers": its path, and its key in lists
  const char* envelope;              // "server": the key around one; "" when there is none
  std::vector<const char*> reached;  // the states in which it is done
  const char* broken;                // states that begin with this are final failures
  bool upload;                       // its data is sent after it was made
};
const std::vector<ResourceKind>& resource_kinds();
const ResourceKind& resource_kind(const std::string& name);

struct OpenStackOperation {
  const char* name;  // "server-list"
  const char* doc;
  ApiService service;
  enum class Form { issue, validate, list, show, life, migrate, evacuate, home, served } form;
  const char* resource;  // of all but issue and validate: "server", "flavor"
  Duration deadline, good_within;
};
const std::vector<OpenStackOperation>& openstack_operations();
const OpenStackOperation* find_operation(const std::string& name);
std::vector<std::string> operation_names();

// Does it work on servers that stand through the whole rehearsal?
bool uses_pool(OpenStackOperation::Form form);

// What the operations work with, by id.
struct OpenStackGround {
  std::string flavor, image, network, availability_zone;
  std::string server, volume;         // the standing ones that are only looked at
  std::vector<std::string> pool;      // the standing servers that are moved
  std::vector<std::string> groups;    // their server groups; empty: they stand where Nova puts them
  std::string prefix;                 // begins the names of all that is ours
  std::int64_t volume_size = 1;       // GiB
  std::int64_t image_size = 1 << 20;  // bytes
  // The id of what `show` of this resource asks for.
  const std::string& shown(const std::string& resource) const;
  // The group of a server of the pool; empty without groups. Neighbours in the pool are of different groups.
  std::string group_of(std::size_t number) const { return groups.empty() ? "" : groups[number % groups.size()]; }
};

// The names of standing ones: "blackstart-standing-server", "blackstart-pool-3".
std::string standing_name(const std::string& prefix, const std::string& resource);
std::string pool_name(const std::string& prefix, std::size_t number);

// "servers?limit=50", and the key that a right answer has.
std::string list_path(const std::string& resource);
std::string list_key(const std::string& resource);
std::string show_path(const std::string& resource, const std::string& id);
std::string show_key(const std::string& resource);

// The body that makes one, a server in this group if there is one. All that is ours says so (see is_ours).
std::string create_body(const ResourceKind& kind, const std::string& name, const OpenStackGround& ground,
                        const std::string& group = "");
// What stands under the kind's envelope in an answer; null when it isn't there.
nlohmann::json resource_in(const ResourceKind& kind, const std::string& body);
// Its text under `key`, or "".
std::string text_of(const nlohmann::json& resource, const char* key);
// The object under `key`, or an empty one.
nlohmann::json part_of(const nlohmann::json& resource, const char* key);
// The array under `key`; nullptr when there is none. What is missing must not pass for an empty list.
const nlohmann::json* list_in(const nlohmann::json& answer, const char* key);
// Made by us: it says so itself.
bool is_ours(const ResourceKind& kind, const nlohmann::json& resource);

}  // namespace blackstart
