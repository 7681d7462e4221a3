#include "probes/openstack_operations.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace blackstart {
namespace {

using Json = nlohmann::json;
using Form = OpenStackOperation::Form;

constexpr const char* kMark = "blackstart";                 // key of metadata, tag of images
constexpr const char* kDescription = "made by Blackstart";  // of networks and ports, which have no metadata
constexpr int kPage = 50;

Json described(const ResourceKind& kind, const std::string& name, const OpenStackGround& ground) {
  const std::string what = kind.name;
  Json made{{"name", name}};
  if (what == "server") {
    made["flavorRef"] = ground.flavor;
    made["imageRef"] = ground.image;
    made["networks"] = {{{"uuid", ground.network}}};
    if (!ground.availability_zone.empty()) made["availability_zone"] = ground.availability_zone;
  }
  if (what == "port") made["network_id"] = ground.network;
  if (what == "volume") made["size"] = ground.volume_size;
  if (what == "image") {
    made["disk_format"] = "raw";
    made["container_format"] = "bare";
    made["visibility"] = "private";
    made["tags"] = {kMark};
  }
  if (what == "server" || what == "volume") made["metadata"] = {{kMark, ground.prefix}};
  if (what == "network" || what == "port") made["description"] = kDescription;
  return made;
}

const ResourceKind* kind_named(const std::string& name) {
  const auto& all = resource_kinds();
  auto found = std::find_if(all.begin(), all.end(), [&](const ResourceKind& kind) { return kind.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

const std::vector<ResourceKind>& resource_kinds() {
  static const std::vector<ResourceKind> kinds{
      {"server", ApiService::compute, "servers", "server", {"ACTIVE"}, "ERROR", false},
      {"port", ApiService::network, "ports", "port", {"ACTIVE", "DOWN"}, "ERROR", false},  // DOWN: nothing is plugged in
      {"network", ApiService::network, "networks", "network", {"ACTIVE"}, "ERROR", false},
      {"volume", ApiService::volume, "volumes", "volume", {"available"}, "error", false},
      {"image", ApiService::image, "images", "", {"active"}, "killed", true},
  };
  return kinds;
}

const ResourceKind& resource_kind(const std::string& name) { return *kind_named(name); }

const std::vector<OpenStackOperation>& openstack_operations() {
  static const std::vector<OpenStackOperation> all{
      {"token-issue", "Keystone makes a token", ApiService::identity, Form::issue, "", 5s, 2s},
      {"token-validate", "Keystone checks a token", ApiService::identity, Form::validate, "", 5s, 1s},
      {"server-list", "Nova lists servers", ApiService::compute, Form::list, "server", 5s, 2s},
      {"server-show", "Nova shows one server", ApiService::compute, Form::show, "server", 5s, 2s},
      {"flavor-list", "Nova lists flavors", ApiService::compute, Form::list, "flavor", 5s, 2s},
      {"flavor-show", "Nova shows one flavor", ApiService::compute, Form::show, "flavor", 5s, 2s},
      {"network-list", "Neutron lists networks", ApiService::network, Form::list, "network", 5s, 2s},
      {"network-show", "Neutron shows one network", ApiService::network, Form::show, "network", 5s, 2s},
      {"image-list", "Glance lists images", ApiService::image, Form::list, "image", 5s, 2s},
      {"image-show", "Glance shows one image", ApiService::image, Form::show, "image", 5s, 2s},
      {"volume-list", "Cinder lists volumes", ApiService::volume, Form::list, "volume", 5s, 2s},
      {"volume-show", "Cinder shows one volume", ApiService::volume, Form::show, "volume", 5s, 2s},
      {"server-boot", "a server: create, ACTIVE, delete, gone", ApiService::compute, Form::life, "server", 120s, 60s},
      {"network-create", "a network: create, ACTIVE, delete, gone", ApiService::network, Form::life, "network", 30s, 10s},
      {"port-create", "a port: create, there, delete, gone", ApiService::network, Form::life, "port", 30s, 10s},
      {"volume-create", "a volume: create, available, delete, gone", ApiService::volume, Form::life, "volume", 120s, 60s},
      {"live-migrate", "a standing server moves: ACTIVE on another host", ApiService::compute, Form::migrate, "server", 60s,
       40s},
      {"evacuate", "standing servers leave hosts that are down, all are ACTIVE elsewhere", ApiService::compute, Form::evacuate,
       "server", 60s, 40s},
      {"servers-home", "each standing server is ACTIVE on a host that is up", ApiService::compute, Form::home, "server", 10s,
       5s},
      {"groups-served", "each group of standing servers has one that is ACTIVE on a host that is up", ApiService::compute,
       Form::served, "server", 10s, 5s},
      {"image-upload", "an image: create, upload, active, delete, gone", ApiService::image, Form::life, "image", 60s, 20s},
  };
  return all;
}

bool uses_pool(Form form) {
  return form == Form::migrate || form == Form::evacuate || form == Form::home || form == Form::served;
}

const OpenStackOperation* find_operation(const std::string& name) {
  const auto& all = openstack_operations();
  auto found = std::find_if(all.begin(), all.end(), [&](const OpenStackOperation& each) { return each.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const OpenStackOperation& each : openstack_operations()) names.emplace_back(each.name);
  return names;
}

const std::string& OpenStackGround::shown(const std::string& resource) const {
  if (resource == "server") return server;
  if (resource == "volume") return volume;
  if (resource == "image") return image;
  return resource == "flavor" ? flavor : network;
}

std::string standing_name(const std::string& prefix, const std::string& resource) { return prefix + "standing-" + resource; }
std::string pool_name(const std::string& prefix, std::size_t number) { return prefix + "pool-" + std::to_string(number); }

std::string list_path(const std::string& resource) { return resource + "s?limit=" + std::to_string(kPage); }
std::string list_key(const std::string& resource) { return resource + "s"; }
std::string show_path(const std::string& resource, const std::string& id) { return resource + "s/" + id; }
std::string show_key(const std::string& resource) { return resource == "image" ? "id" : resource; }

std::string create_body(const ResourceKind& kind, const std::string& name, const OpenStackGround& ground,
                        const std::string& group) {
  const Json made = described(kind, name, ground);
  if (std::string(kind.envelope).empty()) return made.dump();
  Json body{{kind.envelope, made}};
  if (!group.empty()) body["os:scheduler_hints"] = {{"group", group}};
  return body.dump();
}

Json resource_in(const ResourceKind& kind, const std::string& body) {
  Json all = Json::parse(body, nullptr, false);
  if (!all.is_object()) return {};
  if (std::string(kind.envelope).empty()) return all;
  auto found = all.find(kind.envelope);
  return found != all.end() && found->is_object() ? *found : Json{};
}

std::string text_of(const Json& resource, const char* key) {
  auto found = resource.is_object() ? resource.find(key) : resource.end();
  return found != resource.end() && found->is_string() ? found->get<std::string>() : "";
}

Json part_of(const Json& resource, const char* key) {
  auto found = resource.is_object() ? resource.find(key) : resource.end();
  return found != resource.end() && found->is_object() ? *found : Json::object();
}

const Json* list_in(const Json& answer, const char* key) {
  auto found = answer.is_object() ? answer.find(key) : answer.end();
  return found != answer.end() && found->is_array() ? &*found : nullptr;
}

bool is_ours(const ResourceKind& kind, const Json& resource) {
  const std::string what = kind.name;
  if (what == "network" || what == "port") return text_of(resource, "description") == kDescription;
  if (!resource.is_object()) return false;
  const char* key = what == "image" ? "tags" : "metadata";
  auto marks = resource.find(key);
  if (marks == resource.end()) return false;
  if (marks->is_object()) return marks->contains(kMark);
  return marks->is_array() && std::find(marks->begin(), marks->end(), Json(kMark)) != marks->end();
}

}  // namespace blackstart
