// Pings: the bytes of an echo, and the probe on this machine's loopback (which takes the right to raw sockets: tests run as
// root).
#include "probes/latency.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/error.h"
#include "probes/echo_packet.h"
#include "reports/stream.h"
#include "tests/support/error_of.h"
#include "tests/support/recorder.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

// The reply that a host would send: type 0 instead of 8, so the checksum is 0x0800 more; behind an IPv4 header of 20 bytes.
std::vector<std::uint8_t> reply_to(const Echo& echo) {
  std::vector<std::uint8_t> icmp = echo_request(echo);
  icmp[0] = 0;
  std::uint32_t sum = static_cast<std::uint32_t>(icmp[2] << 8 | icmp[3]) + 0x0800;
  sum = (sum & 0xFFFF) + (sum >> 16);
  icmp[2] = static_cast<std::uint8_t>(sum >> 8);
  icmp[3] = static_cast<std::uint8_t>(sum);
  std::vector<std::uint8_t> packet(20 + icmp.size());
  packet[0] = 0x45;
  std::copy(icmp.begin(), icmp.end(), packet.begin() + 20);
  return packet;
}

constexpr Echo kEcho{0x1122334455667788, 77};

std::optional<Echo> heard(const std::vector<std::uint8_t>& packet) { return echo_reply(packet.data(), packet.size()); }

Cloud cloud() {
  Cloud cloud;
  cloud.name = "here";
  for (const char* name : {"n1", "n2"}) {
    Node node;
    node.name = name;
    node.address = "127.0.0.1";
    node.data = name == std::string("n1") ? "127.0.0.11" : "127.0.0.12";
    cloud.nodes.push_back(node);
  }
  return cloud;
}

LatencySettings settings() {
  LatencySettings s;
  s.rate = 100;
  return s;
}

// Pings for as long as each series has so many due.
std::vector<Operation> ping(const LatencySettings& s, int operations) {
  Recorder sink;
  const auto probe = s.make("net", cloud());
  probe->start(real_clock(), real_clock().now(), sink);
  real_clock().pause(from_seconds(operations / s.rate));
  probe->stop();
  return sink.operations;
}

}  // namespace

TEST_CASE("an echo request is one by RFC 792, and its reply brings it back", "[latency]") {
  const auto request = echo_request(kEcho);
  REQUIRE(request.size() == 24);
  CHECK(request[0] == 8);
  CHECK(request[1] == 0);
  CHECK((request[4] << 8 | request[5]) == 0x7788);  // identifier
  CHECK((request[6] << 8 | request[7]) == 77);      // sequence number
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at < request.size(); at += 2) sum += static_cast<std::uint32_t>(request[at] << 8 | request[at + 1]);
  while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
  CHECK(sum == 0xFFFF);
  CHECK(heard(reply_to(kEcho)) == kEcho);
}

TEST_CASE("what is no whole echo reply is none", "[latency]") {
  const auto reply = reply_to(kEcho);
  for (std::size_t size = 0; size < reply.size(); ++size) CHECK_FALSE(echo_reply(reply.data(), size));
  for (std::size_t at = 20; at < reply.size(); ++at) {
    auto damaged = reply;
    damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ 0x10U);
    CHECK_FALSE(heard(damaged));
  }
  auto request = reply;
  request[20] = 8;
  CHECK_FALSE(heard(request));
  auto header = reply;
  header[0] = 0x4F;  // a header of 60 bytes: the packet ends before its ICMP does
  CHECK_FALSE(heard(header));
  header[0] = 0x41;
  CHECK_FALSE(heard(header));
}

TEST_CASE("every node is a series, at its data or its management address", "[latency]") {
  LatencySettings s = settings();
  const ProbeInfo all = s.make("net", cloud())->info();
  CHECK(all.kind == "latency");
  REQUIRE(all.series.size() == 2);
  CHECK(all.series[1].name == "n2");
  CHECK(all.series[1].rate == 100);
  CHECK_FALSE(all.audited);
  s.nodes = {"n2"};
  s.addresses = {"127.0.0.99"};
  const ProbeInfo some = s.make("net", cloud())->info();
  REQUIRE(some.series.size() == 2);
  CHECK(some.series[0].name == "n2");
  CHECK(some.series[1].name == "127.0.0.99");
}

TEST_CASE("targets that can't be pinged are refused with a reason", "[latency]") {
  LatencySettings s = settings();
  s.nodes = {"n3"};
  CHECK_THAT(error_of([&] { s.make("net", cloud()); }).what(), Contains("cloud 'here' has no node 'n3'"));
  s.nodes = {"n1", "n1"};
  CHECK_THAT(error_of([&] { s.make("net", cloud()); }).what(), Contains("'n1' is named twice"));
  s.nodes = {};
  s.addresses = {"node.example"};
  CHECK_THAT(error_of([&] { s.make("net", cloud()); }).what(), Contains("'node.example' is no IPv4 address"));
  s.addresses = {};
  s.rate = 1000;
  s.limits.deadline = 10s;
  CHECK_THAT(error_of([&] { s.make("net", cloud()); }).what(), Contains("20000 pings"));
  CHECK_THAT(error_of([] { settings().make("net", Cloud{}); }).what(), Contains("nothing to ping"));
}

TEST_CASE("pings over loopback come back, each once", "[latency]") {
  const auto operations = ping(settings(), 20);
  CHECK(operations.size() >= 20);
  for (const Operation& o : operations) {
    CHECK(o.outcome == Outcome::ok);
    CHECK(o.done >= o.sent);
    CHECK(o.done - o.sent < 1s);
  }
}

// To the broadcast address the kernel does not send without being asked to: nothing leaves this machine.
TEST_CASE("a ping that the system does not send is refused, not lost", "[latency]") {
  LatencySettings s = settings();
  s.addresses = {"127.255.255.255"};
  const auto operations = ping(s, 5);
  REQUIRE_FALSE(operations.empty());
  CHECK(operations[0].outcome == Outcome::failed);
  CHECK(operations[0].error == kRefused);
  CHECK_THAT(error_of([&] { s.make("net", cloud())->preflight(Deadline(real_clock(), 5s)); }).what(),
             Contains("pinging 127.255.255.255") && Contains("no answer to 3 pings"));
}

TEST_CASE("preflight pings each node", "[latency]") {
  CHECK_NOTHROW(settings().make("net", cloud())->preflight(Deadline(real_clock(), 10s)));
}

TEST_CASE("without the right to raw sockets preflight says what to do", "[latency]") {
  const auto probe = settings().make("net", cloud());
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (::setresuid(65534, 65534, 65534) != 0) ::_exit(1);
    try {
      probe->preflight(Deadline(real_clock(), 5s));
    } catch (const Error& error) {
      ::_exit(error.hint().find("CAP_NET_RAW") != std::string::npos ? 42 : 2);
    }
    ::_exit(3);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 42);
}
