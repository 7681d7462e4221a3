// The parameters of the probe `openstack`, as a scenario gives them.
// A plain value; any thread.
#pragma once

#include <string>
#include <vector>

#include "probes/goals.h"
#include "probes/openstack_operations.h"
#include "probes/probe.h"

namespace blackstart {

struct OpenStackSettings final : ProbeSettings {
  struct Line {
    std::string operation;  // its name in openstack_operations()
    double rate = 1;        // a second, of each of its series
    std::string connections = "fresh";
    Limits limits;
    const OpenStackOperation& what() const { return *find_operation(operation); }
    bool fresh() const { return connections != "persistent"; }
    bool persistent() const { return connections != "fresh"; }
    // The most that can be under way at one time.
    std::int64_t most_in_flight() const;
  };
  std::vector<Line> operations;
  std::string flavor, image, network;  // by name or id
  std::string availability_zone;
  std::string prefix = "blackstart-";
  std::int64_t volume_size = 1;           // GiB
  std::int64_t image_size = 1024 * 1024;  // bytes
  Duration connect_timeout{1s};
  Duration request_timeout{10s};
  Duration poll{500ms};
  std::int64_t servers = 3;  // of the pool that is moved
  std::int64_t apart = 0;    // servers of the pool in each group with anti-affinity; 0: no groups
  std::string audit = "controllers";
  std::string controllers_speak = "catalogue";
  Duration audit_patience{60s};
  Promise promise;

  void describe(Fields& f) override;
  std::unique_ptr<Probe> make(const std::string& name, const Cloud& cloud) const override;
  std::string stands_on() const override;

  bool uses(OpenStackOperation::Form form, const std::string& resource) const;
  bool makes_anything() const;
  // How many servers stand for live-migrate, evacuate, servers-home and groups-served, and in how many groups.
  std::int64_t pool() const;
  std::int64_t groups() const { return apart > 0 ? pool() / apart : 0; }
  // How many leftovers of each kind stay until the audit has seen them.
  int most_kept() const;
  std::int64_t most_in_flight() const;
  // How many of this resource there may be at one time.
  std::int64_t most_of(const std::string& resource) const;
};

}  // namespace blackstart
