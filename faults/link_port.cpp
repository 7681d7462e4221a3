// A lab's simulated switch: a port of it goes down, or forwards nothing, on the runner's machine.
#include <fmt/format.h>

#include "base/error.h"
#include "faults/answer.h"
#include "faults/facts.h"
#include "faults/link_cut.h"
#include "faults/network_fault.h"
#include "faults/node_network.h"

namespace blackstart {
namespace {

constexpr Duration kCallLimit = 10s;
constexpr const char* kHere = "the runner's machine";

struct Port {
  bool up = false, forwarding = false;
  std::string words() const {
    return fmt::format("its link is {}, the bridge {}", up ? "up" : "down", forwarding ? "forwards" : "does not forward");
  }
};

Port read_port(FaultContext context, const std::string& port, const Deadline& deadline) {
  const std::string doing = fmt::format("reading the switch's port {}", port);
  const Answer answer(context.local, doing, kHere,
                      fmt::format("l=$(ip -o link show dev {0}) && b=$(bridge link show dev {0}) || exit 1; "
                                  "printf '%s\\n' \"$l\" | sed -n 's/.*<\\([^>]*\\)>.*/Flags=\\1/p'; "
                                  "printf '%s\\n' \"$b\" | sed -n 's/.* state \\([a-z]*\\).*/State=\\1/p'; echo End=1",
                                  port),
                      deadline.sooner(kCallLimit));
  if (answer.all("State").empty())
    throw Error(ErrorKind::unmet, doing, "it is no port of a bridge", "bridge link show tells which there are");
  const std::string flags = "," + answer.text("Flags") + ",";
  return {flags.find(",UP,") != std::string::npos, answer.text("State") == "forwarding"};
}

class PortFault final : public NetworkFault {
 public:
  PortFault(const Node& node, FaultContext context, std::string port, PortForm form, bool sees_carrier,
            std::unique_ptr<ThirdParty> third)
      : NetworkFault(node, context, std::move(third)), port_(std::move(port)), form_(form), sees_carrier_(sees_carrier) {}

 private:
  void check(const Deadline& deadline) override {
    const std::string looking = fmt::format("looking for the switch of {}", node_.name);
    if (!context_.cloud.simulated)
      throw Error(ErrorKind::unmet, looking, "'via: switch' is for the simulated switches of labs",
                  "use the fault 'command' for a switch of yours, or 'via: node'");
    if (!is_device_name(port_))
      throw Error(ErrorKind::unmet, looking, "the cloud file names no port of a switch for it",
                  "bring the lab up again: its cloud file gets 'port' and 'uplink' then");
    const Port now = read_port(context_, port_, deadline);
    if (!now.up || !now.forwarding)
      throw Error(ErrorKind::unmet, looking, fmt::format("its port {} is cut already: {}", port_, now.words()),
                  "blackstart recover, or set it up: ip link set " + port_ + " up");
    device_ = read_network(context_, node_, "", deadline).device;
    carrier(deadline);
  }
  UndoRecord own_record() const override { return {"port.forwarding", node_.name, {{"switch-port", port_}}}; }
  std::string doing() const override { return fmt::format("cutting the switch's port {}", port_); }
  void give_order(const Deadline& deadline) override {
    context_.local.check(doing(), kHere,
                         form_ == PortForm::down ? fmt::format("ip link set dev {} down", port_)
                                                 : fmt::format("bridge link set dev {} state 0", port_),
                         deadline.sooner(kCallLimit));
  }
  std::string expected() const override {
    return sees_carrier_
               ? fmt::format("{} of {} has no carrier, the switch's port {} is down", device_, node_.name, port_)
               : fmt::format("the switch's port {} forwards nothing, {} of {} keeps its carrier", port_, device_, node_.name);
  }
  bool look(std::string& observed, const Deadline& deadline) override {
    const Port now = read_port(context_, port_, deadline);
    const std::string seen = carrier(deadline);
    observed = fmt::format("{}: {}; {} of {}: carrier {}", port_, now.words(), device_, node_.name, seen);
    const bool cut = form_ == PortForm::down ? !now.up : !now.forwarding;
    return cut && seen == (sees_carrier_ ? "0" : "1");
  }

  // The node itself may be gone by now; the port is what was cut.
  bool lasts(std::string& observed, const Deadline& deadline) override {
    const Port now = read_port(context_, port_, deadline);
    observed = port_ + ": " + now.words();
    return form_ == PortForm::down ? !now.up : !now.forwarding;
  }

  // "1" or "0", as the node's kernel sees it.
  std::string carrier(const Deadline& deadline) {
    const Answer answer(context_.remote, fmt::format("reading the carrier of {} on {}", device_, node_.name), node_.name,
                        fmt::format("c=$(cat /sys/class/net/{}/carrier) || exit 1; echo Carrier=$c; echo End=1", device_),
                        deadline.sooner(kCallLimit));
    return answer.text("Carrier");
  }

  const std::string port_;
  const PortForm form_;
  const bool sees_carrier_;
  std::string device_;
};

}  // namespace

std::unique_ptr<TargetFault> make_port_fault(const Node& node, FaultContext context, const std::string& port, PortForm form,
                                             bool sees_carrier, std::unique_ptr<ThirdParty> third) {
  return std::make_unique<PortFault>(node, context, port, form, sees_carrier, std::move(third));
}

// A port that was only made silent has its link up already; one whose link comes up forwards by itself.
std::vector<Evidence> port_forwarding_undo(const UndoRecord& record, FaultContext context, const Deadline& deadline) {
  const std::string expected = "the switch's port is up and forwards";
  try {
    const std::string port = fact(record, "switch-port");
    if (!is_device_name(port)) bad_fact(record, "switch-port", "names no interface: '" + port + "'");
    return undo_until_gone(record, context, deadline, "runner", expected, [&](const Deadline& until) {
      context.local.check("setting the switch's port up", kHere,
                          fmt::format("ip link set dev {0} up && bridge link set dev {0} state 3", port),
                          until.sooner(kCallLimit));
      const Port now = read_port(context, port, until);
      return Gone{now.up && now.forwarding, port + ": " + now.words()};
    });
  } catch (const Error& error) {
    return not_tried(expected, error.what());
  }
}

}  // namespace blackstart
