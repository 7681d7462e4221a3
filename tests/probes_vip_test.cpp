// Who holds a virtual IP: ARP as bytes, the probe on a network of the test's own, and over SSH with a fake.
#include "probes/vip_probe.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <optional>

#include "base/error.h"
#include "probes/arp_looks.h"
#include "probes/vip_looks.h"
#include "reports/holders.h"
#include "tests/support/error_of.h"
#include "tests/support/recorder.h"
#include "tests/support/small_network.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

constexpr Mac kUs{0x02, 1, 2, 3, 4, 5}, kNode{0x02, 9, 9, 9, 9, 9};
constexpr std::uint32_t kAddress = 0xC612FA0A;  // 198.18.250.10
const char* const kVip = "198.18.250.10";

std::vector<std::uint8_t> answer() {
  std::vector<std::uint8_t> frame = arp_question(kUs, 0);
  std::copy(kUs.begin(), kUs.end(), frame.begin());
  frame[21] = 2;  // a reply
  std::copy(kNode.begin(), kNode.end(), frame.begin() + 22);
  const std::uint8_t address[]{198, 18, 250, 10};
  std::copy(std::begin(address), std::end(address), frame.begin() + 28);
  std::copy(kUs.begin(), kUs.end(), frame.begin() + 32);
  return frame;
}

// One on an interface that answers when the test says so.
struct SlowHolder {
  explicit SlowHolder(const char* interface) : fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(0x0806))) {
    sockaddr_ll place{};
    place.sll_family = AF_PACKET;
    place.sll_protocol = htons(0x0806);
    place.sll_ifindex = static_cast<int>(::if_nametoindex(interface));
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&place), sizeof place) == 0);
  }
  ~SlowHolder() { ::close(fd); }
  SlowHolder(const SlowHolder&) = delete;
  SlowHolder& operator=(const SlowHolder&) = delete;

  // Who asks for the address; what it says itself comes by here too.
  Mac asked() const {
    for (;;) {
      std::array<std::uint8_t, 256> frame{};
      REQUIRE(::recv(fd, frame.data(), frame.size(), 0) >= 42);
      Mac from{};
      std::copy_n(frame.begin() + 22, from.size(), from.begin());
      if (frame[21] == 1 && frame[41] == (kAddress & 0xffU)) return from;
    }
  }
  void answer(const Mac& to) const {
    auto frame = ::answer();
    std::copy(to.begin(), to.end(), frame.begin());
    std::copy(kNode.begin(), kNode.end(), frame.begin() + 6);
    std::copy(to.begin(), to.end(), frame.begin() + 32);
    REQUIRE(::send(fd, frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size()));
  }

  int fd;
};

std::optional<ArpAnswer> heard(const std::vector<std::uint8_t>& frame) { return arp_answer(frame.data(), frame.size(), kUs); }

Cloud cloud() {
  Cloud cloud;
  cloud.name = "here";
  cloud.vip = kVip;
  for (const char* name : {"c1", "c2"}) {
    Node node;
    node.name = name;
    node.address = "127.0.0.1";
    node.data = name == std::string("c1") ? "198.18.250.11" : "198.18.250.12";
    cloud.nodes.push_back(node);
  }
  return cloud;
}

// Two nodes on a network, and the probe on it.
struct Watched {
  Watched() {
    network.give("c1", "198.18.250.11");
    network.give("c2", "198.18.250.12");
    network.give("c1", kVip);
    settings.rate = 10;
    probe = settings.make("vip", cloud());
    probe->report_holders([this](const Holders& holders) {
      seen.push_back(holders);
      seen.back().probe = "vip";
    });
  }
  void start() {
    probe->preflight(Deadline(real_clock(), 10s));
    probe->start(real_clock(), real_clock().now(), sink);
  }
  Holding stop() {
    ProbeRecord record;
    record.info = probe->info();
    record.stopped = probe->stop().stopped;
    return holding_of(record, seen);
  }
  std::size_t count(std::uint16_t error) const {
    return static_cast<std::size_t>(
        std::count_if(sink.operations.begin(), sink.operations.end(), [&](auto& o) { return o.error == error; }));
  }

  test::SmallNetwork network{{"c1", "c2"}};
  VipSettings settings;
  std::unique_ptr<Probe> probe;
  Recorder sink;
  std::vector<Holders> seen;
};

using Names = std::vector<std::string>;

// Nodes that say by `ip address` whether they have it.
struct FakeNodes final : Remote {
  CommandResult run(const std::string& node, const std::string& command, const Deadline&) override {
    if (command != "ip -o -4 address show to 198.18.250.10/32") throw Error(ErrorKind::internal, "a fake node", command);
    if (node == without_memory) throw std::bad_alloc();
    if (node == silent) throw Error(ErrorKind::unreachable, "asking " + node, "no answer");
    CommandResult result;
    result.exit_code = node == broken ? 127 : 0;
    result.out = std::count(holders.begin(), holders.end(), node) > 0 ? "2: data0    inet 198.18.250.10/24\n" : "";
    return result;
  }
  Names holders;
  std::string silent, broken, without_memory;
};

VipSeen ask(FakeNodes& nodes) {
  boost::asio::io_context io{1};
  const auto looks = make_node_looks(io, nodes, kVip, {"c1", "c2", "c3"});
  std::optional<VipSeen> seen;
  looks->look(Deadline(real_clock(), 5s), [&](const VipSeen& told) { seen = told; });
  while (!seen) io.run_one();
  return *seen;
}

}  // namespace

TEST_CASE("an ARP question is one by RFC 826, from nobody's address", "[vip]") {
  const auto frame = arp_question(kUs, kAddress);
  REQUIRE(frame.size() == 42);
  CHECK(std::all_of(frame.begin(), frame.begin() + 6, [](std::uint8_t byte) { return byte == 0xff; }));
  CHECK(std::equal(kUs.begin(), kUs.end(), frame.begin() + 6));
  CHECK(std::vector<std::uint8_t>(frame.begin() + 12, frame.begin() + 22) ==
        std::vector<std::uint8_t>{0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1});
  CHECK(std::all_of(frame.begin() + 28, frame.begin() + 38, [](std::uint8_t byte) { return byte == 0; }));
  CHECK(std::vector<std::uint8_t>(frame.begin() + 38, frame.end()) == std::vector<std::uint8_t>{198, 18, 250, 10});
}

TEST_CASE("only a whole answer to our question is one", "[vip]") {
  CHECK(heard(answer()) == ArpAnswer{kNode, kAddress});
  for (std::size_t size = 0; size < 42; ++size) CHECK_FALSE(arp_answer(answer().data(), size, kUs));
  for (std::size_t at = 12; at < 22; ++at) {
    auto damaged = answer();
    damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ 1U);
    CHECK_FALSE(heard(damaged));
  }
  auto to_another = answer();
  to_another[32] ^= 1U;
  CHECK_FALSE(heard(to_another));
}

TEST_CASE("MACs of VRRP are those of its range", "[vip]") {
  CHECK(is_virtual({0x00, 0x00, 0x5e, 0x00, 0x01, 0x33}));
  CHECK_FALSE(is_virtual({0x00, 0x00, 0x5e, 0x00, 0x02, 0x33}));
  CHECK(mac_text(kUs) == "02:01:02:03:04:05");
}

TEST_CASE("a handover is seen: from whom, to whom, and when nobody had it", "[vip]") {
  test::on_own_thread([] {
    Watched watched;
    watched.start();
    real_clock().pause(400ms);
    watched.network.take("c1", kVip);
    real_clock().pause(400ms);
    watched.network.give("c2", kVip);
    real_clock().pause(400ms);
    const Holding holding = watched.stop();
    CHECK(holding.first == "c1");
    CHECK(holding.last == "c2");
    REQUIRE(holding.handovers.size() == 1);
    CHECK(holding.handovers[0].from == "c1");
    CHECK(holding.handovers[0].to == "c2");
    const Duration gone = holding.handovers[0].when.to - holding.handovers[0].when.from;
    CHECK(gone > 300ms);
    CHECK(gone < 5s);
    CHECK(holding.conflicts.empty());
    CHECK(holding.sound());
    CHECK(watched.count(kTimedOut) >= 2);
    CHECK(watched.sink.operations.front().outcome == Outcome::ok);
    CHECK(watched.sink.operations.back().outcome == Outcome::ok);
  });
}

TEST_CASE("two holders at once are seen as such, and told apart", "[vip]") {
  test::on_own_thread([] {
    Watched watched;
    watched.start();
    real_clock().pause(300ms);
    watched.network.give("c2", kVip);
    real_clock().pause(500ms);
    watched.network.take("c2", kVip);
    real_clock().pause(300ms);
    const Holding holding = watched.stop();
    REQUIRE_FALSE(holding.conflicts.empty());
    CHECK(holding.conflicts[0].names == Names{"c1", "c2"});
    CHECK(holding.conflicted >= 300ms);
    CHECK_FALSE(holding.sound());
    CHECK(holding.handovers.empty());
    CHECK(watched.count(kTwoHolders) >= 3);
  });
}

TEST_CASE("an answer that comes too late counts for its own look only", "[vip]") {
  test::on_own_thread([] {
    const test::SmallNetwork network({"c1"});
    const SlowHolder holder("c1");
    boost::asio::io_context io{1};
    ArpLooks looks(io, "net");
    const auto look = [&](const auto& meanwhile) {
      std::optional<std::vector<Mac>> macs;
      looks.ask(kAddress, Deadline(real_clock(), 200ms), [&](const ArpLooks::Seen& seen) { macs = seen.macs; });
      meanwhile(holder.asked());
      while (!macs) io.run_one();
      return *macs;
    };
    Mac first{};
    CHECK(look([&](const Mac& from) { first = from; }).empty());
    CHECK(look([&](const Mac&) { holder.answer(first); }).empty());
    CHECK(look([&](const Mac& from) { holder.answer(from); }) == std::vector<Mac>{kNode});
  });
}

// Whoever asks must not repair what is broken: this machine's own table stays as wrong as every other client's.
TEST_CASE("looking does not teach this machine who has the address", "[vip]") {
  test::on_own_thread([] {
    Watched watched;
    run_checked("teaching", {"ip", "neigh", "replace", kVip, "lladdr", "02:00:00:00:00:77", "dev", "net", "nud", "reachable"},
                5s);
    watched.start();
    real_clock().pause(1500ms);  // longer than an entry is locked against changes
    watched.stop();
    CHECK_THAT(run_checked("looking", {"ip", "neigh", "show", kVip, "dev", "net"}, 5s), Contains("02:00:00:00:00:77"));
    CHECK(watched.count(0) >= 10);
  });
}

TEST_CASE("preflight wants exactly one holder", "[vip]") {
  test::on_own_thread([] {
    Watched watched;
    const auto preflight = [&] { watched.probe->preflight(Deadline(real_clock(), 10s)); };
    CHECK_NOTHROW(preflight());
    watched.network.give("c2", kVip);
    CHECK_THAT(error_of(preflight).what(), Contains("c1, c2 have it at once"));
    watched.network.take("c2", kVip);
    watched.network.take("c1", kVip);
    CHECK_THAT(error_of(preflight).what(), Contains("nobody answers ARP for it on net") && Contains("way: nodes"));
  });
}

TEST_CASE("a network that this machine does not stand in is said", "[vip]") {
  CHECK_THAT(error_of([] { interface_towards("203.0.113.7"); }).what(),
             Contains("no interface in it") && Contains("way: nodes"));
  CHECK_THAT(error_of([] { interface_towards("vip.example"); }).what(), Contains("no IPv4 address"));
  boost::asio::io_context io;
  CHECK_THAT(error_of([&] { ArpLooks(io, "nosuch0"); }).what(), Contains("no such interface"));
}

TEST_CASE("nodes are asked over SSH: those that have it, and those that can't say", "[vip]") {
  FakeNodes nodes;
  CHECK(ask(nodes).holders.empty());
  nodes.holders = {"c2"};
  CHECK(ask(nodes).holders == Names{"c2"});
  nodes.holders = {"c3", "c1"};
  CHECK(ask(nodes).holders == Names{"c1", "c3"});
  CHECK(ask(nodes).silent.empty());
  nodes.silent = "c3";
  CHECK(ask(nodes).holders == Names{"c1"});
  CHECK(ask(nodes).silent == Names{"c3"});
  nodes.broken = "c1";
  CHECK(ask(nodes).holders.empty());
  CHECK(ask(nodes).silent == Names{"c1", "c3"});
}

TEST_CASE("what goes wrong here while a node is asked makes it silent, no more", "[vip]") {
  FakeNodes nodes;
  nodes.holders = {"c2"};
  nodes.without_memory = "c1";
  CHECK(ask(nodes).holders == Names{"c2"});
  CHECK(ask(nodes).silent == Names{"c1"});
}

namespace {

// Looks that see what the test says.
struct FakeLooks final : VipLooks {
  explicit FakeLooks(const VipSeen& seen_) : seen(seen_) {}
  void look(const Deadline&, Done done) override { done(seen); }
  const VipSeen& seen;
};

struct Looking {
  Outcome at(const Names& holders, const Names& silent) {
    seen = {holders, 0, silent};
    Outcome outcome = Outcome::unsent;
    Operation operation;
    operation.sent = ++sent;
    workload->send(operation, Deadline(real_clock(), 1s), [&](Workload::Result result) { outcome = result.outcome; });
    return outcome;
  }
  VipSeen seen;
  Time sent{0};
  std::vector<Names> told;
  std::unique_ptr<Workload> workload = make_vip_workload(std::make_unique<FakeLooks>(seen), real_clock().now(),
                                                         [this](const Holders& holders) { told.push_back(holders.names); });
};

}  // namespace

TEST_CASE("a look at which a node was silent is not good, and takes back nothing that was seen", "[vip]") {
  Looking look;
  CHECK(look.at({"c1"}, {}) == Outcome::ok);
  CHECK(look.at({"c1"}, {"c2"}) == Outcome::indeterminate);
  CHECK(look.at({}, {"c1"}) == Outcome::indeterminate);
  CHECK(look.told == std::vector<Names>{{"c1"}});
  CHECK(look.at({"c2"}, {"c1"}) == Outcome::indeterminate);  // c1 has crashed, c2 took it over
  CHECK(look.at({"c2", "c3"}, {"c1"}) == Outcome::failed);
  CHECK(look.at({"c2"}, {"c1", "c3"}) == Outcome::indeterminate);
  CHECK(look.told == std::vector<Names>{{"c1"}, {"c2"}, {"c2", "c3"}});
  CHECK(look.at({"c2"}, {}) == Outcome::ok);
  CHECK(look.at({}, {}) == Outcome::failed);
  CHECK(look.told == std::vector<Names>{{"c1"}, {"c2"}, {"c2", "c3"}, {"c2"}, {}});
}

TEST_CASE("nothing but an address gets into a command", "[vip]") {
  boost::asio::io_context io{1};
  FakeNodes nodes;
  for (const char* bad : {"198.18.250.10; reboot", "$(reboot)", "vip.example", "", "198.18.250.10/24", "198.18.250.10\n"})
    CHECK_THAT(error_of([&] { make_node_looks(io, nodes, bad, {"c1"}); }).what(), Contains("is no IPv4 address"));
  CHECK_NOTHROW(make_node_looks(io, nodes, kVip, {"c1"}));
}

TEST_CASE("settings of a vip probe that make no sense are refused", "[vip]") {
  CHECK_THAT(error_of([] { VipSettings().make("vip", Cloud{}); }).what(), Contains("names no 'vip'"));
  VipSettings unknown;
  unknown.nodes = {"c3"};
  CHECK_THAT(error_of([&] { unknown.make("vip", cloud()); }).what(), Contains("has no node 'c3'"));
  const auto read = [](const std::string& text, VipSettings& s) {
    read_text(text, "vip.yaml", [&](Fields& f) { s.describe(f); });
  };
  VipSettings slow;
  CHECK_THAT(error_of([&] { read("rate: 20/s\ndeadline: 90ms\n", slow); }).what(),
             Contains("longer than the time between two looks"));
  VipSettings asked;
  read("way: nodes\n", asked);
  CHECK(asked.rate == 1);
  CHECK(asked.limits.deadline == 1s);
  CHECK_THAT(asked.make("vip", cloud())->info().description, Contains("asked over SSH"));
}
