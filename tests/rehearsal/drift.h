// The drift check: what a node's configuration is before a test, and that it is the same afterwards.
//
// Purpose: nft ruleset, qdiscs, routes, links, units, mounts and our own marks of every node; what lives by itself (sessions,
// the virtual IP, counters) is left out. drift_check.cpp does it around every test case of a lab; tests use it themselves where
// they go on after an undo. Ownership: plain values. Thread rule: one thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace blackstart::rehearsal {

class Drift {
 public:
  // Notes the state of these nodes; of none named, of all nodes of the lab.
  explicit Drift(std::vector<std::string> nodes = {});
  // Waits until it is the same again (services that were restarted need a moment); a CHECK fails for each node that is not.
  // Facts that begin with one of `except` ("mark: ") are left out.
  void require_none(Duration limit = 60s, const std::vector<std::string>& except = {}) const;
  // As require_none(), told instead of checked: by node, what is not the same. Empty: all is.
  std::map<std::string, std::string> differences(Duration limit = 60s, const std::vector<std::string>& except = {}) const;

 private:
  std::vector<std::string> nodes_;
  std::map<std::string, std::string> before_;  // by node
};

}  // namespace blackstart::rehearsal
