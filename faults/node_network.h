// How a node is connected: the interface of its services, and the way by which the runner reaches it.
//
// Purpose: a fault of the network cuts the one and keeps the other open. Ownership: plain values. Thread rule: calls are
// independent.
#pragma once

#include <string>

#include "faults/fault.h"

namespace blackstart {

struct NodeNetwork {
  std::string device;      // what is disturbed: the interface that was asked for, or the one that holds the data address
  std::string management;  // the interface that holds the address by which the runner is connected; empty: none does (NAT)
  std::string runner;      // where the runner's SSH connection comes from, as the node sees it
  int ssh_port = 0;        // where it goes to
  // The runner's way in runs over the interface that is disturbed, or may do so.
  bool shared() const { return management.empty() || management == device; }
};

// `device`: empty for the one that holds the data address. Throws Error(unmet) when there is no such interface, when it is the
// loopback interface, or when the way in can't be told.
NodeNetwork read_network(FaultContext context, const Node& node, const std::string& device, const Deadline& deadline);

// An interface's name as the kernel allows it, and no shell or nft would misread.
bool is_device_name(const std::string& name);
bool is_ipv6(const std::string& address);
// A numeric address or network, IPv4 or IPv6: "198.18.20.11", "198.18.20.0/24", "fd00::/64".
bool is_network(const std::string& text);
bool is_address(const std::string& text);  // without a prefix
// The loopback network, or an address in it.
bool is_loopback(const std::string& network);

}  // namespace blackstart
