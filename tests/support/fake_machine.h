// A node with its power, as BMC, SSH, a TCP client and another node's ping would show it; for unit tests of the families
// `power` and `node`.
//
// Purpose: one machine with a state, told by its own clock; tests change how it behaves. Thread rule: one thread.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faults/fault.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_remote.h"
#include "tests/support/small_cloud.h"

namespace blackstart {

class FakeMachine : public Tcp, public Power {
 public:
  FakeClock clock;
  FakeRemote remote, runner;
  Cloud cloud = small_cloud({"c1", "c2"});

  // What is.
  PowerState power = PowerState::on;
  int boot = 1;
  Time up_since{0};  // when it can be reached
  // How it behaves.
  bool obeys = true;  // the BMC does what it accepts
  bool lies = false;  // and reports what was ordered
  bool bmc_answers = true;
  bool comes_up = true;      // after power is there
  bool hangs = false;        // has power, does nothing; ends with a reset
  Duration start_time = 8s;  // until it answers
  Duration order_delay{0};   // until an order has its effect
  Duration report_delay{0};  // until the BMC says that it is off
  std::string system = "running", container = "none", machine = "aaaa";
  int panic = 10;
  std::vector<std::string> services = {"ssh.service", "mariadb.service"};
  std::vector<PowerOrder> orders;
  std::string commands;  // that the node was given

  FakeMachine() {
    for (Node& node : cloud.nodes) {
      node.bmc = {"10.0.0.1" + node.name.substr(1), 623, "admin", "/password", 3};
      node.libvirt = {"qemu:///system", "lab." + node.name};
    }
    remote.on("Boot=", [this](const std::string& node, const auto&) { return state_of(node); });
    remote.on("came too late", [this](const std::string&, const std::string& command) { return ordered(command); });
    remote.on("ping", [this](const auto&, const auto&) { return reachable() ? answered("time=0.4 ms") : refused(1, ""); });
    runner.on("machine-id", answered("bbbb\n"));
  }

  FaultContext context() { return {remote, clock, cloud, *this, *this, runner, "run-1-c1"}; }
  bool reachable() {
    settle();
    return power == PowerState::on && !hangs && clock.now() >= up_since;
  }

  PowerState state(const Node& node, const Deadline&) override {
    clock.advance(30ms);
    if (node.name != "c1") return PowerState::on;
    if (!bmc_answers) throw Error(ErrorKind::unreachable, "asking " + power_channel(node), "it does not answer");
    settle();
    if (power == PowerState::off && clock.now() < off_since_ + report_delay) return PowerState::on;
    return lies && said_ ? *said_ : power;
  }
  void order(const Node&, PowerOrder order, const Deadline&) override {
    clock.advance(30ms);
    if (!bmc_answers) throw Error(ErrorKind::unreachable, "ordering", "it does not answer");
    orders.push_back(order);
    said_ = order == PowerOrder::off ? PowerState::off : PowerState::on;
    if (obeys) pending_ = {order, clock.now() + order_delay};
    settle();
  }

  TcpAttempt connect(const std::string&, int, const Deadline& deadline) override {
    if (reachable() || power == PowerState::paused) {
      clock.advance(1ms);
      return {std::make_unique<Connection>(*this, boot), false, false, ""};
    }
    clock.advance(deadline.left());
    return {nullptr, false, true, "no answer in time"};
  }

 private:
  struct Connection final : TcpConnection {
    Connection(FakeMachine& owner, int made) : machine(owner), boot(made) {}
    bool answers(const Deadline& deadline) override {
      if (machine.reachable()) return true;
      machine.clock.advance(deadline.left());
      return false;
    }
    std::optional<Time> closed_by(const Deadline& deadline) override {
      machine.clock.advance(deadline.left());
      if (machine.reachable() && machine.boot != boot) return machine.clock.now();
      return std::nullopt;
    }
    FakeMachine& machine;
    int boot;
  };

  void start() {
    power = PowerState::on, hangs = false, ++boot;
    up_since = comes_up ? clock.now() + start_time : Time::max();
  }
  void settle() {
    if (!pending_ || clock.now() < pending_->second) return;
    const PowerOrder order = pending_->first;
    pending_.reset();
    if (order == PowerOrder::off) power = PowerState::off, off_since_ = clock.now();
    if (order == PowerOrder::on && power == PowerState::off) start();
    if (order == PowerOrder::reset && power == PowerState::on) start();
    if (order == PowerOrder::suspend && power == PowerState::on) power = PowerState::paused;
    if (order == PowerOrder::resume && power == PowerState::paused) power = PowerState::on;
  }
  CommandResult state_of(const std::string& node) {
    if (node == "c1" && !reachable()) {
      clock.advance(3s);
      throw Error(ErrorKind::unreachable, "opening an SSH session to c1", "no answer in time");
    }
    std::string out = fmt::format("Boot=b/{}\nMachine={}\nSystem={}\nVirt={}\nPanic={}\nDump=0\nUptime=100\n", boot, machine,
                                  system, container, panic);
    for (const std::string& unit : services) out += "Service=" + unit + "\n";
    if (system == "starting") out += "Job=mariadb.service\n";
    return answered(out + "End=1\n");
  }
  CommandResult ordered(const std::string& command) {
    commands += command;
    if (!obeys) return answered("");
    if (command.find("poweroff") != std::string::npos) power = PowerState::off;
    if (command.find("reboot") != std::string::npos || command.find("echo b") != std::string::npos) start();
    if (command.find("echo c") != std::string::npos) {
      if (panic == 0)
        hangs = true;
      else
        start();
    }
    return answered("");
  }

  std::optional<std::pair<PowerOrder, Time>> pending_;
  std::optional<PowerState> said_;
  Time off_since_{0};
};

}  // namespace blackstart
