// One look at who holds an address, by ARP or by asking the nodes.
//
// Purpose: what both ways have in common. Ownership: `io`, cloud and remote outlive it, and it its looks. Thread rule: the
// loop's thread; the nodes are asked on threads of their own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "lab/cloud.h"
#include "lab/remote.h"

namespace boost::asio {
class io_context;
}

namespace blackstart {

struct VipSeen {
  std::vector<std::string> holders;  // sorted
  int trouble = 0;                   // errno on this machine; nobody was asked then
  std::vector<std::string> silent;   // sorted; those that were asked by name and did not say: they may hold it
};

class VipLooks {
 public:
  virtual ~VipLooks() = default;
  using Done = std::function<void(const VipSeen&)>;
  // `done` once, from the loop, at the deadline at the latest.
  virtual void look(const Deadline& deadline, Done done) = 0;
};

// The nodes' names by the MACs that answer for their data addresses; those that don't answer are missing.
using MacNames = std::map<std::string, std::string>;
MacNames learn_names(const std::string& interface, const std::vector<Node>& nodes, Duration limit);

// A MAC without a name stands for itself.
std::unique_ptr<VipLooks> make_arp_looks(boost::asio::io_context& io, const std::string& interface, const std::string& address,
                                         MacNames names);
// A node that does not answer is silent. Throws Error(unmet) when the address is none: it goes into a command.
std::unique_ptr<VipLooks> make_node_looks(boost::asio::io_context& io, Remote& remote, const std::string& address,
                                          std::vector<std::string> nodes);

}  // namespace blackstart
