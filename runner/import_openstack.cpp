#include "runner/import_openstack.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "lab/ipv4.h"
#include "probes/openstack_api.h"
#include "probes/openstack_operations.h"

namespace blackstart {
namespace {

using Json = nlohmann::json;

// An answer that could not be had is an empty one here: the user was told.
Json entries_of(const Json& answer, const char* key) {
  const Json* list = list_in(answer, key);
  return list ? *list : Json::array();
}

// Nova's own default zone says nothing of where a host stands; nor does the one of the controllers' services.
bool is_default(const std::string& zone) { return zone == "nova" || zone == "internal"; }

std::map<std::string, std::string> zones_by_host(const Json& answer) {
  std::map<std::string, std::string> zones;
  for (const Json& zone : entries_of(answer, "availabilityZoneInfo")) {
    const auto hosts = zone.find("hosts");
    if (is_default(text_of(zone, "zoneName")) || hosts == zone.end() || !hosts->is_object()) continue;
    for (const auto& host : hosts->items()) zones[host.key()] = text_of(zone, "zoneName");
  }
  return zones;
}

std::string usable(const std::string& address) { return address.starts_with("127.") || !parse_ipv4(address) ? "" : address; }

OpenStackFacts::Hypervisor hypervisor_in(const Json& json, const std::map<std::string, std::string>& zones) {
  const auto service = json.find("service");
  std::string host = service != json.end() ? text_of(*service, "host") : "";
  if (host.empty()) host = text_of(json, "hypervisor_hostname");
  const auto zone = zones.find(host);
  return {host, usable(text_of(json, "host_ip")), zone == zones.end() ? "" : zone->second};
}

// The answer; or nothing, with a sentence to the user, when this user may not ask or the service is not there.
Json ask(OpenStackApi& api, const std::string& path, const std::string& what, OpenStackFacts& facts) {
  try {
    return api.get(ApiService::compute, path);
  } catch (const Error& error) {
    facts.left_out.push_back(what + ": " + error.what());
    return Json::object();
  }
}

void take_catalogue(const OpenStackToken& token, const std::string& region, OpenStackFacts& facts) {
  std::set<std::string> regions;
  for (const auto& endpoint : token.catalog) regions.insert(endpoint.region);
  facts.region = !region.empty() ? region : regions.size() == 1 ? *regions.begin() : "";
  for (const auto& endpoint : token.catalog)
    if (facts.region.empty() || endpoint.region == facts.region)
      facts.endpoints.push_back({endpoint.type, endpoint.interface, endpoint.url});
}

}  // namespace

OpenStackFacts ask_openstack(const OpenStackAccess& access, const Deadline& deadline) {
  const OpenStackCredentials credentials = read_credentials(access);
  OpenStackApi api(credentials, deadline);
  OpenStackFacts facts;
  facts.access = access;
  take_catalogue(api.token(), credentials.region, facts);
  const auto zones = zones_by_host(ask(api, "/os-availability-zone/detail", "availability zones", facts));
  const Json hypervisors = ask(api, "/os-hypervisors/detail", "hypervisors", facts);
  for (const Json& hypervisor : entries_of(hypervisors, "hypervisors"))
    facts.hypervisors.push_back(hypervisor_in(hypervisor, zones));
  return facts;
}

}  // namespace blackstart
