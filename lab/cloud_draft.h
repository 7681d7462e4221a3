// A first cloud.yaml out of what Ansible's inventory and OpenStack itself can tell.
//
// Purpose: names, roles, addresses and the way in are taken over; what nobody but the user knows (sites, racks, BMCs, host
// keys, data addresses) stands in the draft as a comment to fill in, and the reader of cloud.yaml refuses it while a part is
// missing that must be there. No password is ever taken over. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <string>
#include <vector>

#include "lab/cloud.h"
#include "lab/inventory.h"

namespace blackstart {

// What OpenStack says of itself.
struct OpenStackFacts {
  OpenStackAccess access;
  std::string region;  // of the credentials, or the catalogue's only one; empty: several
  struct Endpoint {
    std::string type, interface, url;
  };
  std::vector<Endpoint> endpoints;
  struct Hypervisor {
    std::string host;     // the compute service's host
    std::string address;  // Nova's my_ip; "" when it is none that others could use
    std::string zone;     // its availability zone, "" for the default one
  };
  std::vector<Hypervisor> hypervisors;
  std::vector<std::string> left_out;  // what it would not tell, and why
};

struct DraftSources {
  const Inventory* inventory = nullptr;
  const OpenStackFacts* openstack = nullptr;
  std::string name;                       // the cloud's
  std::vector<std::string> sites, racks;  // groups of the inventory that are sites and racks
};

struct CloudDraft {
  Cloud cloud;
  std::vector<std::vector<std::string>> missing;  // of each node: the names of its fields to fill in
  std::vector<std::string> remarks;               // of each node, or ""
  std::vector<OpenStackFacts::Endpoint> endpoints;
  std::vector<std::string> found;     // a sentence each, for the user
  std::vector<std::string> left_out;  // likewise: what was not taken over, and why
};

// The roles that follow from a host's groups, as kolla-ansible, OpenStack-Ansible and people name them; in a fixed order.
std::vector<std::string> roles_of(const std::vector<std::string>& groups);

// Throws Error(bad_file) for a host whose name can't be a node's, or that is in two sites; Error(usage) for a site or rack that
// is no group.
CloudDraft draft_cloud(const DraftSources& sources);

// The file's text.
std::string write_draft(const CloudDraft& draft);

}  // namespace blackstart
