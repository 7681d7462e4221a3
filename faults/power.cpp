#include "faults/power.h"

#include <fmt/format.h>

#include "base/units.h"
#include "faults/node_fault.h"

namespace blackstart {
namespace {

constexpr const char* kHang = "They hang, and are reset when the node is back and something is sent on them.";
constexpr const char* kClosed = "They are closed by the services, which end in order.";
constexpr const char* kOffEvidence =
    "The power reads off by BMC or libvirt, and the node's SSH server gives the runner no answer, twice in a row; where "
    "another "
    "node could ping it, that node's pings stay unanswered too.";
constexpr const char* kUndo =
    "Power is switched on, and the undo waits until the node answers and has started; a node that has power, "
    "but whose SSH server gives no answer, is reset. Without the runner a process on the runner's machine does it.";
constexpr const char* kNeeds = "A BMC with IPMI 2.0 and ipmitool at the runner, or a libvirt domain and virsh at the runner.";
constexpr const char* kNodeNeeds =
    "systemd on the node; for the undo a BMC with IPMI 2.0 and ipmitool at the runner, or a libvirt domain and virsh there.";

const NodeAction kOff = {[](const NodeParameters&) { return std::string("power off"); },
                         NodeEffect::off,
                         "power.on",
                         PowerOrder::off,
                         nullptr,
                         false,
                         false};
const NodeAction kOn = {[](const NodeParameters&) { return std::string("power on"); },
                        NodeEffect::on,
                        "power.off",
                        PowerOrder::on,
                        nullptr,
                        false,
                        false};
const NodeAction kCycle = {[](const NodeParameters& p) { return "power off for " + format_duration(p.off_for); },
                           NodeEffect::restarted,
                           "power.on",
                           PowerOrder::off,
                           nullptr,
                           true,
                           false};
const NodeAction kReset = {[](const NodeParameters&) { return std::string("hard reset"); },
                           NodeEffect::restarted,
                           "power.on",
                           PowerOrder::reset,
                           nullptr,
                           false,
                           false};

const NodeAction kReboot = {[](const NodeParameters&) { return std::string("orderly reboot"); },
                            NodeEffect::restarted,
                            "power.on",
                            PowerOrder::reset,
                            [](const NodeParameters&) { return std::string("systemctl --no-block reboot"); },
                            false,
                            false};
const NodeAction kShutdown = {[](const NodeParameters&) { return std::string("orderly shutdown"); },
                              NodeEffect::off,
                              "power.on",
                              PowerOrder::off,
                              [](const NodeParameters&) { return std::string("systemctl --no-block poweroff"); },
                              false,
                              false};
const NodeAction kCrash = {[](const NodeParameters& p) { return fmt::format("crash by {}", p.how); },
                           NodeEffect::restarted,
                           "power.on",
                           PowerOrder::reset,
                           [](const NodeParameters& p) { return fmt::format("echo {} >/proc/sysrq-trigger", p.how.back()); },
                           false,
                           true};
const NodeAction kFreeze = {[](const NodeParameters&) { return std::string("suspended"); },
                            NodeEffect::paused,
                            "node.resumed",
                            PowerOrder::suspend,
                            nullptr,
                            false,
                            false};

}  // namespace

const FaultAbout kPowerOffAbout = {"They hang: nobody ends them, until a timeout of the client's.", kOffEvidence, kUndo,
                                   kNeeds};
const FaultAbout kPowerOnAbout = {
    "There are none: the node was off.", "The power reads on, and the node's SSH server answers the runner.",
    "The power is switched off again, hard. Without the runner a process on the runner's machine does it.", kNeeds};
const FaultAbout kPowerCycleAbout = {
    kHang,
    "The power was read off in between, the runner's open connection or a new one failed, and the node has started anew.",
    kUndo, kNeeds};
const FaultAbout kPowerResetAbout = {
    kHang, "The runner's open connection or a new one failed, and the node has started anew (boot ID and process 1).", kUndo,
    kNeeds};
const FaultAbout kNodeRebootAbout = {
    kClosed, "The runner's open SSH connection ended, and the node has started anew (boot ID and process 1).", kUndo,
    kNodeNeeds};
const FaultAbout kNodeShutdownAbout = {kClosed, kOffEvidence, kUndo, kNodeNeeds};
const FaultAbout kNodeCrashAbout = {
    kHang,
    "The runner's open connection or a new one failed, and the node has started anew (boot ID and process 1); of a kernel that "
    "does not restart by itself, that nothing answers any more though the power is on.",
    kUndo, "For sysrq a kernel of the node's own (no container); for the undo a BMC or a libvirt domain, as for power.off."};
const FaultAbout kNodeFreezeAbout = {
    "They stay open and mute. A container's kernel goes on acknowledging for it, a virtual machine's does not.",
    "libvirt says that the domain is paused, and the node's SSH server does not speak to the runner any more.",
    "The domain is resumed, and the undo waits until the node answers. Without the runner a process on the runner's machine "
    "does it.",
    "A node that is a libvirt domain, and virsh at the runner."};

std::unique_ptr<FaultSettings> power_off_settings() { return node_settings(kOff); }
std::unique_ptr<FaultSettings> power_on_settings() { return node_settings(kOn); }
std::unique_ptr<FaultSettings> power_cycle_settings() { return node_settings(kCycle); }
std::unique_ptr<FaultSettings> power_reset_settings() { return node_settings(kReset); }
std::unique_ptr<FaultSettings> node_reboot_settings() { return node_settings(kReboot); }
std::unique_ptr<FaultSettings> node_shutdown_settings() { return node_settings(kShutdown); }
std::unique_ptr<FaultSettings> node_crash_settings() { return node_settings(kCrash); }
std::unique_ptr<FaultSettings> node_freeze_settings() { return node_settings(kFreeze); }

}  // namespace blackstart
