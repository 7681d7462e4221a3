// Virtual machines of a lab: a kernel of their own, with what containers on the same host may lack. w1, a container, looks on.
#include <catch2/catch.hpp>
#include <regex>

#include "tests/rehearsal/support.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

constexpr auto kBoot = 240s;  // emulated, on a busy host

std::string address(const std::string& node) { return cloud().find(node)->data_address(); }

// Median of eleven round trips from w1, in milliseconds.
double round_trip(const std::string& node) {
  const std::string out = on_node("w1", "ping -n -c 11 -i 0.2 " + address(node));
  const std::regex time("time=([0-9.]+)");
  std::vector<double> all;
  for (std::sregex_iterator at(out.begin(), out.end(), time), end; at != end; ++at) all.push_back(std::stod((*at)[1]));
  INFO(out);
  REQUIRE(all.size() >= 9);
  std::nth_element(all.begin(), all.begin() + 5, all.end());
  return all[5];
}

std::string boot_id(const std::string& node) { return on_node(node, "cat /proc/sys/kernel/random/boot_id"); }

// Nothing while it boots.
std::string boot_id_or_nothing(const std::string& node) {
  return run_process(
             {BLACKSTART_BINARY, "lab", "exec", node, "--lab", cloud().name, "--", "cat", "/proc/sys/kernel/random/boot_id"},
             20s)
      .out;
}

}  // namespace

TEST_CASE("each machine has a kernel of its own, and nothing failed while it booted") {
  const std::string hosts = on_node("w1", "uname -r");
  for (const char* node : {"c1", "c2"}) {
    CHECK_THAT(on_node(node, "uname -r"), Catch::Contains("-cloud-amd64"));
    CHECK(on_node(node, "uname -r") != hosts);
    CHECK(on_node(node, "cat /sys/class/net/data0/address /sys/class/net/mgmt0/address | wc -l") == "2\n");
    wait_on_node(node, "systemctl is-system-running; systemctl --failed --no-legend", "running\n", kBoot);
  }
  CHECK(boot_id("c1") != boot_id("c2"));
}

TEST_CASE("netem in a machine is seen by others, and gone when it is deleted") {
  const double before = round_trip("c1");
  on_node("c1", "tc qdisc add dev data0 root handle b1ac: netem delay 100ms");
  const double during = round_trip("c1"), other = round_trip("c2");
  on_node("c1", "tc qdisc del dev data0 root");
  INFO("before " << before << " ms, during " << during << " ms, the other machine " << other << " ms");
  CHECK(during > before + 90);
  CHECK(during < before + 130);
  CHECK(other < 90);
  CHECK(round_trip("c1") < 90);
}

TEST_CASE("every module that faults need is there") {
  for (const char* module : {"sch_netem", "ifb", "act_mirred", "cls_matchall", "cls_u32", "cls_flower", "sch_htb", "sch_tbf",
                             "sch_prio", "sch_ingress", "nf_tables", "nft_numgen", "nft_limit", "tcp_diag"})
    CHECK(on_node("c2", "modprobe " + std::string(module) + " && echo there") == "there\n");
}

TEST_CASE("a machine's clock is its own") {
  const std::time_t before = std::time(nullptr);
  on_node("c2", "date -s '+1 hour' >/dev/null");
  const long skewed = std::stol(on_node("c2", "date +%s"));
  on_node("c2", "date -s '-1 hour' >/dev/null");
  CHECK(skewed >= before + 3600);
  CHECK(std::time(nullptr) < before + 1800);
  CHECK(std::abs(std::stol(on_node("c2", "date +%s")) - std::time(nullptr)) < 60);
}

TEST_CASE("a machine that is reset comes back as it was: same addresses, and its files as it changed them") {
  const std::string before = boot_id("c2");
  on_node("c2", "echo '198.18.122.99 changed' >> /etc/hosts; sync");
  run_checked("resetting c2", {"virsh", "-q", "-c", "qemu:///system", "reset", cloud().name + ".c2"}, 30s);
  std::string now;
  const bool back = wait_until(
      [&] {
        now = boot_id_or_nothing("c2");
        return !now.empty() && now != before;
      },
      Deadline(real_clock(), kBoot), 500ms);
  INFO("boot id before " << before << " now " << now);
  REQUIRE(back);
  CHECK_THAT(on_node("c2", "cat /etc/hosts"), Catch::Contains("198.18.122.99 changed"));
  on_node("c2", "sed -i '/198.18.122.99/d' /etc/hosts");
  CHECK(round_trip("c2") < 90);
  wait_on_node("c2", "systemctl is-system-running", "running\n", kBoot);
}
