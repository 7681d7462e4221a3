#include "faults/netem.h"

#include <catch2/catch.hpp>

#include "faults/link_netem.h"
#include "faults/looking.h"
#include "faults/ping_series.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_network.h"
#include "tests/support/fault_settings.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

std::string netem_of(const std::string& name, const std::string& yaml) { return parse(name, yaml)->parameters()[0].second; }

// c1's interface with qdiscs, and a ping from c2 that shows what the test wants.
struct FakeShaper : FakeNetwork {
  std::string modules, qdiscs = "Qdisc=qdisc fq_codel 0: root refcnt 2 limit 10240p\n", ours;
  double time = 1, time_during = 1;
  int lost_during = 0;
  bool shaped = false, works = true, removable = true;

  FakeShaper() {
    remote.on("ps -o etimes= -p 1", answered("Up=86400\nEnd=1\n"));
    remote.on("/lib/modules/", [this](const auto&, const auto&) {
      return answered(modules + "Table=normal\n" + qdiscs + "Link=data0\nEnd=1\n");
    });
    remote.on("}; { tc -batch", [this](const auto&, const auto&) { return shape(); });
    remote.on("}; ip link add name", [this](const auto&, const auto&) { return shape(); });
    remote.on("mkdir -p /run/blackstart && printf", [this](const auto&, const std::string& asked) {
      staged = asked;
      return answered("");
    });
    remote.on("q=$(tc qdisc show dev data0) && i=", [this](const auto&, const auto& asked) {
      if (asked.find("/lib/modules/") != std::string::npos)
        return answered(modules + "Table=normal\n" + qdiscs + "Link=data0\nEnd=1\n");
      return answered((shaped ? ours : qdiscs) + "End=1\n");
    });
    remote.on("tc qdisc del dev data0 root handle b1ac:", [this](const auto&, const auto&) {
      if (removable) shaped = false;
      return answered("");
    });
    remote.on("ping -n -c", [this](const auto&, const std::string& asked) { return answered(pings(asked)); });
    remote.on("Armed=%s", answered("Ping=0\nTcp=0\nPython=0\nArmed=0\nEnd=1\n"));
  }

  CommandResult shape() {
    shaped = works;
    return answered("");
  }
  std::string pings(const std::string& asked) {
    int count = 0;
    std::sscanf(asked.c_str() + asked.find("-c "), "-c %d", &count);
    std::string text;
    for (int i = shaped ? lost_during : 0; i < count; ++i)
      text += fmt::format("64 bytes from 198.18.20.11: icmp_seq={} ttl=64 time={} ms\n", i, shaped ? time_during : time);
    return text + fmt::format("{} packets transmitted, some received\n", count);
  }
};

std::vector<Evidence> inject(FakeShaper& node, const std::string& name, const std::string& yaml) {
  const auto fault = parse(name, yaml)->make(node.target(), node.context());
  fault->preflight(node.in(20s));
  fault->stage(node.in(20s));
  fault->fire(node.in(10s));
  return fault->confirm(node.in(20s));
}

const UndoRecord kRecord = {"netem.absent", "c1", {{"id", FakeNetwork::kId}, {"device", "data0"}}};

}  // namespace

TEST_CASE("netem: parameters become tc's words") {
  CHECK(netem_of("link.delay", "delay: 50ms") == "limit 100000 delay 50000us");
  CHECK(netem_of("link.delay", "{delay: 50ms, delay-jitter: 10ms, delay-correlation: 25%, distribution: normal}") ==
        "limit 100000 delay 50000us 10000us 25% distribution normal");
  CHECK(netem_of("link.loss", "{loss: 0.5%, loss-correlation: 25%}") == "limit 100000 loss 0.5% 25%");
  CHECK(netem_of("link.reorder", "{delay: 10ms, reorder: 25%}") == "limit 100000 delay 10000us reorder 25%");
  CHECK(netem_of("link.duplicate", "duplicate: 1%") == "limit 100000 duplicate 1%");
  CHECK(netem_of("link.corrupt", "corrupt: 1%") == "limit 100000 corrupt 1%");
  CHECK(netem_of("link.rate", "rate: 1.5Mbit") == "limit 1000 rate 1500000bit");
  CHECK(parse("link.netem", "{delay: 50ms, loss: 1%, direction: both}")->summary() == "delay 50ms, loss 1% both ways");
  CHECK(parse("link.loss", "{loss: 1%, by: nft}")->summary() == "loss 1% by nft on what leaves");
}

TEST_CASE("netem: what makes no sense is said with its place") {
  CHECK_THAT(wrong("link.delay", "delay-jitter: 5ms"), Contains("'delay' is missing"));
  CHECK_THAT(wrong("link.delay", "{delay: 5ms, delay-jitter: 50ms}"), Contains("larger than the delay"));
  CHECK_THAT(wrong("link.delay", "{delay: 5ms, distribution: normal}"), Contains("those of the jitter"));
  CHECK_THAT(wrong("link.reorder", "reorder: 5%"), Contains("'delay' is missing"));
  CHECK_THAT(wrong("link.netem", "reorder: 5%"), Contains("nothing can be overtaken"));
  CHECK_THAT(wrong("link.netem", "{}"), Contains("nothing is asked for"));
  CHECK_THAT(wrong("link.loss", "loss: 100%"), Contains("it is a cut"));
  CHECK_THAT(wrong("link.loss", "loss: 0.01%"), Contains("could not be seen"));
  CHECK_THAT(wrong("link.loss", "{loss: 5%, loss-correlation: 5%, by: nft}"), Contains("nft draws each packet by itself"));
  CHECK_THAT(wrong("link.netem", "{delay: 5ms, corrupt: 5%}"), Contains("mislead ping"));
  CHECK_THAT(wrong("link.rate", "rate: 10"), Contains("no rate from 8kbit"));
  CHECK_THAT(wrong("link.rate", "rate: 10Gbit"), Contains("no rate from 8kbit"));
  CHECK_THAT(wrong("link.delay", "{delay: 5ms, loss: 1%}"), Contains("unknown key 'loss'"));
}

TEST_CASE("tc's lines: a root of ours; a band of ours where only some are meant or the way in is to be kept") {
  Shaping shaping;
  shaping.netem.delay = 50ms;
  shaping.network = {"data0", "mgmt0", "198.18.10.1", 22};
  using Lines = std::vector<std::string>;
  CHECK(tc_lines("x", shaping) == Lines{"qdisc add dev data0 root handle b1ac: netem limit 100000 delay 50000us"});
  shaping.towards = {"198.18.20.12", "fd00::/64"};
  CHECK(tc_lines("x", shaping) ==
        Lines{"qdisc add dev data0 root handle b1ac: prio bands 4 priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
              "qdisc add dev data0 parent b1ac:4 handle b1ad: netem limit 100000 delay 50000us",
              "filter add dev data0 parent b1ac: protocol ip pref 45482 u32 match ip dst 198.18.20.12/32 flowid b1ac:4",
              "filter add dev data0 parent b1ac: protocol ipv6 pref 45483 u32 match ip6 dst fd00::/64 flowid b1ac:4"});
  shaping.towards.clear();
  shaping.network.management = "data0";
  CHECK(
      tc_lines("x", shaping)[2] ==
      "filter add dev data0 parent b1ac: protocol ip pref 45481 u32 match ip dst 198.18.10.1/32 match ip protocol 6 0xff match "
      "ip sport 22 0xffff flowid b1ac:1");
}

TEST_CASE("tc's lines: what arrives goes through an ifb of ours") {
  Shaping shaping;
  shaping.netem.loss = 0.1;
  shaping.network = {"data0", "mgmt0", "198.18.10.1", 22};
  shaping.leaving = false;
  shaping.arriving = true;
  shaping.towards = {"198.18.20.12"};
  shaping.ports = {3306};
  const auto lines = tc_lines("x", shaping);
  REQUIRE(lines.size() == 6);
  CHECK(ifb_name("x").size() <= 15);
  CHECK(lines[0] == "qdisc add dev " + ifb_name("x") + " root handle b1ac: netem limit 100000 loss 10%");
  CHECK(lines[1] == "qdisc add dev data0 handle ffff: ingress");
  CHECK(lines[2] ==
        "filter add dev data0 parent ffff: protocol ip pref 45482 u32 match ip src 198.18.20.12/32 match ip protocol 6 0xff "
        "match "
        "ip dport 3306 0xffff action mirred egress redirect dev " +
            ifb_name("x"));
  CHECK(modules_for(shaping) == std::vector<std::string>{"sch_netem", "sch_ingress", "ifb", "act_mirred", "cls_u32"});
}

TEST_CASE("netem as shown: an attribute that is missing, and one that nobody asked for") {
  Netem netem;
  netem.delay = 50ms;
  CHECK(netem.differs("qdisc netem b1ac: root refcnt 2 limit 100000 delay 50ms") == "");
  CHECK(netem.differs("qdisc netem b1ac: root refcnt 2 limit 100000 delay 50ms rate 256Kbit") == "it has rate too");
  CHECK(netem.differs("qdisc netem b1ac: root refcnt 2 limit 100000 loss 5%") == "it has no delay");
}

TEST_CASE("pings: what is counted, and what is no answer of ping's") {
  const PingSeries series = parse_pings(
      "64 bytes from x: icmp_seq=1 ttl=64 time=2.0 ms\n64 bytes from x: icmp_seq=1 ttl=64 time=2.1 ms (DUP!)\n"
      "64 bytes from x: icmp_seq=3 ttl=64 time=4.0 ms\n64 bytes from x: icmp_seq=4 ttl=64 time=9.0 ms (BAD CHECKSUM)\n\n4 "
      "packets transmitted, 2 received, +1 duplicates, 50% packet loss\n",
      "pinging");
  CHECK(series.sent == 4);
  CHECK(series.lost() == 2);
  CHECK(series.duplicates == 1);
  CHECK(series.time_at(0.5) == 4.0);
  CHECK(error_of([] { parse_pings("ping: nonsense\n", "pinging"); }).kind() == ErrorKind::unmet);
}

TEST_CASE("link.delay: netem is read back, and the median that another node measures rises") {
  FakeShaper node;
  node.ours = "Qdisc=qdisc netem b1ac: root refcnt 2 limit 100000 delay 50ms\n";
  node.time_during = 51.5;
  const auto evidence = inject(node, "link.delay", "delay: 50ms");
  REQUIRE(evidence.size() == 2);
  CHECK(all_confirmed(evidence));
  CHECK_THAT(evidence[1].observed, Contains("median 51.5 ms (before 1.0 ms)"));
  CHECK_THAT(node.staged, Contains("qdisc add dev data0 root handle b1ac: netem limit 100000 delay 50000us"));
}

TEST_CASE("link.delay and link.loss: no effect, another effect, too little of it") {
  FakeShaper node;
  SECTION("nothing is there") {
    node.works = false;
    for (const Evidence& each : inject(node, "link.delay", "delay: 50ms")) CHECK_FALSE(each.confirmed);
  }
  SECTION("it is there, and nobody sees it") {
    node.ours = "Qdisc=qdisc netem b1ac: root refcnt 2 limit 100000 delay 50ms\n";
    const auto evidence = inject(node, "link.delay", "delay: 50ms");
    CHECK(evidence[0].confirmed);
    CHECK_FALSE(evidence[1].confirmed);
  }
  SECTION("another one is there") {
    node.ours = "Qdisc=qdisc netem b1ac: root refcnt 2 limit 100000 loss 5%\n";
    CHECK_THAT(inject(node, "link.delay", "delay: 50ms")[0].observed, Contains("it has no delay"));
  }
  SECTION("far more is lost than was asked for") {
    node.ours = "Qdisc=qdisc netem b1ac: root refcnt 2 limit 100000 loss 5%\n";
    node.lost_during = 100;
    CHECK_FALSE(inject(node, "link.loss", "loss: 5%")[1].confirmed);
  }
  SECTION("as much is lost") {
    node.ours = "Qdisc=qdisc netem b1ac: root refcnt 2 limit 100000 loss 5%\n";
    node.lost_during = 12;
    CHECK(all_confirmed(inject(node, "link.loss", "loss: 5%")));
  }
}

TEST_CASE("netem: just before the undo it is read once more, and not measured again") {
  FakeShaper node;
  node.ours = "Qdisc=qdisc netem b1ac: root refcnt 2 limit 100000 delay 50ms\n";
  node.time_during = 51;
  const auto fault = parse("link.delay", "delay: 50ms")->make(node.target(), node.context());
  fault->preflight(node.in(20s));
  fault->stage(node.in(20s));
  fault->fire(node.in(10s));
  CHECK(all_confirmed(fault->confirm(node.in(20s))));
  const auto pings = node.remote.count("ping -n -c");
  const bool there = GENERATE(true, false);
  node.shaped = there;
  const auto again = fault->look_again(node.in(5s));
  REQUIRE(again.size() == 1);
  CHECK(again[0].confirmed == there);
  CHECK(node.remote.count("ping -n -c") == pings);
}

TEST_CASE("netem: preflight refuses what is somebody else's, and what the kernel or tc lack") {
  FakeShaper node;
  std::string yaml = "delay: 50ms", expected;
  SECTION("a root of somebody's") {
    node.qdiscs = "Qdisc=qdisc tbf 7: root refcnt 2 rate 100Mbit\n";
    expected = "somebody shapes this interface already: qdisc tbf 7:";
  }
  SECTION("an ingress of somebody's") {
    node.qdiscs = "Qdisc=qdisc ingress ffff: parent ffff:fff1 ----------------\n";
    yaml = "{delay: 50ms, direction: in}";
    expected = "somebody shapes this interface already: qdisc ingress";
  }
  SECTION("one of ours") {
    node.qdiscs = "Qdisc=qdisc netem b1ac: root refcnt 2 limit 1000 delay 1s\n";
    expected = "an earlier injection is there";
  }
  SECTION("no netem in the kernel") {
    node.modules = "Missing=sch_netem\n";
    expected = "its kernel has no sch_netem";
  }
  SECTION("no table for the distribution") {
    yaml = "{delay: 50ms, delay-jitter: 5ms, distribution: pareto}";
    expected = "no table for the distribution 'pareto'";
  }
  const Error error =
      error_of([&] { parse("link.delay", yaml)->make(node.target(), node.context())->preflight(node.in(20s)); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Contains(expected));
  CHECK_FALSE(error.hint().empty());
  CHECK(node.remote.count("qdisc add") == 0);
}

TEST_CASE("netem: the kernel's own default qdiscs are nobody's") {
  FakeShaper node;
  for (const char* text :
       {"Qdisc=qdisc noqueue 0: root refcnt 2\n", "Qdisc=qdisc mq 0: root\nQdisc=qdisc fq_codel 0: parent :1\n",
        "Qdisc=qdisc pfifo_fast 0: root refcnt 2 bands 3\n"}) {
    node.qdiscs = text;
    CHECK_NOTHROW(parse("link.delay", "delay: 50ms")->make(node.target(), node.context())->preflight(node.in(20s)));
  }
}

TEST_CASE("undo of netem: from each state, and never more than ours") {
  FakeShaper node;
  node.ours = "Qdisc=qdisc netem b1ac: root refcnt 2 limit 100000 delay 50ms\n";
  node.shaped = GENERATE(true, false);
  for (int i = 0; i < 2; ++i) CHECK(all_confirmed(netem_absent_undo(kRecord, node.context(), node.in(10s))));
  CHECK_FALSE(node.shaped);
  CHECK(node.remote.count("tc qdisc del dev data0 root 2") == 0);  // never without our handle
}

TEST_CASE("undo of netem: what stays, and what can't be read, is no success") {
  FakeShaper node;
  node.shaped = true;
  node.ours = "Qdisc=qdisc netem b1ac: root refcnt 2 limit 100000 delay 50ms\n";
  std::string observed;
  SECTION("it stays") {
    node.removable = false;
    observed = "still there: qdisc netem b1ac:";
  }
  SECTION("tc fails") {
    node.remote.on("q=$(tc qdisc show dev data0) && i=", refused(1, "Cannot open netlink socket"));
    observed = "Cannot open netlink socket";
  }
  SECTION("the node is gone") {
    node.remote.cut_off("c1");
    observed = "SSH session to c1";
  }
  SECTION("facts that make no sense") {
    UndoRecord record = kRecord;
    record.facts["device"] = "x;reboot";
    CHECK_FALSE(netem_absent_undo(record, node.context(), node.in(5s))[0].confirmed);
    CHECK(node.remote.calls().empty());
    return;
  }
  const auto evidence = netem_absent_undo(kRecord, node.context(), node.in(10s));
  CHECK_FALSE(evidence[0].confirmed);
  CHECK_THAT(evidence[0].observed, Contains(observed));
}
