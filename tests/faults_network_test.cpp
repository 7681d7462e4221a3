#include <catch2/catch.hpp>

#include "base/process.h"
#include "faults/drop_fault.h"
#include "faults/isolation.h"
#include "faults/link_cut.h"
#include "faults/looking.h"
#include "faults/peers.h"
#include "faults/witness.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_network.h"
#include "tests/support/fault_settings.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

std::unique_ptr<TargetFault> make(FakeNetwork& network, const std::string& name, const std::string& yaml) {
  return parse(name, yaml)->make(network.target(), network.context());
}

std::vector<Evidence> inject(FakeNetwork& network, TargetFault& fault, Duration limit = 10s) {
  fault.preflight(network.in(20s));
  fault.stage(network.in(20s));
  fault.fire(network.in(10s));
  return fault.confirm(network.in(limit));
}

bool harmed(const FakeNetwork& network) {
  return network.remote.count("nft -f /run") + network.remote.count("ip link set") + network.remote.count("tc qdisc add") > 0;
}

const UndoRecord kRecord = {
    "nft.absent", "c1", {{"id", FakeNetwork::kId}, {"witnesses", "c2 c3"}, {"address", "198.18.20.11"}, {"port", "22"}}};

std::vector<Evidence> undo(FakeNetwork& network, const UndoRecord& record = kRecord, Duration limit = 45s) {
  return nft_absent_undo(record, network.context(), network.in(limit));
}

}  // namespace

TEST_CASE("link.cut: parameters come back for the record, and what makes no sense is said with its place") {
  const auto cut = parse("link.cut", "{direction: in, towards: {sites: [dc2], ports: [3306]}, port: 3306}");
  CHECK(cut->summary() == "silent cut of the data interface, what arrives, towards sites dc2; ports 3306");
  CHECK(parse("link.cut", "{form: carrier, device: eth1}")->summary() == "link down of eth1");
  CHECK_THAT(wrong("link.cut", "{form: carrier, direction: in}"), Contains("has no direction"));
  CHECK_THAT(wrong("link.cut", "{via: switch, towards: {nodes: [c2]}}"), Contains("cuts everybody off"));
  CHECK_THAT(wrong("link.cut", "towards: {networks: [127.0.0.0/8]}"), Contains("is the node itself"));
  CHECK_THAT(wrong("link.cut", "towards: {networks: [everywhere]}"), Contains("no address and no network"));
  CHECK_THAT(wrong("link.cut", "towards: {ports: [70000]}"), Contains("'70000' is no port"));
  CHECK_THAT(wrong("link.flap", "{period: 2s, duty: 90%}"), Contains("1 s or longer"));
  CHECK_THAT(wrong("site.isolate", "{site: dc1, from: [everybody, dc2]}"), Contains("includes the others"));
  CHECK_THAT(wrong("site.isolate", "{site: dc1, from: [dc2], via: switch}"), Contains("cuts everybody off"));
}

TEST_CASE("the nft table of a cut: one interface, before connection tracking, loaded as a whole") {
  DropRules rules;
  rules.network = {"data0", "mgmt0", "198.18.10.1", 22};
  rules.from = {"198.18.20.12", "fd00::12"};
  rules.ports = {3306, 4567};
  CHECK(drop_text("x", rules) ==
        "create table inet " + drop_table("x") + "\ntable inet " + drop_table("x") +
            " {\n"
            "  chain arriving {\n"
            "    type filter hook prerouting priority -300; policy accept;\n"
            "    iifname \"lo\" accept\n"
            "    iifname != \"data0\" accept\n"
            "    ip saddr { 198.18.20.12 } meta l4proto { tcp, udp } th dport { 3306, 4567 } counter drop\n"
            "    ip6 saddr { fd00::12 } meta l4proto { tcp, udp } th dport { 3306, 4567 } counter drop\n"
            "    ip saddr { 198.18.20.12 } meta l4proto { tcp, udp } th sport { 3306, 4567 } counter drop\n"
            "    ip6 saddr { fd00::12 } meta l4proto { tcp, udp } th sport { 3306, 4567 } counter drop\n"
            "  }\n"
            "  chain leaving {\n"
            "    type filter hook postrouting priority -300; policy accept;\n"
            "    oifname \"lo\" accept\n"
            "    oifname != \"data0\" accept\n"
            "    ip daddr { 198.18.20.12 } meta l4proto { tcp, udp } th dport { 3306, 4567 } counter drop\n"
            "    ip6 daddr { fd00::12 } meta l4proto { tcp, udp } th dport { 3306, 4567 } counter drop\n"
            "    ip daddr { 198.18.20.12 } meta l4proto { tcp, udp } th sport { 3306, 4567 } counter drop\n"
            "    ip6 daddr { fd00::12 } meta l4proto { tcp, udp } th sport { 3306, 4567 } counter drop\n"
            "  }\n"
            "}\n");
}

TEST_CASE("the nft table: the runner's way in comes before the drops where it shares the interface") {
  DropRules rules;
  rules.leaving = false;
  rules.share = 0.25;
  SECTION("the same interface") { rules.network = {"data0", "data0", "198.18.10.1", 2222}; }
  SECTION("an address that no interface has") { rules.network = {"data0", "", "198.18.10.1", 2222}; }
  const std::string text = drop_text("x", rules);
  const auto keep = text.find("    ip saddr { 198.18.10.1 } tcp dport 2222 accept\n");
  REQUIRE(keep != std::string::npos);
  CHECK(keep < text.find("numgen random mod 10000 < 2500 counter drop"));
  CHECK(text.find("chain leaving") == std::string::npos);
}

TEST_CASE("the nft table of an isolation: all interfaces but loopback and management; its own group is kept") {
  DropRules rules;
  rules.network = {"data0", "mgmt0", "198.18.10.1", 22};
  rules.one_device = false;
  rules.keep = {"198.18.20.11", "198.18.20.12"};
  const std::string text = drop_text("x", rules);
  CHECK_THAT(text,
             Contains("    iifname \"mgmt0\" accept\n    ip saddr { 198.18.20.11, 198.18.20.12 } accept\n    counter drop\n"));
  CHECK_THAT(text, Contains("    oifname \"mgmt0\" accept\n"));
  CHECK_THAT(text, !Contains("data0"));
}

TEST_CASE("names of tables: the same for an id on every machine, different for others, and nothing else passes for one") {
  CHECK(drop_table("20261121T071203Z-1-cut-c1") == drop_table("20261121T071203Z-1-cut-c1"));
  CHECK(drop_table("a") != drop_table("b"));
  CHECK(is_drop_table(drop_table("a")));
  for (const char* other : {"blackstart_", "blackstart_12345678901", "blackstart_12345678901g", "filter"})
    CHECK_FALSE(is_drop_table(other));
}

TEST_CASE("peers: names become addresses, and the node itself is nobody") {
  const FakeNetwork network;
  Peers peers;
  peers.sites = {"dc1", "dc2"};
  CHECK(resolve_peers(peers, network.cloud, "c1").addresses == std::vector<std::string>{"198.18.20.12"});
  peers.sites = {"dc1"};
  CHECK_THAT(error_of([&] { resolve_peers(peers, network.cloud, "c1"); }).what(), Contains("nobody but c1 itself"));
  peers.sites = {"dc9"};
  CHECK_THAT(error_of([&] { resolve_peers(peers, network.cloud, "c1"); }).what(), Contains("no site 'dc9'"));
  Peers networks;
  networks.networks = {"198.18.20.12/31"};
  const ResolvedPeers resolved = resolve_peers(networks, network.cloud, "c1");
  CHECK(resolved.addresses == networks.networks);
  CHECK(resolved.nodes == std::vector<std::string>{"c2", "c3"});  // they would notice
  CHECK(resolve_peers(Peers{}, network.cloud, "c1").addresses.empty());
  CHECK_THAT(error_of([&] {
               members_of({"dc1", "nobody"}, network.cloud);
             }).what(),
             Contains("'nobody' is no site, rack or node"));
}

TEST_CASE("shapes of partitions: who still sees whom") {
  const auto seen = [](const std::string& shape, std::size_t count) {
    std::string text;
    for (std::size_t a = 0; a < count; ++a)
      for (std::size_t b = 0; b < count; ++b) text += sees(shape, count, a, b) ? '1' : '.';
    return text;
  };
  CHECK(seen("split", 3) == "1...1...1");
  CHECK(seen("bridge", 3) == "11.111.11");
  CHECK(seen("majorities-ring", 4) == "11.1111..1111.11");
  CHECK(seen("majorities-ring", 5) == "11..1111...111...1111..11");
  for (std::size_t count : {4, 5, 6, 7, 9})
    for (std::size_t a = 0; a < count; ++a) {
      std::size_t visible = 0;
      for (std::size_t b = 0; b < count; ++b) {
        visible += sees("majorities-ring", count, a, b);
        CHECK(sees("majorities-ring", count, a, b) == sees("majorities-ring", count, b, a));
      }
      CHECK(2 * visible > count);
      CHECK(visible < count);
    }
}

TEST_CASE("group.partition: its targets are those that lose somebody") {
  const FakeNetwork network;
  const auto targets = [&](const std::string& yaml) { return parse("group.partition", yaml)->targets(network.cloud); };
  CHECK(targets("groups: [[dc1], [dc2, c3]]") == std::vector<std::string>{"c1", "c2", "c3"});
  CHECK(targets("{groups: [dc1, dc2, dc3], shape: bridge}") == std::vector<std::string>{"c1", "c3"});
  CHECK(targets("groups: [[c3], [c1]]") == std::vector<std::string>{"c1", "c3"});
  CHECK_THAT(error_of([&] { targets("groups: [[dc1], [c1, c2]]"); }).what(), Contains("c1 is in two groups"));
  CHECK_THAT(wrong("group.partition", "groups: [[dc1, dc2]]"), Contains("one group is no partition"));
  CHECK_THAT(wrong("group.partition", "{groups: [dc1, dc2], shape: bridge}"), Contains("three groups"));
  CHECK_THAT(wrong("group.partition", "{groups: [dc1, dc2, dc3], shape: majorities-ring}"), Contains("four groups"));
  CHECK_THAT(wrong("group.partition", "groups: dc1"), Contains("'groups' must be a list"));
  CHECK_THAT(wrong("group.partition", "groups: [[[dc1]], [dc2]]"), Contains("must be a plain value"));
}

TEST_CASE("site.isolate: the site's nodes are the targets, and only what was asked for is dropped") {
  FakeNetwork network;
  network.cloud.vip = "198.18.20.10";
  const auto everybody = parse("site.isolate", "site: dc1");
  CHECK(everybody->targets(network.cloud) == std::vector<std::string>{"c1"});
  inject(network, *everybody->make(network.target(), network.context()));
  CHECK_THAT(network.staged, Contains("ip saddr { 198.18.20.11, 198.18.10.11 } accept") && Contains("    counter drop"));
  FakeNetwork named;
  named.cloud.vip = "198.18.20.10";
  inject(named, *make(named, "site.isolate", "{site: dc1, from: [dc2], direction: in}"));
  CHECK_THAT(named.staged, Contains("ip saddr { 198.18.20.12, 198.18.20.10 } counter drop") && !Contains("chain leaving"));
  CHECK_THAT(error_of([&] { parse("site.isolate", "site: dc9")->targets(named.cloud); }).what(), Contains("no site 'dc9'"));
  CHECK_THAT(error_of([&] { parse("site.isolate", "{site: dc1, from: [c1]}")->targets(named.cloud); }).what(),
             Contains("cut off from itself"));
}

TEST_CASE("silent cut: the table's counters move, and connections that others held open stall") {
  FakeNetwork network;
  const auto fault = make(network, "link.cut", "form: silent");
  const auto evidence = inject(network, *fault);
  CHECK(network.remote.count("systemctl is-active --quiet blackstart-" + std::string(FakeNetwork::kId) + ".timer") == 1);
  REQUIRE(evidence.size() == 3);
  CHECK(evidence[0].observer == "c1");
  CHECK(evidence[0].observed == "dropped 7 arriving, 7 leaving");
  CHECK(evidence[1].observer == "c2");
  CHECK_THAT(evidence[1].observed, Contains("198.18.20.11:22: nothing acknowledged for"));
  CHECK(all_confirmed(evidence));
  CHECK(fault->undo_record() == kRecord);
  for (const Evidence& each : evidence) CHECK(each.at <= network.clock.now());
}

TEST_CASE("silent cut: what has no effect stays unconfirmed") {
  FakeNetwork network;
  std::size_t unconfirmed = 0;
  SECTION("the order did nothing") {
    network.obeys = false;
    const auto evidence = inject(network, *make(network, "link.cut", "form: silent"));
    CHECK(evidence[0].observed == "there is no such table");
    CHECK_FALSE(evidence[0].confirmed);
    CHECK_FALSE(evidence[1].confirmed);
    ++unconfirmed;
  }
  SECTION("the table drops nothing") {
    network.dropped = 0;
    network.silent = false;
    const auto evidence = inject(network, *make(network, "link.cut", "form: silent"));
    CHECK(evidence[0].observed == "dropped 0 arriving, 0 leaving");
    for (const Evidence& each : evidence) CHECK_FALSE(each.confirmed);
    ++unconfirmed;
  }
  SECTION("the witnesses' connections end instead") {
    const auto fault = make(network, "link.cut", "form: silent");
    fault->preflight(network.in(20s));
    fault->stage(network.in(20s));
    fault->fire(network.in(10s));
    network.closed = true;
    const auto evidence = fault->confirm(network.in(5s));
    CHECK(evidence[0].confirmed);
    CHECK_FALSE(evidence[1].confirmed);
    ++unconfirmed;
  }
  CHECK(unconfirmed == 1);
}

TEST_CASE("silent cut: just before the undo its table is looked at once more, and nobody was kept watching until then") {
  FakeNetwork network;
  const auto fault = make(network, "link.cut", "form: silent");
  CHECK(all_confirmed(inject(network, *fault)));
  CHECK(network.remote.count("rm -f /run/blackstart-witness/") == 2);
  REQUIRE(fault->looks_again());
  std::string observed = "dropped 7 arriving, 7 leaving";
  bool went = false;
  network.clock.advance(10s);
  SECTION("it is still there, and a witness's connection has ended long ago") { network.closed = true; }
  SECTION("somebody has loaded another ruleset") {
    network.table = false;
    observed = "there is no such table";
  }
  SECTION("its node was restarted, by who fenced it") {
    network.table = false;
    network.remote.on("ps -o etimes= -p 1", answered("Up=3\nEnd=1\n"));
    went = true;
    observed = "there is no such table; c1 was restarted 3 s ago, and it went with that";
  }
  SECTION("it can't be read: nobody knows") {
    network.remote.cut_off("c1");
    observed = "SSH session to c1";
  }
  const auto again = fault->look_again(network.in(5s));
  REQUIRE(again.size() == 1);
  CHECK(again[0].confirmed == (went || observed.front() == 'd'));
  CHECK_THAT(again[0].observed, Contains(observed));
  CHECK(fault->undo_record() == kRecord);
}

TEST_CASE("link.flap: just before the undo what cuts it again must be at work, whether it is cut at that moment or not") {
  FakeNetwork network;
  const auto fault = make(network, "link.flap", "{period: 4s, duty: 50%}");
  fault->preflight(network.in(20s));
  std::string state = "active";
  SECTION("it goes on") {}
  SECTION("it has ended: the table that it wanted to delete was gone") { state = "inactive"; }
  network.remote.on("systemctl show -p ActiveState --value blackstart-flap-", answered("State=" + state + "\nEnd=1\n"));
  const auto again = fault->look_again(network.in(5s));
  REQUIRE(again.size() == 1);
  CHECK(again[0].confirmed == (state == "active"));
  CHECK_THAT(again[0].observed, Contains(" is " + state));
}

TEST_CASE("preflight of a cut: what would do harm or prove nothing is refused before anything is done") {
  FakeNetwork network;
  std::string yaml = "form: silent", expected;
  SECTION("the way in is not known") {
    network.way = "";
    expected = "where our SSH connection comes from";
  }
  SECTION("no interface has the data address") {
    network.addresses = "Address=mgmt0 198.18.10.11\n";
    expected = "no interface there has its data address 198.18.20.11";
  }
  SECTION("no such interface") {
    yaml = "device: data1";
    expected = "there is no interface 'data1'";
  }
  SECTION("loopback") {
    yaml = "device: lo";
    expected = "loopback";
  }
  SECTION("a table that nobody is going to undo") {
    network.tables = "table inet blackstart_0123456789ab\nnone armed\n";
    expected = "a table of an earlier injection";
  }
  SECTION("no nft") {
    network.remote.on("nft list tables && {", refused(127, "nft: not found"));
    expected = "nft: not found";
  }
  SECTION("nobody would notice") {
    network.tcp = false;
    expected = "nobody can watch 198.18.20.11 port 22 (c2: only ping is answered";
  }
  SECTION("nobody has Python to watch with") {
    network.python = false;
    expected = "c2: it has no python3 to watch with";
  }
  SECTION("carrier: the way in runs over it") {
    yaml = "{form: carrier, device: mgmt0}";
    expected = "the runner's own way in runs over it";
  }
  SECTION("the switch of a live cloud") {
    yaml = "via: switch";
    expected = "simulated switches of labs";
  }
  const Error error = error_of([&] { make(network, "link.cut", yaml)->preflight(network.in(20s)); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Contains(expected));
  CHECK_FALSE(error.hint().empty());
  CHECK_FALSE(harmed(network));
}

TEST_CASE("a cut: a node that stops answering, at each stage") {
  FakeNetwork network;
  const auto fault = make(network, "link.cut", "form: silent");
  SECTION("preflight") {
    network.remote.cut_off("c1");
    CHECK(error_of([&] { fault->preflight(network.in(5s)); }).kind() == ErrorKind::unreachable);
  }
  SECTION("stage") {
    fault->preflight(network.in(5s));
    network.remote.cut_off("c1");
    CHECK(error_of([&] { fault->stage(network.in(5s)); }).kind() == ErrorKind::unreachable);
  }
  SECTION("fire") {
    fault->preflight(network.in(5s));
    fault->stage(network.in(5s));
    network.remote.cut_off("c1");
    CHECK(error_of([&] { fault->fire(network.in(5s)); }).kind() == ErrorKind::unreachable);
  }
  SECTION("the order comes when the dead-man is no longer armed") {
    fault->preflight(network.in(5s));
    fault->stage(network.in(5s));
    network.armed = false;
    CHECK_THAT(error_of([&] { fault->fire(network.in(5s)); }).what(), Contains("its dead-man is not armed"));
  }
  SECTION("confirm") {
    fault->preflight(network.in(5s));
    fault->stage(network.in(5s));
    fault->fire(network.in(5s));
    network.remote.cut_off("c1");
    network.remote.cut_off("c2");
    const auto evidence = fault->confirm(network.in(5s));
    CHECK_FALSE(evidence[0].confirmed);
    CHECK_FALSE(evidence[1].confirmed);
    CHECK_THAT(evidence[1].observed, Contains("SSH session to c2"));
    CHECK(evidence[2].confirmed);
  }
}

TEST_CASE("a cut: a path that is disturbed before the order is refused") {
  FakeNetwork network;
  const auto fault = make(network, "link.cut", "form: silent");
  fault->preflight(network.in(5s));
  network.broken = true;
  CHECK_THAT(error_of([&] { fault->stage(network.in(5s)); }).what(), Contains("disturbed before the fault"));
  CHECK_FALSE(harmed(network));
}

TEST_CASE("undo of a table: from each state, any number of times, and only that table") {
  FakeNetwork network;
  network.table = GENERATE(true, false);
  for (int i = 0; i < 2; ++i) {
    const auto evidence = undo(network);
    CHECK(evidence.size() == 2);
    CHECK(all_confirmed(evidence));
    CHECK_FALSE(network.table);
  }
  CHECK(network.remote.count("nft delete table inet " + drop_table(FakeNetwork::kId) + " ") == 2);
  CHECK(network.remote.count("flush") == 0);
}

TEST_CASE("undo of a table: what is not gone, can't be read, or not reached is no success") {
  FakeNetwork network;
  network.table = true;
  std::string observed;
  SECTION("it stays") {
    network.undo_works = false;
    observed = "is still there";
  }
  SECTION("it can't be read: that is no absence") {
    network.remote.on("t=$(nft list tables)", refused(1, "netlink: Operation not permitted"));
    observed = "Operation not permitted";
  }
  SECTION("the answer is cut short") {
    network.remote.on("t=$(nft list tables)", answered("Line=table"));
    observed = "cut short";
  }
  SECTION("the node is gone") {
    network.remote.cut_off("c1");
    observed = "SSH session to c1";
  }
  const auto evidence = undo(network);
  CHECK_FALSE(evidence[0].confirmed);
  CHECK_THAT(evidence[0].observed, Contains(observed));
}

TEST_CASE("undo of a table: a witness that gets no answer keeps it open, one that can't tell is left out after a while") {
  FakeNetwork network;
  network.table = true;
  SECTION("no answer") {
    network.broken = true;
    const auto evidence = undo(network);
    REQUIRE(evidence.size() == 2);
    CHECK(evidence[0].confirmed);
    CHECK_FALSE(evidence[1].confirmed);
  }
  SECTION("under an injection itself") {
    network.broken = network.witness_armed = true;
    const auto evidence = undo(network);
    CHECK(evidence.size() == 1);
    CHECK(all_confirmed(evidence));
  }
  SECTION("one of two is gone") {
    network.remote.cut_off("c2");
    const auto evidence = undo(network);
    CHECK(all_confirmed(evidence));
    CHECK(evidence[1].observer == "c3");
  }
}

TEST_CASE("undo of network faults: facts that make no sense are said, and nothing is run") {
  FakeNetwork network;
  UndoRecord record = kRecord;
  SECTION("no id") { record.facts.erase("id"); }
  SECTION("an id that is none") { record.facts["id"] = "x; reboot"; }
  SECTION("an address that is none") { record.facts["address"] = "$(reboot)"; }
  SECTION("a port that is none") { record.facts["port"] = "0"; }
  SECTION("a link with a name that is none") {
    record = {"link.up", "c1", {{"device", "x;reboot"}}};
    CHECK_FALSE(link_up_undo(record, network.context(), network.in(5s))[0].confirmed);
  }
  SECTION("a route that is none") {
    record = {"link.up", "c1", {{"device", "data0"}, {"routes", "default via $(reboot)"}}};
    CHECK_FALSE(link_up_undo(record, network.context(), network.in(5s))[0].confirmed);
  }
  SECTION("a switch's port that is none") {
    record = {"port.forwarding", "c1", {{"switch-port", "x y"}}};
    CHECK_FALSE(port_forwarding_undo(record, network.context(), network.in(5s))[0].confirmed);
  }
  if (record.kind == "nft.absent") CHECK_FALSE(undo(network, record)[0].confirmed);
  CHECK(network.remote.calls().empty());
}

TEST_CASE("the dead-man's commands: a shell takes them, and systemd leaves them as they are") {
  const std::map<std::string, std::string> all = {
      {"id", FakeNetwork::kId},
      {"device", "data0"},
      {"routes", "203.0.113.0/24 via 198.18.20.12;default via fe80::1 metric 5;198.18.20.12 scope link"},
      {"addresses", "fd00::1/64"}};
  for (const char* name : {"nft.absent", "flap.absent", "link.up", "netem.absent"}) {
    const std::string command = undo_kind(name).command({name, "c1", all});
    INFO(command);
    CHECK(run_process({"/bin/sh", "-n", "-c", command}, 5s).ok());
    CHECK(command.find_first_of("$%") == std::string::npos);
  }
  CHECK(link_up_command({"link.up", "c1", all}) ==
        "ip link set dev data0 up; ip -6 address add fd00::1/64 dev data0 nodad 2>/dev/null; "
        "ip -4 route add 198.18.20.12 scope link dev data0 2>/dev/null; "
        "ip -4 route add 203.0.113.0/24 via 198.18.20.12 dev data0 2>/dev/null; "
        "ip -6 route add default via fe80::1 metric 5 dev data0 2>/dev/null");
}

TEST_CASE("silent cut: a quiet node is made to send something, at a port that the cut concerns") {
  FakeNetwork network;
  std::string yaml = "form: silent", sent = "echo >/dev/udp/198.18.20.12/9'";
  SECTION("at any port") {}
  SECTION("at a port that was named") {
    yaml = "towards: {nodes: [c2], ports: [3306]}";
    sent = "echo >/dev/udp/198.18.20.12/3306'";
  }
  SECTION("not where answers leave") {
    yaml = "direction: out";
    sent = "";
  }
  inject(network, *make(network, "link.cut", yaml));
  CHECK(network.remote.count("/dev/udp/") == (sent.empty() ? 0 : network.remote.count(sent)));
  CHECK((network.remote.count("/dev/udp/") > 0) == !sent.empty());
}

TEST_CASE("a watch that ends, hangs or is another's is no evidence, and says so") {
  FakeNetwork network;
  const auto fault = make(network, "link.cut", "form: silent");
  fault->preflight(network.in(20s));
  fault->stage(network.in(20s));
  fault->fire(network.in(10s));
  std::string said;
  SECTION("it was killed, and has left its last words") {
    network.hangs = 3s;
    said = "the watch has said nothing for 3.0 s";
  }
  SECTION("it is gone") {
    network.instance = "";
    said = "the watch has ended";
  }
  SECTION("a new one has begun") {
    network.instance = "b";
    said = "another took its place";
  }
  const auto evidence = fault->confirm(network.in(5s));
  REQUIRE(evidence.size() == 3);
  CHECK(evidence[0].confirmed);
  for (const std::size_t witness : {1, 2}) {
    CHECK_FALSE(evidence[witness].confirmed);
    CHECK_THAT(evidence[witness].observed, Contains(said));
  }
}

TEST_CASE("pings: a witness without raw sockets watches by its connection alone; one without an answer is refused") {
  FakeNetwork network;
  const auto fault = make(network, "link.cut", "form: silent");
  fault->preflight(network.in(20s));
  SECTION("no raw sockets") {
    network.raw = false;
    fault->stage(network.in(20s));
    fault->fire(network.in(10s));
    const auto evidence = fault->confirm(network.in(10s));
    CHECK(all_confirmed(evidence));
    CHECK_THAT(evidence[1].expected, !Contains("pings"));
    CHECK_THAT(evidence[1].observed, !Contains("ping"));
  }
  SECTION("no answer") {
    network.ping = false;
    CHECK_THAT(error_of([&] { fault->stage(network.in(30s)); }).what(), Contains("pings were not answered in time"));
  }
}

TEST_CASE("watching: one process a witness, started by who finds none, and left by everybody") {
  FakeNetwork network;
  {
    const HeldConnection first(network.context(), network.cloud.nodes[1], network.target(), 22, network.in(10s));
    const HeldConnection second(network.context(), network.cloud.nodes[1], network.target(), 22, network.in(10s));
  }
  CHECK(network.remote.count("Alive=%s") == 2);
  CHECK(network.remote.count("--service-type=notify") == 1);
  CHECK(network.remote.count("rm -f /run/blackstart-witness/") == 2);
  const auto calls = network.remote.calls();
  CHECK(calls.front().second != calls[2].second);  // each by a name of its own
}

TEST_CASE("watching: what keeps it from beginning is said, and what may have joined leaves again") {
  FakeNetwork network;
  std::string said;
  const auto open = [&] {
    HeldConnection held(network.context(), network.cloud.nodes[1], network.target(), 22, network.in(10s));
    held.await_open(true, network.in(10s));
  };
  SECTION("the program can't be started") {
    network.remote.on("--service-type=notify", refused(1, "Job failed"));
    said = "Job failed";
  }
  SECTION("no flock") {
    network.remote.on("Alive=%s", answered("Alive=127\nEnd=1\n"));
    said = "flock does not work there";
  }
  SECTION("refused") {
    network.tcp = false;
    said = "not accepted: Connection refused";
  }
  SECTION("it says nothing in time") {
    network.remote.on("Watch=gone", answered("Watch=gone\nUptime=1\nEnd=1\n"));
    said = "it was not accepted in time";
  }
  CHECK_THAT(error_of(open).what(), Contains(said));
  CHECK(network.remote.count("rm -f /run/blackstart-witness/") == 1);
}

TEST_CASE("witnesses: others than the target, of other sites first, not all the same") {
  Cloud cloud = small_cloud({"c1", "c2", "c3", "c4"});
  cloud.nodes[3].site = "dc2";
  const auto names = [&](const std::string& target, const std::vector<std::string>& others, std::size_t most) {
    std::string text;
    for (const Node& node : witnesses_for(cloud, target, others, most)) text += node.name + " ";
    return text;
  };
  CHECK(names("c1", {}, 9) == "c4 c2 c3 ");
  CHECK(names("c4", {}, 1) != names("c4", {"c1"}, 1));
  CHECK(names("c1", {"c4"}, 1) == "c2 ");
  CHECK(names("c2", {"c4"}, 1) == "c3 ");
  CHECK(names("c1", {"c2", "c3", "c4"}, 3) == "");
}

TEST_CASE("ping: an answer, none, and what is neither") {
  FakeNetwork network;
  const auto once = [&] { return ping(network.context(), "c2", "198.18.20.11", network.in(5s)); };
  network.remote.on("ping -n -c 1 -W 1 '", answered("64 bytes from 198.18.20.11: icmp_seq=1 ttl=64 time=1.25 ms\n"));
  CHECK(once().answered);
  CHECK(once().milliseconds == 1.25);
  network.remote.on("ping -n -c 1 -W 1 '", refused(1, ""));
  CHECK_FALSE(once().answered);
  network.remote.on("ping -n -c 1 -W 1 '", refused(2, "ping: connect: Network is unreachable"));
  CHECK_FALSE(once().answered);
  network.remote.on("ping -n -c 1 -W 1 '", refused(127, "ping: not found"));
  CHECK_THAT(error_of(once).what(), Contains("there is no ping on c2"));
  network.remote.on("ping -n -c 1 -W 1 '", refused(2, "ping: socket: Operation not permitted"));
  CHECK(error_of(once).kind() == ErrorKind::unmet);
}
