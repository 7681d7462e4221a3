#include "faults/peers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "base/units.h"
#include "faults/node_network.h"
#include "lab/ipv4.h"

namespace blackstart {
namespace {

using Names = std::vector<std::string>;

bool has(const Names& names, const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); }

Names known(const Cloud& cloud, std::string Node::*what) {
  Names names;
  for (const Node& node : cloud.nodes)
    if (!(node.*what).empty() && !has(names, node.*what)) names.push_back(node.*what);
  return names;
}

void require_known(const Names& wanted, const Names& there, const char* kind) {
  for (const std::string& name : wanted)
    if (!has(there, name))
      throw Error(ErrorKind::unmet, "looking for the peers", fmt::format("the cloud has no {} '{}' with a node", kind, name),
                  suggestion(name, there));
}

std::vector<std::int64_t> ports_of(const Names& texts, Fields& f) {
  std::vector<std::int64_t> ports;
  for (const std::string& text : texts) {
    const auto port = parse_integer(text);
    if (port && *port >= 1 && *port <= 65535)
      ports.push_back(*port);
    else
      f.problem("ports", fmt::format("'{}' is no port", text), "a whole number from 1 to 65535");
  }
  return ports;
}

bool within(const Names& networks, const std::string& address) {
  const auto number = parse_ipv4(address);
  return number && std::any_of(networks.begin(), networks.end(), [&](const std::string& text) {
           const auto network = parse_network(text);
           return network && network->contains(*number);
         });
}

void add_words(std::string& text, const char* kind, const Names& names) {
  if (names.empty()) return;
  text += fmt::format("{}{} {}", text.empty() ? "" : "; ", kind, fmt::join(names, ", "));
}

}  // namespace

void Peers::describe(Fields& f) {
  f.texts({"nodes", "these nodes"}, nodes);
  f.texts({"racks", "all nodes of these racks"}, racks);
  f.texts({"sites", "all nodes of these sites"}, sites);
  f.texts({"networks", "these addresses and networks, IPv4 or IPv6, as in 203.0.113.0/24"}, networks);
  for (const std::string& network : networks) {
    if (!is_network(network)) f.problem("networks", fmt::format("'{}' is no address and no network", network));
    if (is_loopback(network)) f.problem("networks", fmt::format("'{}' is the node itself", network), "nothing goes there");
  }
  Names texts;
  if (f.texts({"ports", "only TCP and UDP with one of these ports at either end"}, texts)) ports = ports_of(texts, f);
}

std::string Peers::text() const {
  std::string text;
  add_words(text, "nodes", nodes);
  add_words(text, "racks", racks);
  add_words(text, "sites", sites);
  add_words(text, "networks", networks);
  if (!ports.empty()) text += fmt::format("{}ports {}", text.empty() ? "" : "; ", fmt::join(ports, ", "));
  return text;
}

ResolvedPeers resolve_peers(const Peers& peers, const Cloud& cloud, const std::string& self) {
  require_known(peers.nodes, known(cloud, &Node::name), "node");
  require_known(peers.racks, known(cloud, &Node::rack), "rack");
  require_known(peers.sites, known(cloud, &Node::site), "site");
  ResolvedPeers resolved;
  for (const Node& node : cloud.nodes)
    if (node.name != self &&
        (peers.anybody() || has(peers.nodes, node.name) || has(peers.racks, node.rack) || has(peers.sites, node.site)))
      resolved.nodes.push_back(node.name);
  if (peers.anybody()) return resolved;
  resolved.addresses = addresses_of(resolved.nodes, cloud);
  for (const Node& node : cloud.nodes)
    if (node.name != self && !has(resolved.nodes, node.name) && within(peers.networks, node.data_address()))
      resolved.nodes.push_back(node.name);
  resolved.addresses.insert(resolved.addresses.end(), peers.networks.begin(), peers.networks.end());
  if (resolved.addresses.empty())
    throw Error(ErrorKind::unmet, "looking for the peers", fmt::format("'towards' names nobody but {} itself", self),
                "name other nodes: what a node says to itself never leaves it");
  return resolved;
}

std::vector<std::string> members_of(const std::vector<std::string>& names, const Cloud& cloud) {
  const Names nodes = known(cloud, &Node::name), racks = known(cloud, &Node::rack), sites = known(cloud, &Node::site);
  Names all = nodes;
  for (const Names* more : {&racks, &sites}) all.insert(all.end(), more->begin(), more->end());
  for (const std::string& name : names) {
    const auto kinds = std::count(all.begin(), all.end(), name);
    if (kinds != 1)
      throw Error(
          ErrorKind::unmet, "looking for the group's members",
          fmt::format("'{}' is {}", name, kinds == 0 ? "no site, rack or node with a node" : "the name of several things"),
          kinds == 0 ? suggestion(name, all) : "name the nodes");
  }
  Names members;
  for (const Node& node : cloud.nodes)
    if (has(names, node.name) || has(names, node.rack) || has(names, node.site)) members.push_back(node.name);
  return members;
}

std::vector<std::string> addresses_of(const std::vector<std::string>& nodes, const Cloud& cloud, bool management) {
  Names addresses;
  const auto add = [&](const Node& node, const std::string& address) {
    if (!is_address(address))
      throw Error(ErrorKind::unmet, "looking for the address of " + node.name,
                  fmt::format("'{}' is a name; what it means may change while it can't be asked", address),
                  "write the address as a number in cloud.yaml");
    if (!has(addresses, address)) addresses.push_back(address);
  };
  for (const Node& node : cloud.nodes) {
    if (!has(nodes, node.name)) continue;
    add(node, node.data_address());
    if (management && node.address != node.data_address() && is_address(node.address)) add(node, node.address);
  }
  return addresses;
}

}  // namespace blackstart
