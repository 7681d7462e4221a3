#include "lab/power.h"

#include <fmt/format.h>

#include "base/error.h"
#include "lab/power_ipmi.h"
#include "lab/power_libvirt.h"

namespace blackstart {
namespace {

[[noreturn]] void nobody_to_ask(const Node& node, const std::string& doing) {
  throw Error(ErrorKind::unmet, doing + node.name, "it has neither a BMC nor a libvirt domain",
              "add 'bmc' or 'libvirt' to the node in the cloud file");
}

bool libvirt_only(PowerOrder order) { return order == PowerOrder::suspend || order == PowerOrder::resume; }

class RealPower final : public Power {
 public:
  PowerState state(const Node& node, const Deadline& deadline) override {
    if (node.bmc.present()) return ipmi_state(node, deadline);
    if (node.libvirt.present()) return libvirt_state(node, deadline);
    nobody_to_ask(node, "asking for the power state of ");
  }
  void order(const Node& node, PowerOrder order, const Deadline& deadline) override {
    if (node.bmc.present() && !libvirt_only(order)) return ipmi_order(node, order, deadline);
    if (node.libvirt.present()) return libvirt_order(node, order, deadline);
    if (node.bmc.present())
      throw Error(ErrorKind::unmet, fmt::format("ordering {} from {}", name_of(order), power_channel(node)),
                  "a BMC can't do that", "only libvirt can: add 'libvirt' to the node in the cloud file, if it is a domain");
    nobody_to_ask(node, fmt::format("ordering {} of ", name_of(order)));
  }
};

}  // namespace

const char* name_of(PowerState state) { return state == PowerState::off ? "off" : state == PowerState::on ? "on" : "paused"; }

const char* name_of(PowerOrder order) {
  switch (order) {
    case PowerOrder::off: return "off";
    case PowerOrder::on: return "on";
    case PowerOrder::reset: return "reset";
    case PowerOrder::suspend: return "suspend";
    case PowerOrder::resume: return "resume";
  }
  return "?";
}

std::string power_channel(const Node& node) {
  if (node.bmc.present()) return fmt::format("the BMC of {} ({}:{})", node.name, node.bmc.address, node.bmc.port);
  return fmt::format("libvirt domain {} ({})", node.libvirt.domain, node.libvirt.uri);
}

Power& real_power() {
  static RealPower power;
  return power;
}

}  // namespace blackstart
