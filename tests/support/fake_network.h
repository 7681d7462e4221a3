// Three nodes in three sites, c1 the target: what nft, ip, ping and a watching witness would show of it; for unit tests of
// network faults.
#pragma once

#include <fmt/format.h>

#include <string>

#include "faults/fault.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_remote.h"
#include "tests/support/small_cloud.h"

namespace blackstart {

class FakeNetwork {
 public:
  static constexpr const char* kId = "20261121T071203Z-1-cut-c1";
  FakeClock clock;
  FakeRemote remote, local;
  Cloud cloud = small_cloud({"c1", "c2", "c3"});

  // The target's.
  std::string way = "198.18.10.1 45568 198.18.10.11 22", tables, chains;
  std::string addresses = "Address=lo 127.0.0.1\nAddress=mgmt0 198.18.10.11\nAddress=data0 198.18.20.11\n";
  bool table = false, obeys = true, armed = true, undo_works = true;
  int dropped = 7;  // in each chain, once it is loaded
  // As the witnesses see it.
  bool tcp = true, ping = true;
  bool silent = true;              // does the cut stop their connections?
  bool broken = false;             // is their path disturbed by somebody else?
  bool closed = false;             // did the connection end?
  bool witness_armed = false;      // an injection is open on the witness itself
  bool python = true, raw = true;  // has it python3, may it open raw sockets?
  std::string instance;            // of the process that watches; empty: none does
  Duration hangs{0};               // how long it has said nothing new
  std::string staged;

  FakeNetwork() {
    cloud.sites = {{"dc1", "", ""}, {"dc2", "", ""}, {"dc3", "", ""}};
    for (std::size_t i = 0; i < 3; ++i) {
      cloud.nodes[i].site = cloud.sites[i].name;
      cloud.nodes[i].data = fmt::format("198.18.20.1{}", i + 1);
    }
    remote.before_each([this] { clock.advance(3ms); });
    remote.on("ps -o etimes= -p 1", answered("Up=86400\nEnd=1\n"));
    remote.on("/environ", [this](const auto&, const auto&) {
      return answered("Way=" + way + "\nLink=lo\nLink=mgmt0\nLink=data0\n" + addresses + "End=1\n");
    });
    remote.on("nft list tables && {", [this](const auto&, const auto&) { return answered(tables); });
    remote.on("nft -c -f", [this](const auto&, const std::string& command) { return staged = command, answered(""); });
    remote.on("}; { nft -f /run/blackstart/", [this](const auto&, const auto&) { return load(); });
    remote.on("t=$(nft list tables)", [this](const auto&, const std::string& asked) { return answered(read(asked)); });
    remote.on("nft delete table", [this](const auto&, const auto&) {
      if (undo_works) table = false;
      return answered("");
    });
    remote.on("Armed=%s", [this](const auto&, const auto&) {
      return answered(fmt::format("Ping={}\nTcp={}\nPython={}\nArmed={}\nEnd=1\n", reached() && ping ? 0 : 1,
                                  reached() && tcp ? 0 : 1, python ? 0 : 127, witness_armed ? 1 : 0));
    });
    remote.on("Alive=%s", [this](const auto&, const auto&) {
      return answered(fmt::format("Alive={}\nEnd=1\n", instance.empty() ? 0 : 1));
    });
    remote.on("--service-type=notify", [this](const auto&, const auto&) { return instance = "a", answered(""); });
    remote.on("Watch=gone", [this](const auto&, const auto&) { return answered(watch()); });
    remote.on("rm -f /run/blackstart-witness/", answered(""));
  }

  FaultContext context() { return {remote, clock, cloud, real_tcp(), real_power(), local, kId}; }
  Deadline in(Duration length) { return {clock, length}; }
  const Node& target() const { return cloud.nodes[0]; }
  bool reached() const { return !(table && silent) && !broken; }

 private:
  CommandResult load() {
    if (!armed) return refused(1, "its dead-man is not armed");
    if (obeys) table = true, since_ = clock.now();
    return answered("");
  }
  std::string read(const std::string& asked) {
    if (!table) return "End=1\n";
    const std::string name = asked.substr(asked.find("blackstart_"), 23);
    return fmt::format(
        "Line=table inet {0} {{\nLine=  chain arriving {{\nLine=    counter packets {1} bytes 9 drop\nLine=  }}\n"
        "Line=  chain leaving {{\nLine=    counter packets {1} bytes 9 drop\nLine=  }}\nLine=}}\nEnd=1\n",
        name, dropped);
  }
  std::string watch() {
    const auto quiet = std::chrono::duration_cast<std::chrono::milliseconds>(reached() ? 0ms : clock.now() - since_).count();
    const std::string uptime = fmt::format("Uptime={:.2f}\nEnd=1\n", 1000 + std::chrono::duration<double>(hangs).count());
    if (instance.empty()) return "Watch=gone\n" + uptime;
    return fmt::format(
               "Instance={}\nStamp=1000.00\nOpen={}\nEnded={}\nUnacknowledged={}\nAnswered={}\nUnanswered={}\nTrouble={}\n",
               instance, tcp ? "yes" : "no",
               closed ? "the other end has closed it"
               : tcp  ? ""
                      : "Connection refused",
               quiet, ping && raw ? std::to_string(quiet + 100) : "", quiet, raw ? "" : "no raw socket") +
           uptime;
  }

  Time since_{0};
};

}  // namespace blackstart
