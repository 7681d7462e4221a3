// Towards whom a fault of the network works: nodes, racks, sites, networks and ports.
//
// Purpose: names of the cloud become addresses. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fields.h"
#include "lab/cloud.h"

namespace blackstart {

struct Peers {
  std::vector<std::string> nodes, racks, sites;
  std::vector<std::string> networks;  // "203.0.113.0/24", addresses too
  std::vector<std::int64_t> ports;

  void describe(Fields& f);  // the fields inside of `towards`
  bool anybody() const { return nodes.empty() && racks.empty() && sites.empty() && networks.empty(); }
  std::string text() const;  // "sites dc2, dc3; ports 4567"; "" when it is everybody
};

struct ResolvedPeers {
  std::vector<std::string> nodes;      // of the cloud, in its order, without `self`
  std::vector<std::string> addresses;  // their data addresses and the networks; empty: everybody
};
// Throws Error(unmet): a name that the cloud doesn't have, nobody left without `self`, an address that is no number.
ResolvedPeers resolve_peers(const Peers& peers, const Cloud& cloud, const std::string& self);

// The nodes that `names` stand for, each the name of a site, a rack or a node; in the cloud's order. Throws Error(unmet) for
// one that is none of them, or several.
std::vector<std::string> members_of(const std::vector<std::string>& names, const Cloud& cloud);
// All addresses of the nodes that the cloud file knows: of their services, and with `management` also the runner's way in.
std::vector<std::string> addresses_of(const std::vector<std::string>& nodes, const Cloud& cloud, bool management = false);

}  // namespace blackstart
