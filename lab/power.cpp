#include "lab/power.h"

#include <fmt/format.h>

#include "base/error.h"

namespace blackstart {
namespace {

class RealPower final : public Power {
 public:
  PowerState state(const Node& node, const Deadline&) override {
    throw Error(ErrorKind::unmet, "asking for the power state of " + node.name, "it has neither a BMC nor a libvirt domain",
                "add 'bmc' or 'libvirt' to the node in the cloud file");
  }
  void order(const Node& node, PowerOrder order, const Deadline&) override {
    throw Error(ErrorKind::unmet, fmt::format("switching {} {}", node.name, name_of(order)),
                "it has neither a BMC nor a libvirt domain", "add 'bmc' or 'libvirt' to the node in the cloud file");
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
