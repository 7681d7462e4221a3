// The probe `openstack`: a cloud's APIs as its users and their tools see them.
//
// Purpose: tokens, lists, shows, and the lives of servers, networks, ports, volumes and images, each a series with a rate and a
// deadline of its own. docs/probes.md tells it to people. Ownership and thread rule: as Probe.
#pragma once

#include <memory>
#include <string>

#include "probes/openstack_settings.h"

namespace blackstart {

// Throws Error(unmet) when cloud.yaml has no `openstack`, or as read_credentials().
std::unique_ptr<Probe> make_openstack(const std::string& name, const OpenStackSettings& settings, const Cloud& cloud);

}  // namespace blackstart
