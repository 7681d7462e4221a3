// Is there room in the project's quotas for what the probe `openstack` makes?
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "probes/openstack_ground.h"
#include "probes/openstack_groups.h"

namespace blackstart {
namespace {

using Json = nlohmann::json;

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

Json limits_of(OpenStackApi& api, ApiService service) {
  return part_of(part_of(api.get(service, "limits"), "limits"), "absolute");
}

void require_server_quota(OpenStackApi& api, const OpenStackGround& ground, std::int64_t servers) {
  if (servers == 0) return;
  const Json limits = limits_of(api, ApiService::compute);
  const Json flavor = part_of(api.get(ApiService::compute, show_path("flavor", url_encoded(ground.flavor))), "flavor");
  require_room("instances", limits, "maxTotalInstances", "totalInstancesUsed", servers);
  require_room("cores", limits, "maxTotalCores", "totalCoresUsed", servers * number_in(flavor, "vcpus", 1));
  require_room("RAM (MiB)", limits, "maxTotalRAMSize", "totalRAMUsed", servers * number_in(flavor, "ram", 0));
}

// Nova has ten of each, unless somebody raised it.
void require_group_quota(OpenStackApi& api, const OpenStackSettings& settings) {
  if (settings.groups() == 0) return;
  const Json limits = limits_of(api, ApiService::compute);
  const std::int64_t more = std::max<std::int64_t>(settings.groups() - count_groups(api, settings.prefix), 0);
  require_room("server groups", limits, "maxServerGroups", "totalServerGroupsUsed", more);
  require_room("members of one server group", limits, "maxServerGroupMembers", "", settings.apart);
}

// Neutron without the extension for details tells nothing of use: then its own refusal has to do.
void require_network_quota(OpenStackApi& api, const OpenStackSettings& settings) {
  const std::int64_t networks = settings.most_of("network"), ports = settings.most_of("port") + settings.most_of("server");
  if (networks + ports == 0) return;
  const auto details = api.find(ApiService::network, "quotas/" + url_encoded(api.token().project) + "/details.json");
  const Json quota = details ? part_of(*details, "quota") : Json::object();
  require_room("networks", part_of(quota, "network"), "limit", "used", networks);
  require_room("ports", part_of(quota, "port"), "limit", "used", ports);
}

}  // namespace

void require_quota(OpenStackApi& api, const OpenStackSettings& settings, const OpenStackGround& ground) {
  require_server_quota(api, ground, settings.most_of("server"));
  require_group_quota(api, settings);
  require_network_quota(api, settings);
  const std::int64_t volumes = settings.most_of("volume");
  if (volumes == 0) return;
  const Json limits = limits_of(api, ApiService::volume);
  require_room("volumes", limits, "maxTotalVolumes", "totalVolumesUsed", volumes);
  require_room("gigabytes of volumes", limits, "maxTotalVolumeGigabytes", "totalGigabytesUsed", volumes * settings.volume_size);
}

}  // namespace blackstart
