// Nodes with a service and a dead-man each, as systemd shows them to the undo; for tests of the injector.
//
// Purpose: the fault is the test's own, the undo the real one ("service.running"). Thread rule: any thread.
#pragma once

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <string>

#include "tests/support/fake_remote.h"

namespace blackstart {

class FakeNodes {
 public:
  struct Machine {
    bool runs = true;    // the service
    bool starts = true;  // when it is ordered to
    bool armed = false;  // the dead-man's timer
    bool can_be_armed = true;
    std::string fired;  // the time in the dead-man's mark
    int starts_ordered = 0;
  };

  FakeNodes() {
    remote.on("systemctl show", [this](const std::string& node, const std::string&) { return answered(state(node)); });
    remote.on("--kill-who=all -s CONT", [this](const std::string& node, const std::string&) { return start(node); });
    remote.on("printf 'Timer=",
              [this](const std::string& node, const std::string& command) { return dead_man(node, command); });
    remote.on("systemd-run", [this](const std::string& node, const std::string&) { return arm(node); });
    remote.on("rm -f /run/blackstart/", answered(""));
  }

  FakeRemote remote;

  Machine get(const std::string& node) {
    const std::lock_guard lock(mutex_);
    return machines_[node];
  }
  template <class Change>
  void set(const std::string& node, Change change) {
    const std::lock_guard lock(mutex_);
    change(machines_[node]);
  }

 private:
  std::string state(const std::string& node) {
    const std::lock_guard lock(mutex_);
    const bool runs = machines_[node].runs;
    return fmt::format(
        "MainPID={}\nNRestarts=0\nExecMainStartTimestampMonotonic=50000000\nId=a.service\nLoadState=loaded\nActiveState={}\n"
        "SubState={}\nStat={}\nEnd=1\n",
        runs ? 1287 : 0, runs ? "active" : "failed", runs ? "running" : "dead",
        runs ? "1287 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 5000 99 98" : "");
  }
  CommandResult start(const std::string& node) {
    const std::lock_guard lock(mutex_);
    Machine& machine = machines_[node];
    ++machine.starts_ordered;
    machine.runs = machine.runs || machine.starts;
    return answered("");
  }
  CommandResult dead_man(const std::string& node, const std::string& command) {
    const std::lock_guard lock(mutex_);
    Machine& machine = machines_[node];
    if (command.find("systemctl stop blackstart-") != std::string::npos) machine.armed = false;
    return answered(fmt::format("Timer={}\nService=inactive\nFired={}\nOrdered=no\nDisarmed=no\nEnd=1\n",
                                machine.armed ? "active" : "inactive", machine.fired));
  }
  CommandResult arm(const std::string& node) {
    const std::lock_guard lock(mutex_);
    Machine& machine = machines_[node];
    if (!machine.can_be_armed) return refused(1, "Failed to start transient timer unit");
    machine.armed = true;
    return answered("");
  }

  std::mutex mutex_;
  std::map<std::string, Machine> machines_;
};

}  // namespace blackstart
