// What the lab tests of the families `power` and `node` share: a fault of the product on a node of the lab, by its own
// channels (SSH, IPMI, libvirt), and how a node looks from elsewhere by other means than the fault's own evidence.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "faults/fault.h"
#include "lab/ssh.h"
#include "tests/rehearsal/support.h"

namespace blackstart::rehearsal {

// One fault on one node. When it was armed it is undone at the end, whatever happens in between.
class OnNode {
 public:
  OnNode(const std::string& fault, const std::string& parameters, const std::string& node);
  OnNode(const std::string& fault, const std::string& parameters, const Cloud& cloud, const std::string& node);
  ~OnNode();

  // "" or the preflight's Error in words.
  std::string refusal();
  // Preflight, stage, fire, and confirm within `limit`.
  std::vector<Evidence> inject(Duration limit = 30s);
  std::vector<Evidence> undo();

 private:
  Cloud cloud_;
  std::unique_ptr<Remote> remote_;
  std::unique_ptr<FaultSettings> settings_;
  std::unique_ptr<TargetFault> fault_;
  UndoRecord record_;
  bool open_ = false;
  FaultContext context() { return {*remote_, real_clock(), cloud_}; }
};

bool all_confirmed(const std::vector<Evidence>& evidence);
std::string words(const std::vector<Evidence>& evidence);

// libvirt's own word for the node's domain, and which start of it this is: "running 12345".
std::string domain_state(const std::string& node);
// Does the node answer a ping from another one?
bool pings(const std::string& from, const std::string& node);

// A BMC that is honest again at the end.
struct SpoiltBmc {
  SpoiltBmc(std::string name, const std::string& mode) : node(std::move(name)) { set(mode); }
  ~SpoiltBmc() { set("honest"); }

 private:
  void set(const std::string& mode) const;
  std::string node;
};

}  // namespace blackstart::rehearsal
