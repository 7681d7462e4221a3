// libvirt through its C API: the few things that a lab needs of a hypervisor.
//
// Purpose: domains as plain values, failures as Error with libvirt's own words. Ownership: a Hypervisor owns its connection.
// Thread rule: every member may be called from any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blackstart {

struct Domain {
  std::string name;
  std::string description;  // labs put their mark here
  bool running = false;
  int pid = 0;  // lxc: of the domain's controller process on the host, whose child is the domain's init; 0 when not running
};

class Hypervisor {
 public:
  // `uri`: "lxc:///", "qemu:///system". Throws Error(unmet) when the daemon doesn't answer.
  explicit Hypervisor(const std::string& uri);
  Hypervisor(Hypervisor&&) noexcept;
  ~Hypervisor();

  // Defined or running, in no order.
  std::vector<Domain> domains() const;
  std::optional<Domain> find(const std::string& name) const;
  // Makes it known, or replaces the definition of one with the same name and uuid.
  void define(const std::string& xml);
  // Each returns at once when there is nothing to do.
  void start(const std::string& name);
  // As a power button held down: libvirt ends all processes (they do get a SIGTERM first).
  void destroy(const std::string& name);
  void undefine(const std::string& name);

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

// By URI.
using Hypervisors = std::map<std::string, Hypervisor>;

}  // namespace blackstart
