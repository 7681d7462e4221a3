// The probe `redundancy`: is the cloud whole, component by component, from before the first fault until after the last undo?
//
// Purpose: service comes back long before the next fault could be stood; this measures when. It has no series of operations:
// its record is each component's losses. Ownership and thread rule: as Probe; the settings are a plain value.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lab/openstack_credentials.h"
#include "lab/remote.h"
#include "probes/probe.h"

namespace blackstart {

struct RedundancySettings final : ProbeSettings {
  std::vector<std::string> components;  // names of redundancy_kinds(); empty: all that the cloud has
  Duration hold{5s};                    // a component must be seen whole for this long
  bool second = true;                   // what has no second copy even when all is well fails the rehearsal
  std::string haproxy_socket = "/run/haproxy/admin.sock";
  std::vector<std::string> spread;  // instances whose names begin so must be on two hosts at least

  void describe(Fields& f) override;
  std::unique_ptr<Probe> make(const std::string& name, const Cloud& cloud) const override;
};

// With these ways to nodes and API; each component gets a Remote of its own, so that one whose answer takes long keeps no other
// waiting for a node. Throws Error(unmet) when the cloud has none of the components.
std::unique_ptr<Probe> make_redundancy(const std::string& name, const RedundancySettings& settings, const Cloud& cloud,
                                       const std::function<std::unique_ptr<Remote>()>& remote,
                                       std::optional<OpenStackCredentials> credentials);

}  // namespace blackstart
