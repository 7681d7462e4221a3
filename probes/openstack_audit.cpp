#include "probes/openstack_audit.h"

#include <fmt/format.h>

#include <future>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "probes/openstack_ground.h"
#include "reports/audit_resources.h"

namespace blackstart {
namespace {

using Json = nlohmann::json;

constexpr const char* kRole = "controller";
constexpr Duration kOneLook = 30s, kLookAgain = 2s;

// Those with our prefix are listed already.
void add_ports_of(const std::set<std::string>& servers, OpenStackApi& api, const std::string& prefix,
                  std::vector<ListedResource>& all) {
  each_port_of(api, servers, [&](const Json& port) {
    if (const std::string name = text_of(port, "name"); name.rfind(prefix, 0) != 0)
      all.push_back({"port", text_of(port, "id"), name, text_of(port, "status"), "", text_of(port, "device_id")});
  });
}

// The answer's object or list under `key`: without it nothing is known, and nothing must not pass for none.
const Json& part_of(const Json& answer, const char* key) {
  const auto found = answer.find(key);
  if (found == answer.end() || !found->is_structured())
    throw Error(ErrorKind::unreachable, "reading allocations from Placement", fmt::format("the answer has no '{}'", key),
                "is the catalogue right, and is this Placement's address?");
  return *found;
}

// Calls `take` with each allocation's consumer and host.
template <class Take>
void each_allocation(OpenStackApi& api, Take take) {
  const Json all = api.get(ApiService::placement, "resource_providers");
  for (const Json& provider : part_of(all, "resource_providers")) {
    const std::string path = fmt::format("resource_providers/{}/allocations", url_encoded(text_of(provider, "uuid")));
    const auto found = api.find(ApiService::placement, path);
    if (!found) continue;  // the provider has gone in between
    for (const auto& [consumer, unused] : part_of(*found, "allocations").items()) take(consumer, text_of(provider, "name"));
  }
}

std::string why_no_allocations(OpenStackApi& api) {
  try {
    api.get(ApiService::placement, "resource_providers");
    return "";
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unmet) throw;
    return error.why();
  }
}

}  // namespace

std::set<std::string> servers_of(const ResourceBook& book) {
  std::set<std::string> ids;
  for (const BelievedResource& r : book.resources)
    if (r.kind == "server" && !r.id.empty()) ids.insert(r.id);
  return ids;
}

std::vector<Controller> controllers_of(const OpenStackSettings& settings, const Cloud& cloud) {
  if (settings.audit == "none" || !settings.makes_anything()) return {};
  if (settings.audit == "endpoint") return {{"endpoint", {}}};
  std::vector<Controller> all;
  for (const Node& node : cloud.nodes)
    if (node.has_role(kRole)) all.push_back({node.name, {node.data_address(), settings.controllers_speak == "http"}});
  if (all.empty())
    throw Error(ErrorKind::unmet, "looking for the controllers whose APIs the audit asks",
                fmt::format("no node of cloud '{}' has the role '{}'", cloud.name, kRole),
                "give it to them in cloud.yaml, or give the probe 'audit: endpoint' (or none)");
  return all;
}

std::vector<std::string> ControlPlane::names() const {
  std::vector<std::string> names;
  for (const Controller& controller : controllers_) names.push_back(controller.name);
  return names;
}

// Why it lists no allocations; empty when it does.
std::string ControlPlane::try_one(const Controller& controller, const OpenStackApi& api) const {
  try {
    OpenStackApi own(credentials_, api.token(), api.deadline(), controller.at);
    with_prefix(own, settings_);
    return settings_.most_of("server") == 0 ? "" : why_no_allocations(own);
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("asking controller {}, as the audit will", controller.name), error.what(),
                "can this machine reach its own API? Say 'controllers-speak: http' where TLS ends before it; 'audit: endpoint' "
                "asks the cloud's only");
  }
}

void ControlPlane::require(const OpenStackApi& api) {
  std::vector<std::future<std::string>> tries;
  for (const Controller& controller : controllers_)
    tries.push_back(std::async(std::launch::async, [&] { return try_one(controller, api); }));
  without_allocations_.clear();
  for (auto& one : tries)
    if (const std::string why = one.get(); !why.empty()) without_allocations_ = why;
}

std::vector<ListedResource> ControlPlane::list(const Controller& controller, const OpenStackToken& token,
                                               const ResourceBook& book, const Deadline& deadline) const {
  OpenStackApi api(credentials_, token, deadline, controller.at);
  std::vector<ListedResource> all;
  for (const Ours& one : with_prefix(api, settings_))
    if (one.marked) all.push_back({one.kind->name, one.id, one.name, one.status, one.task, one.owner});
  const std::set<std::string> servers = servers_of(book);
  if (servers.empty()) return all;
  add_ports_of(servers, api, settings_.prefix, all);
  if (without_allocations_.empty())
    each_allocation(api, [&](const std::string& consumer, const std::string& host) {
      if (servers.count(consumer)) all.push_back({"allocation", consumer, host, "", "", ""});
    });
  return all;
}

ResourceListing ControlPlane::listing(const Controller& controller, const OpenStackToken& token, const ResourceBook& book,
                                      const Deadline& deadline) const {
  ResourceListing listing{controller.name, false, "", {}};
  if (!without_allocations_.empty()) listing.not_looked_at = "allocations: " + without_allocations_;
  try {
    listing.resources = list(controller, token, book, deadline);
    listing.complete = true;
  } catch (const std::exception& error) {
    listing.problem = error.what();
  }
  return listing;
}

std::vector<ResourceListing> ControlPlane::look(const ResourceBook& book, const Deadline& deadline) const {
  std::vector<ResourceListing> all;
  OpenStackToken token;
  try {
    token = OpenStackApi(credentials_, deadline).token();
  } catch (const Error& error) {
    for (const Controller& controller : controllers_) all.push_back({controller.name, false, error.what(), {}});
    return all;
  }
  std::vector<std::future<ResourceListing>> readers;
  for (const Controller& controller : controllers_)
    readers.push_back(std::async(std::launch::async, [&] { return listing(controller, token, book, deadline); }));
  for (auto& reader : readers) all.push_back(reader.get());
  return all;
}

ResourceEvidence ControlPlane::read(const std::string& probe, const ResourceBook& book, const Deadline& deadline) const {
  ResourceEvidence evidence{book, {}};
  const Deadline patience = deadline.sooner(settings_.audit_patience + kOneLook);
  const auto nothing_to_find = [&] {
    evidence.listings = look(book, patience.sooner(kOneLook));
    const ResourceAudit audit = audit_resources(probe, names(), evidence);
    return audit.complete && audit.findings.empty();
  };
  wait_until(nothing_to_find, deadline.sooner(settings_.audit_patience), kLookAgain);
  return evidence;
}

}  // namespace blackstart
