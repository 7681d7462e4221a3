// The control plane's audit: what the probe `openstack` made, and what each controller's own API says is there.
//
// Purpose: reads; what it means, reports/audit_resources.h says. Ownership: nothing outlives a call. Thread rule: blocking, one
// thread at a time.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "probes/openstack_api.h"
#include "probes/openstack_settings.h"
#include "reports/resources.h"

namespace blackstart {

// One API to ask: a controller's, or the cloud's one endpoint.
struct Controller {
  std::string name;
  ApiAt at;
};
// As the probe's setting `audit` says; empty: no audit. Throws Error(unmet) when cloud.yaml names no controller.
std::vector<Controller> controllers_of(const OpenStackSettings& settings, const Cloud& cloud);

// The ids of all servers that the probe made.
std::set<std::string> servers_of(const ResourceBook& book);

class ControlPlane {
 public:
  ControlPlane(const OpenStackSettings& settings, const OpenStackCredentials& credentials, std::vector<Controller> controllers)
      : settings_(settings), credentials_(credentials), controllers_(std::move(controllers)) {}

  std::vector<std::string> names() const;
  // Reads each of them once, by the token of `api`. Throws Error(unmet, unreachable) that names the controller.
  void require(const OpenStackApi& api);
  // Looks until there is nothing to find, or for as long as the settings say: a cloud that recovers needs a moment.
  ResourceEvidence read(const std::string& probe, const ResourceBook& book, const Deadline& deadline) const;
  // Why allocations are not among what is read; empty when they are.
  const std::string& without_allocations() const { return without_allocations_; }

 private:
  std::string try_one(const Controller& controller, const OpenStackApi& api) const;
  std::vector<ListedResource> list(const Controller& controller, const OpenStackToken& token, const ResourceBook& book,
                                   const Deadline& deadline) const;
  ResourceListing listing(const Controller& controller, const OpenStackToken& token, const ResourceBook& book,
                          const Deadline& deadline) const;
  std::vector<ResourceListing> look(const ResourceBook& book, const Deadline& deadline) const;

  OpenStackSettings settings_;
  OpenStackCredentials credentials_;
  std::vector<Controller> controllers_;
  std::string without_allocations_;
};

}  // namespace blackstart
