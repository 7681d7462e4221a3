// A node with one service on it, as systemd, /proc, ss and a TCP client would show it; for unit tests of faults.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>

#include "faults/fault.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_remote.h"
#include "tests/support/small_cloud.h"

namespace blackstart {

class FakeService : public Tcp {
 public:
  static constexpr const char* kUnit = "mariadb.service";

  FakeClock clock;
  FakeRemote remote;
  Node node;
  const Cloud cloud = small_cloud({"c1"});

  // What systemd shows.
  std::string id = kUnit, load = "loaded", active = "active", sub = "running";
  int pid = 1287, ticks = 5000, restarts = 0;
  char state = 'S';
  // How it behaves.
  bool obeys_signals = true, obeys_stop = true, obeys_start = true;
  bool starts_by_itself = false;  // as Restart=always does, when killed
  Duration start_time{0};         // how long it is "activating"
  bool queue_full = false;        // a frozen one accepts no more connections
  bool silent_at_rest = false;    // its port never answers anybody
  bool defers_accept = false;     // its kernel tells nobody of the end of a connection that said nothing
  bool listens = true;
  bool armed = true;     // the dead-man, as the order's guard sees it
  bool ordered = false;  // the mark that the order leaves
  int restarts_ordered = 0;
  std::string listeners =
      "LISTEN 0 80 198.18.20.11:3306 0.0.0.0:* users:((\"mariadbd\",pid=1287,fd=22))\n"
      "LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=300,fd=3))\n";
  std::string own_group = "0::/user.slice/user-0.slice/session-3.scope\n";
  int connections = 0;

  FakeService() {
    node.name = "c1";
    node.address = "198.18.10.11";
    node.data = "198.18.20.11";
    remote.before_each([this] { clock.advance(3ms); });
    remote.on("systemctl show", [this](const auto&, const auto&) { return answered(show()); });
    remote.on("--kill-who=main", [this](const auto&, const auto&) { return guarded([&] { return kill(); }); });
    remote.on("--kill-who=all -s STOP", [this](const auto&, const auto&) { return guarded([&] { return freeze(); }); });
    remote.on("--no-block stop", [this](const auto&, const auto&) { return guarded([&] { return stop(); }); });
    remote.on("--kill-who=all -s CONT", [this](const auto&, const std::string& asked) { return thaw_and_start(asked); });
    remote.on("/proc/self/cgroup", [this](const auto&, const auto&) { return answered(own_group); });
    remote.on("ss -Hltnp", [this](const auto&, const auto&) { return answered(listeners); });
  }

  static constexpr const char* kId = "20261121T071203Z-1-kill-writer-c1";
  FaultContext context() { return {remote, clock, cloud, *this, real_power(), local_shell(), kId}; }
  Deadline in(Duration length) { return {clock, length}; }

  void end(const std::string& how) {
    active = how;
    sub = how == "failed" ? "failed" : "dead";
    pid = 0;
    ++generation_;
  }
  void begin() {
    active = start_time > 0s ? "activating" : "active";
    sub = start_time > 0s ? "start" : "running";
    up_at_ = clock.now() + start_time;
    pid = ++last_pid_;
    ticks += 777;
    state = 'S';
  }

  TcpAttempt connect(const std::string& host, int port, const Deadline& deadline) override {
    clock.advance(1ms);
    ++connections;
    if ((host != node.data && host != node.address) || port != 3306 || !serves())
      return {nullptr, true, false, "Connection refused"};
    if (queue_full && state == 'T') {
      clock.advance(deadline.left());
      return {nullptr, false, true, "no answer in time"};
    }
    return {std::make_unique<Connection>(*this), false, false, ""};
  }

 private:
  struct Connection final : TcpConnection {
    explicit Connection(FakeService& to) : service(to), generation(to.generation_) {}
    bool answers(const Deadline& deadline) override {
      const bool yes = generation == service.generation_ && service.state != 'T' && !service.silent_at_rest;
      service.clock.advance(yes ? std::min<Duration>(2ms, deadline.left()) : deadline.left());
      return yes;
    }
    std::optional<Time> closed_by(const Deadline& deadline) override {
      if (generation != service.generation_ && !service.defers_accept) return service.clock.now();
      service.clock.advance(deadline.left());
      return std::nullopt;
    }
    FakeService& service;
    int generation;
  };

  bool serves() {
    come_up();
    return pid != 0 && active == "active" && listens;
  }
  void come_up() {
    if (active != "activating" || clock.now() < up_at_) return;
    active = "active";
    sub = "running";
  }
  template <class Order>
  CommandResult guarded(Order order) {
    if (!armed) return refused(1, "its dead-man is not armed");
    ordered = true;
    return order();
  }
  CommandResult kill() {
    if (!obeys_signals) return answered("");
    end("failed");
    if (starts_by_itself) {
      ++restarts;
      begin();
    }
    return answered("");
  }
  CommandResult freeze() {
    if (obeys_signals) state = 'T';
    return answered("");
  }
  CommandResult stop() {
    if (obeys_stop) end("inactive");
    return answered("");
  }
  CommandResult thaw_and_start(const std::string& asked) {
    if (obeys_signals && state == 'T') state = 'S';
    const bool port_open = asked.find("ss -Hltn") != std::string::npos && listens && pid != 0;
    if (ordered && !port_open && asked.find(fmt::format("grep -qx MainPID={};", pid)) != std::string::npos) {
      ++restarts_ordered;
      end("inactive");
    }
    if (obeys_start && active != "active" && active != "activating") begin();
    return answered("");
  }
  std::string show() {
    come_up();
    std::string out = fmt::format(
        "MainPID={}\nNRestarts={}\nExecMainStartTimestampMonotonic={}\nId={}\nLoadState={}\nActiveState={}\n"
        "SubState={}\nStat=",
        pid, restarts, ticks * 10000LL, id, load, active, sub);
    if (pid) out += fmt::format("{} (maria) db) {} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 {} 99 98", pid, state, ticks);
    return out + "\nEnd=1\n";
  }

  int generation_ = 0;
  int last_pid_ = 1500;
  Time up_at_{0};
};

}  // namespace blackstart
