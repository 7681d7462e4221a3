// How a node looks from elsewhere, by other means than a fault's own evidence; and BMCs that are spoilt for a test.
//
// Purpose: lab tests of whole nodes. Ownership: plain functions. Thread rule: calls are independent.
#pragma once

#include <string>

#include "tests/rehearsal/support.h"

namespace blackstart::rehearsal {

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
