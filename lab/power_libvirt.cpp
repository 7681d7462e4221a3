#include "lab/power_libvirt.h"

#include <fmt/format.h>

#include <string_view>

#include "base/error.h"
#include "base/process.h"

namespace blackstart {
namespace embedded {
std::string_view lab_power_domain();
}
namespace {

// Also of a node that has a BMC beside.
std::string domain_of(const Node& node) { return fmt::format("libvirt domain {} ({})", node.libvirt.domain, node.libvirt.uri); }

std::string power_domain(const Node& node, const std::string& verb, const std::string& doing, const Deadline& deadline) {
  const ProcessResult done = run_process(
      {"/bin/sh", "-c", power_domain_script(), "power-domain", node.libvirt.uri, node.libvirt.domain, verb}, deadline.left());
  if (done.ok()) return done.out;
  const std::string hint = fmt::format("ask it by hand: virsh -c {} domstate {}", node.libvirt.uri, node.libvirt.domain);
  if (done.timed_out) throw Error(ErrorKind::unreachable, doing, "libvirt does not answer in time", hint);
  throw Error(ErrorKind::unmet, doing, done.trouble(), hint);
}

}  // namespace

std::string power_domain_script() { return std::string(embedded::lab_power_domain()); }

PowerState libvirt_state(const Node& node, const Deadline& deadline) {
  const std::string doing = "asking " + domain_of(node) + " for its state";
  const std::string text = power_domain(node, "get", doing, deadline);
  for (const PowerState state : {PowerState::on, PowerState::off, PowerState::paused})
    if (text == std::string(name_of(state)) + "\n") return state;
  throw Error(ErrorKind::unmet, doing, fmt::format("its answer is not understood: '{}'", text.substr(0, 200)));
}

void libvirt_order(const Node& node, PowerOrder order, const Deadline& deadline) {
  power_domain(node, name_of(order), fmt::format("ordering {} from {}", name_of(order), domain_of(node)), deadline);
}

}  // namespace blackstart
