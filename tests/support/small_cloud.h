// A cloud for unit tests that never reach it: one site, with nodes of these names (two characters, such as "c1").
#pragma once

#include <string>
#include <vector>

#include "lab/cloud.h"

namespace blackstart {

inline Cloud small_cloud(const std::vector<std::string>& names) {
  Cloud cloud;
  cloud.name = "lab";
  cloud.sites.push_back({"dc1", ""});
  for (const std::string& name : names) {
    Node node;
    node.name = name;
    node.site = "dc1";
    node.address = std::string("198.18.10.1") + name[1];
    cloud.nodes.push_back(node);
  }
  cloud.ssh.key = "/lab/key";
  cloud.ssh.known_hosts = "/lab/known_hosts";
  return cloud;
}

}  // namespace blackstart
