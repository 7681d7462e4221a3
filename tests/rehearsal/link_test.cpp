// Links cut and flapping, on the node and at the switch: effect and undo as a third node sees them, by other means than the
// fault's own evidence.
#include <catch2/catch.hpp>

#include "tests/rehearsal/injected.h"

using namespace blackstart;
using namespace blackstart::rehearsal;
using Catch::Matchers::Contains;

namespace {

std::string data_of(const std::string& node) { return cloud().find(node)->data_address(); }

bool pings(const std::string& from, const std::string& to) {
  return on_node(from, "ping -n -c 2 -i 0.2 -W 1 " + data_of(to) + " >/dev/null && echo yes || echo no") == "yes\n";
}

// Can a datagram get there? It needs no answer, so that each direction is seen by itself.
bool datagram_arrives(const std::string& from, const std::string& to) {
  on_node(to, "rm -f /run/seen; systemd-run --quiet --collect --unit=test-listen socat -u UDP-RECV:7777 CREATE:/run/seen");
  on_node(to, "until ss -Hlun 'sport = :7777' | grep -q 7777; do sleep 0.05; done");
  on_node(from, "for i in 1 2 3; do echo hello | socat -u - UDP:" + data_of(to) + ":7777 2>/dev/null; sleep 0.1; done; true");
  return on_node(to, "systemctl stop test-listen; grep -c hello /run/seen; rm -f /run/seen") != "0\n";
}

// A connection from c2 to c3 that stays open over the fault: speaks every 100 ms and writes down what comes back.
class Talk {
 public:
  Talk() {
    on_node("c3", "systemd-run --quiet --collect --unit=test-echo socat TCP-LISTEN:7778,reuseaddr,fork EXEC:cat");
    on_node("c3", "until ss -Hltn 'sport = :7778' | grep -q 7778; do sleep 0.05; done");
    on_node("c2",
            "systemd-run --quiet --collect --unit=test-talk /bin/sh -c 'while :; do echo x; sleep 0.1; done | socat - TCP:" +
                data_of("c3") + ":7778 >/run/talk'");
    on_node("c2", "until [ -s /run/talk ]; do sleep 0.05; done");
  }
  ~Talk() {
    on_node("c2", "systemctl stop test-talk; rm -f /run/talk");
    on_node("c3", "systemctl stop test-echo");
  }
  bool goes_on() const {
    return on_node("c2", "a=$(wc -c </run/talk); sleep 0.7; b=$(wc -c </run/talk); [ $b -gt $a ] && echo yes || echo no") ==
           "yes\n";
  }
  bool same_connection() const { return on_node("c2", "systemctl is-active test-talk || true") == "active\n"; }
};

std::string refusal(const std::string& fault, const std::string& yaml, const std::string& node = "c3") {
  try {
    Injected(fault, yaml, {node}).preflight();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("link.cut: an open connection stalls, pings stop, and both go on after the undo", "[lab]") {
  const std::string form =
      GENERATE("{form: silent}", "{form: carrier}", "{form: silent, via: switch}", "{form: carrier, via: switch}");
  INFO(form);
  {
    const Talk talk;
    Injected cut("link.cut", form, {"c3"});
    require_all(cut.inject(), 3);
    CHECK_FALSE(pings("c2", "c3"));
    CHECK_FALSE(talk.goes_on());
    CHECK(on_node("c3", "echo reached") == "reached\n");
    CHECK(pings("c1", "c2"));
    require_all(cut.undo(), 2);
    CHECK(pings("c2", "c3"));
    CHECK(wait_until([&] { return talk.goes_on(); }, Deadline(real_clock(), 20s), 100ms));
    CHECK(talk.same_connection());
  }
}

TEST_CASE("link.cut, carrier: routes that the kernel drops with the link come back", "[lab]") {
  on_node("c3", "ip route add 203.0.113.0/24 via " + data_of("c2") + " dev data0");
  {
    Injected cut("link.cut", "form: carrier", {"c3"});
    require_all(cut.inject(), 3);
    CHECK(on_node("c3", "ip route show 203.0.113.0/24") == "");
    require_all(cut.undo(), 2);
  }
  CHECK_THAT(on_node("c3", "ip route show 203.0.113.0/24; ip route del 203.0.113.0/24"), Contains(data_of("c2")));
}

TEST_CASE("link.cut, one way: datagrams of the other direction still arrive", "[lab]") {
  const std::string way = GENERATE("in", "out");
  Injected cut("link.cut", "direction: " + way, {"c3"});
  require_all(cut.inject(), 3);
  CHECK(datagram_arrives("c2", "c3") == (way == "out"));
  CHECK(datagram_arrives("c3", "c2") == (way == "in"));
  require_all(cut.undo(), 2);
  CHECK(datagram_arrives("c2", "c3"));
  CHECK(datagram_arrives("c3", "c2"));
}

TEST_CASE("link.cut, towards: only the peers that were named, only the port that was named", "[lab]") {
  SECTION("a site") {
    Injected cut("link.cut", "towards: {sites: [dc2]}", {"c3"});
    require_all(cut.inject(), 2);
    CHECK_FALSE(pings("c2", "c3"));
    CHECK(pings("c1", "c3"));
  }
  SECTION("a port of a node") {
    Injected cut("link.cut", "towards: {nodes: [c1, c2], ports: [22]}", {"c3"});
    require_all(cut.inject(), 2);
    CHECK(pings("c2", "c3"));
    const std::string connect = "timeout 1 bash -c '</dev/tcp/" + data_of("c3") + "/22' 2>/dev/null && echo yes || echo no";
    CHECK(on_node("c2", connect) == "no\n");
  }
}

TEST_CASE("link.cut: tables of others stay as they are", "[lab]") {
  on_node("c3",
          "nft add table inet theirs; nft add chain inet theirs c '{ type filter hook input priority 0; policy accept; }'");
  const std::string before = on_node("c3", "nft -s list ruleset");
  {
    Injected cut("link.cut", "form: silent", {"c3"});
    require_all(cut.inject(), 3);
    require_all(cut.undo(), 2);
  }
  CHECK(on_node("c3", "nft -s list ruleset") == before);
  on_node("c3", "nft delete table inet theirs");
}

TEST_CASE("link.flap: goes and comes by itself, and stays when it is undone", "[lab]") {
  {
    Injected flap("link.flap", "{period: 4s, duty: 50%}", {"c3"});
    require_all(flap.inject(), 3);
    for (const bool reachable : {false, true, false})
      CHECK(wait_until([&] { return pings("c2", "c3") == reachable; }, Deadline(real_clock(), 10s), 50ms));
    require_all(flap.undo(), 2);
  }
}

TEST_CASE("link.loss by nft: the share that is lost is what was asked for, as another node counts it", "[lab]") {
  {
    Injected loss("link.loss", "{loss: 20%, by: nft}", {"c3"});
    require_all(loss.inject(), 2);
    const std::string received =
        on_node("c1", "ping -n -c 1000 -i 0.003 -q " + data_of("c3") + " | sed -n 's/.*, \\([0-9]*\\) received.*/\\1/p'");
    CHECK(std::abs(1000 - std::stoi(received) - 200) < 4 * 12.65 + 1);  // sqrt(1000 · 0.2 · 0.8)
    require_all(loss.undo(), 2);
  }
}

TEST_CASE("links: what would do harm, or show nothing, is refused before anything is done", "[lab]") {
  CHECK_THAT(refusal("link.cut", "{form: carrier, device: mgmt0}"), Contains("the runner's own way in runs over it"));
  CHECK_THAT(refusal("link.cut", "device: lo"), Contains("loopback"));
  CHECK_THAT(refusal("link.cut", "device: data1"), Contains("no interface 'data1'"));
  CHECK_THAT(refusal("link.cut", "port: 9"), Contains("nobody can watch"));
  const std::string netem = refusal("link.delay", "delay: 50ms");
  if (!netem.empty()) CHECK_THAT(netem, Contains("its kernel has no sch_netem") && Contains("by: nft"));
  require_steady_lab();  // what comes next counts on the database
}
