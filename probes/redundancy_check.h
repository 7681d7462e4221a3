// The components that the probe `redundancy` can look at: one table, one small module for each.
//
// Purpose: each knows how its component is asked cheaply; what "whole" means is said once, in redundancy_look.h. Ownership:
// checks refer to the ways, which outlive them. Thread rule: a check belongs to one thread at a time; the ways to any.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "lab/cloud.h"
#include "lab/remote.h"
#include "probes/redundancy_api.h"
#include "probes/redundancy_look.h"

namespace blackstart {

// How components are reached, and what the scenario says of them.
struct RedundancyWays {
  const Cloud& cloud;
  Remote& remote;
  RedundancyApi& api;
  std::string haproxy_socket;            // its path on the controllers
  std::vector<std::string> spread = {};  // servers whose names begin so must not all be on one host
};

class RedundancyCheck {
 public:
  virtual ~RedundancyCheck() = default;
  // Reads only. A member that can't be asked is a part that is not good; throws Error when nothing could be asked at all.
  virtual RedundancyLook look(const Deadline& deadline) = 0;
};

struct RedundancyKind {
  const char* name;                // in scenarios and reports: "galera"
  const char* parts;               // what its parts are: "nodes"
  const char* doc;                 // what is looked at
  Duration every;                  // between two looks
  bool comes_and_goes;             // users make and remove its parts
  bool made_here;                  // another probe of the rehearsal may make its parts, before it starts
  bool (*in)(const Cloud& cloud);  // does this cloud have it, as far as its file says
  std::unique_ptr<RedundancyCheck> (*make)(const RedundancyWays& ways);
};
const std::vector<RedundancyKind>& redundancy_kinds();
const RedundancyKind* find_redundancy_kind(const std::string& name);

std::unique_ptr<RedundancyCheck> make_galera_check(const RedundancyWays& ways);
std::unique_ptr<RedundancyCheck> make_postgres_check(const RedundancyWays& ways);
std::unique_ptr<RedundancyCheck> make_rabbitmq_check(const RedundancyWays& ways);
std::unique_ptr<RedundancyCheck> make_queues_check(const RedundancyWays& ways);
std::unique_ptr<RedundancyCheck> make_haproxy_check(const RedundancyWays& ways);
std::unique_ptr<RedundancyCheck> make_keepalived_check(const RedundancyWays& ways);
std::unique_ptr<RedundancyCheck> make_nova_check(const RedundancyWays& ways);
std::unique_ptr<RedundancyCheck> make_neutron_check(const RedundancyWays& ways);
std::unique_ptr<RedundancyCheck> make_cinder_check(const RedundancyWays& ways);
std::unique_ptr<RedundancyCheck> make_dhcp_check(const RedundancyWays& ways);
std::unique_ptr<RedundancyCheck> make_anti_affinity_check(const RedundancyWays& ways);

// Asks each node of the role with the same command, all at the same time.
struct NodeAnswer {
  std::string node;
  std::string out;      // its standard output; empty when there is trouble
  std::string trouble;  // why there is none
};
std::vector<NodeAnswer> ask_nodes(const RedundancyWays& ways, const std::string& role, const std::string& command,
                                  const Deadline& deadline);

}  // namespace blackstart
