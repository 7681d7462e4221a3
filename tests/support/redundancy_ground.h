// A cloud of three controllers whose nodes and API answer as a test says; for tests of the probe `redundancy`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "probes/redundancy_check.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_openstack.h"
#include "tests/support/fake_remote.h"
#include "tests/support/small_cloud.h"

namespace blackstart::test {

inline Cloud three_controllers() {
  Cloud cloud = small_cloud({"c1", "c2", "c3"});
  cloud.vip = "198.18.71.10";
  for (Node& node : cloud.nodes) node.roles = {"controller", "messaging"};
  return cloud;
}

// Looks once at a component.
class RedundancyGround {
 public:
  explicit RedundancyGround(std::optional<OpenStackCredentials> credentials = {}) : api_(std::move(credentials)) {}

  // For more than one look at the same.
  std::unique_ptr<RedundancyCheck> check(const std::string& component) {
    const RedundancyWays ways{cloud, remote, api_, "/run/haproxy/admin.sock", spread};
    return find_redundancy_kind(component)->make(ways);
  }
  RedundancyLook look(const std::string& component) { return check(component)->look(Deadline(real_clock(), 5s)); }
  // What is missing now, when all was well in `before`.
  std::string missing(const std::string& component, const RedundancyLook& before) {
    return some_of(missing_in(look(component), before, find_redundancy_kind(component)->comes_and_goes));
  }
  // Nothing is missing in a cloud that is as it is now.
  RedundancyLook whole(const std::string& component) {
    RedundancyLook before = look(component);
    const auto missing = missing_in(before, before, find_redundancy_kind(component)->comes_and_goes);
    if (!missing.empty()) throw std::logic_error(component + " is not whole: " + some_of(missing));
    return before;
  }

  Cloud cloud = three_controllers();
  FakeRemote remote;
  std::vector<std::string> spread;

 private:
  RedundancyApi api_;
};

// What a node of RabbitMQ prints. A queue: its name, its members, its leader, and whether its own replica runs.
struct FakeRabbit {
  std::string members = "rabbit@c1,rabbit@c2,rabbit@c3", running = members;
  struct Queue {
    std::string name, members, leader;
    bool here = true;
  };
  std::vector<Queue> queues{{"conductor", members, "rabbit@c1", true}};
  std::vector<std::string> classics = {};
  std::string text() const {
    std::string out = fmt::format("{{ok, [\"members {}\", \"running {}\"", members, running);
    for (const Queue& queue : queues)
      out += fmt::format(", \"quorum {} {} {} / {}\"", queue.members, queue.leader, queue.here, queue.name);
    for (const std::string& name : classics) out += fmt::format(", \"classic 1 / {}\"", name);
    return out + "]}";
  }
};

}  // namespace blackstart::test
