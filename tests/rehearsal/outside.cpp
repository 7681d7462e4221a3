#include "tests/rehearsal/outside.h"

#include "base/process.h"

namespace blackstart::rehearsal {

std::string domain_state(const std::string& node) {
  const LibvirtDomain domain = cloud().find(node)->libvirt;
  const auto ask = [&](const std::string& what) {
    const std::string out = run_checked("asking libvirt", {"virsh", "-q", "-c", domain.uri, what, domain.domain}, 10s);
    return out.substr(0, out.find('\n'));
  };
  return ask("domstate") + " " + ask("domid");
}

bool pings(const std::string& from, const std::string& node) {
  const std::string command = "ping -n -c1 -W1 " + cloud().find(node)->data_address() + " >/dev/null && echo yes || echo no";
  return on_node(from, command) == "yes\n";
}

void SpoiltBmc::set(const std::string& mode) const {
  // It waits where another lab of this host is brought up or taken down at this moment.
  run_checked("setting a BMC", {BLACKSTART_BINARY, "lab", "bmc", node, mode, "--lab", cloud().name}, 120s);
}

}  // namespace blackstart::rehearsal
