#include "probes/openstack_ground.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace blackstart {
namespace {

using Json = nlohmann::json;
using Form = OpenStackOperation::Form;

constexpr int kPage = 500;
constexpr Duration kLookAgain = 500ms;

// Calls `take` with each resource of a collection, page by page.
template <class Take>
void each(OpenStackApi& api, ApiService service, const std::string& path, const std::string& key, Take take) {
  std::string marker;
  for (;;) {
    const Json page = api.get(service, fmt::format("{}?limit={}{}", path, kPage, marker));
    const auto found = page.find(key);
    if (found == page.end() || !found->is_array()) return;
    for (const Json& resource : *found) take(resource);
    if (found->size() < kPage) return;
    marker = "&marker=" + url_encoded(text_of(found->back(), "id"));
  }
}

// By id, then by name; the id.
std::string id_of(OpenStackApi& api, ApiService service, const std::string& what, const std::string& wanted) {
  if (wanted.empty()) return "";
  if (api.find(service, show_path(what, url_encoded(wanted)))) return wanted;
  std::vector<std::string> ids, names;
  each(api, service, what + "s", list_key(what), [&](const Json& resource) {
    names.push_back(text_of(resource, "name"));
    if (names.back() == wanted) ids.push_back(text_of(resource, "id"));
  });
  if (ids.size() == 1) return ids[0];
  const std::string doing = fmt::format("looking for the {} '{}'", what, wanted);
  if (ids.empty()) throw Error(ErrorKind::unmet, doing, "there is none of this name or id", suggestion(wanted, names));
  throw Error(ErrorKind::unmet, doing, fmt::format("{} have this name", ids.size()), "give its id instead");
}

// What stands there, or nothing at all when that is no object.
Json part(const Json& json, const char* key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  return found != json.end() && found->is_object() ? *found : Json::object();
}

std::int64_t number_in(const Json& json, const char* key, std::int64_t otherwise) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

// A limit of -1, or none, stands for no limit.
void require_room(const std::string& what, const Json& limits, const char* most, const char* used, std::int64_t needed) {
  const std::int64_t limit = number_in(limits, most, -1), taken = number_in(limits, used, 0);
  if (needed == 0 || limit < 0 || limit - taken >= needed) return;
  throw Error(ErrorKind::unmet, "checking the project's quota",
              fmt::format("{}: {} of {} are used, and in an outage up to {} more may be needed", what, taken, limit, needed),
              "raise the quota, or lower the probe's rates or deadlines");
}

Json limits_of(OpenStackApi& api, ApiService service) { return part(part(api.get(service, "limits"), "limits"), "absolute"); }

void require_server_quota(OpenStackApi& api, const OpenStackGround& ground, std::int64_t servers) {
  if (servers == 0) return;
  const Json limits = limits_of(api, ApiService::compute);
  const Json flavor = part(api.get(ApiService::compute, show_path("flavor", url_encoded(ground.flavor))), "flavor");
  require_room("instances", limits, "maxTotalInstances", "totalInstancesUsed", servers);
  require_room("cores", limits, "maxTotalCores", "totalCoresUsed", servers * number_in(flavor, "vcpus", 1));
  require_room("RAM (MiB)", limits, "maxTotalRAMSize", "totalRAMUsed", servers * number_in(flavor, "ram", 0));
}

// Neutron without the extension for details tells nothing of use: then its own refusal has to do.
void require_network_quota(OpenStackApi& api, const OpenStackSettings& settings) {
  const std::int64_t networks = settings.most_of("network"), ports = settings.most_of("port") + settings.most_of("server");
  if (networks + ports == 0) return;
  const auto details = api.find(ApiService::network, "quotas/" + url_encoded(api.token().project) + "/details.json");
  const Json quota = details ? part(*details, "quota") : Json::object();
  require_room("networks", part(quota, "network"), "limit", "used", networks);
  require_room("ports", part(quota, "port"), "limit", "used", ports);
}

struct Ours {
  const ResourceKind* kind;
  std::string id, name, status;
  bool marked;  // it says itself that it is ours
};

// All whose names have our prefix, of the kinds that the probe makes.
std::vector<Ours> with_prefix(OpenStackApi& api, const OpenStackSettings& settings) {
  std::vector<Ours> found;
  for (const ResourceKind& kind : resource_kinds()) {
    if (settings.most_of(kind.name) == 0) continue;
    const bool detailed = kind.service == ApiService::compute || kind.service == ApiService::volume;
    each(api, kind.service, std::string(kind.collection) + (detailed ? "/detail" : ""), kind.collection,
         [&](const Json& resource) {
           const std::string name = text_of(resource, "name");
           if (name.compare(0, settings.prefix.size(), settings.prefix) != 0) return;
           found.push_back({&kind, text_of(resource, "id"), name, text_of(resource, "status"), is_ours(kind, resource)});
         });
  }
  return found;
}

std::string path_of(const ResourceKind& kind, const std::string& id) {
  return fmt::format("{}/{}", kind.collection, url_encoded(id));
}

// Why it could not be asked to go; empty when it could.
std::string remove_one(OpenStackApi& api, const Ours& one) {
  try {
    api.remove(one.kind->service, path_of(*one.kind, one.id));
    return "";
  } catch (const Error& error) {
    return error.why();
  }
}

std::string make_one(OpenStackApi& api, const OpenStackSettings& settings, const OpenStackGround& ground,
                     const std::string& what) {
  const ResourceKind& kind = resource_kind(what);
  const std::string name = fmt::format("{}standing-{}", settings.prefix, what),
                    doing = fmt::format("making the {} '{}'", what, name);
  const Json made = api.create(kind.service, kind.collection, create_body(kind, name, ground));
  const std::string id = text_of(part(made, kind.envelope), "id");
  if (id.empty()) throw Error(ErrorKind::unmet, doing, "the service's answer has no id");
  std::string status = "none";
  const bool reached = wait_until(
      [&] {
        status = text_of(part(api.get(kind.service, path_of(kind, id)), kind.envelope), "status");
        if (status.compare(0, std::string(kind.broken).size(), kind.broken) == 0)
          throw Error(ErrorKind::unmet, doing, fmt::format("it went into the state {}", status), "does it work by hand?");
        return status == kind.reached[0];
      },
      api.deadline(), kLookAgain);
  if (!reached)
    throw Error(ErrorKind::unmet, doing, fmt::format("its state is still {}, not {}", status, kind.reached[0]),
                "does it work by hand?");
  return id;
}

}  // namespace

std::string url_encoded(const std::string& text) {
  std::string out;
  for (unsigned char c : text)
    out += std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~' ? std::string(1, static_cast<char>(c))
                                                                           : fmt::format("%{:02X}", c);
  return out;
}

OpenStackGround find_ground(OpenStackApi& api, const OpenStackSettings& settings) {
  OpenStackGround ground;
  ground.flavor = id_of(api, ApiService::compute, "flavor", settings.flavor);
  ground.image = id_of(api, ApiService::image, "image", settings.image);
  ground.network = id_of(api, ApiService::network, "network", settings.network);
  ground.availability_zone = settings.availability_zone;
  ground.prefix = settings.prefix;
  ground.volume_size = settings.volume_size;
  ground.image_size = settings.image_size;
  return ground;
}

void require_quota(OpenStackApi& api, const OpenStackSettings& settings, const OpenStackGround& ground) {
  require_server_quota(api, ground, settings.most_of("server"));
  require_network_quota(api, settings);
  const std::int64_t volumes = settings.most_of("volume");
  if (volumes == 0) return;
  const Json limits = limits_of(api, ApiService::volume);
  require_room("volumes", limits, "maxTotalVolumes", "totalVolumesUsed", volumes);
  require_room("gigabytes of volumes", limits, "maxTotalVolumeGigabytes", "totalGigabytesUsed", volumes * settings.volume_size);
}

void require_services(OpenStackApi& api, const OpenStackSettings& settings) {
  for (const auto& line : settings.operations) {
    const OpenStackOperation& what = line.what();
    if (what.form != Form::list) continue;
    if (!api.get(what.service, list_path(what.resource)).contains(list_key(what.resource)))
      throw Error(ErrorKind::unmet, fmt::format("trying {}", what.name),
                  fmt::format("the answer has no '{}'", list_key(what.resource)));
  }
  for (const Ours& one : with_prefix(api, settings))
    if (!one.marked)
      throw Error(ErrorKind::unmet, fmt::format("looking for resources with the prefix '{}'", settings.prefix),
                  fmt::format("the {} '{}' ({}) was not made by Blackstart", one.kind->name, one.name, one.id),
                  "give the probe another 'prefix'");
}

void make_standing(OpenStackApi& api, const OpenStackSettings& settings, OpenStackGround& ground) {
  if (settings.uses(Form::show, "server")) ground.server = make_one(api, settings, ground, "server");
  if (settings.uses(Form::show, "volume")) ground.volume = make_one(api, settings, ground, "volume");
}

std::vector<std::string> remove_ours(OpenStackApi& api, const OpenStackSettings& settings) {
  std::vector<std::string> there;
  for (const Ours& one : with_prefix(api, settings)) {
    if (!one.marked) continue;
    const std::string why = remove_one(api, one);
    there.push_back(fmt::format("{} '{}' ({}): {}", one.kind->name, one.name, one.id,
                                why.empty() ? "asked to go, its state was " + one.status : why));
  }
  return there;
}

}  // namespace blackstart
