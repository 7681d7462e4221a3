#include "probes/openstack_groups.h"

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "probes/openstack_ground.h"

namespace blackstart {
namespace {

using Json = nlohmann::json;

constexpr const char* kPath = "os-server-groups";
constexpr const char* kEnvelope = "server_group";

std::string mark_of(const std::string& prefix) { return prefix + "apart-"; }

// Named as ours are, and without a member: Nova tells of those that exist only, and ours are gone by then. A tenant's group
// would lose its anti-affinity for good.
bool is_ours(const Json& group, const std::string& prefix) {
  const std::string name = text_of(group, "name"), mark = mark_of(prefix);
  const Json* members = list_in(group, "members");
  return name.size() > mark.size() && name.compare(0, mark.size(), mark) == 0 &&
         name.find_first_not_of("0123456789", mark.size()) == std::string::npos && members != nullptr && members->empty();
}

void each_of_ours(OpenStackApi& api, const std::string& prefix, const std::function<void(const Json&)>& take) {
  const auto if_ours = [&](const Json& group) {
    if (is_ours(group, prefix)) take(group);
  };
  each_of(api, ApiService::compute, kPath, "server_groups", if_ours, Paging::offset);
}

std::string make_group(OpenStackApi& api, const std::string& name) {
  // Nova's oldest micro-version has a list of policies.
  const Json wanted{{kEnvelope, {{"name", name}, {"policies", {"anti-affinity"}}}}};
  const std::string id = text_of(part_of(api.create(ApiService::compute, kPath, wanted.dump()), kEnvelope), "id");
  if (id.empty())
    throw Error(ErrorKind::unmet, fmt::format("making the server group '{}'", name), "the service's answer has no id");
  return id;
}

}  // namespace

std::vector<std::string> make_groups(OpenStackApi& api, const std::string& prefix, std::int64_t groups) {
  std::vector<std::string> ids;
  while (static_cast<std::int64_t>(ids.size()) < groups)
    ids.push_back(make_group(api, fmt::format("{}{}", mark_of(prefix), ids.size())));
  return ids;
}

std::int64_t count_groups(OpenStackApi& api, const std::string& prefix) {
  std::int64_t count = 0;
  each_of_ours(api, prefix, [&](const Json&) { ++count; });
  return count;
}

std::vector<std::string> remove_groups(OpenStackApi& api, const std::string& prefix) {
  std::vector<std::string> there;
  each_of_ours(api, prefix, [&](const Json& group) {
    const std::string name = text_of(group, "name"), id = text_of(group, "id");
    const std::string trouble = remove_one(api, ApiService::compute, fmt::format("{}/{}", kPath, url_encoded(id)));
    there.push_back(fmt::format("server group '{}' ({}): {}", name, id, trouble.empty() ? "asked to go" : trouble));
  });
  return there;
}

}  // namespace blackstart
