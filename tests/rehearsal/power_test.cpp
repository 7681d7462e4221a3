// Power through real IPMI, on a lab's containers; with BMCs that fail, too.
#include <catch2/catch.hpp>

#include "tests/rehearsal/injected.h"
#include "tests/rehearsal/outside.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

constexpr const char* kDatadir = "/var/lib/mysql";

}  // namespace

TEST_CASE("power.off is a power cut: no process had time to say goodbye; the undo brings the node back", "[lab]") {
  require_whole_lab();
  // A unit that would leave a word at an orderly end.
  on_node("c3",
          "rm -f /root/goodbye; systemd-run --quiet --unit=says-goodbye -p ExecStop='/bin/touch /root/goodbye' "
          "-p RemainAfterExit=yes /bin/true");
  Injected off("power.off", "", {"c3"});
  require_all(off.inject(), 3);  // BMC, runner, another node
  CHECK_THAT(domain_state("c3"), Catch::StartsWith("shut off"));
  CHECK_FALSE(pings("c1", "c3"));

  require_all(off.undo(), 2);
  CHECK_THAT(domain_state("c3"), Catch::StartsWith("running"));
  CHECK(pings("c1", "c3"));
  CHECK(on_node("c3", "ls /root/goodbye 2>/dev/null | wc -l") == "0\n");
  // What MariaDB found when it came back: an orderly end leaves a position and no view of the cluster.
  CHECK_THAT(on_node("c3", "journalctl -b --no-pager -u mariadb | grep -c 'Recovered position\\|WSREP: Recovered'"),
             !Catch::Equals("0\n"));
  require_whole_lab();
}

TEST_CASE("after a power cut MariaDB's files are those of a crash", "[lab]") {
  require_whole_lab();
  Injected off("power.off", "", {"c3"});
  require_all(off.inject(), 3);
  // The node's file system as its host sees it.
  const std::string root = "/var/lib/blackstart/labs/" + cloud().name + "/nodes/c3/root" + kDatadir;
  CHECK_THAT(run_checked("reading grastate", {"cat", root + "/grastate.dat"}, 5s), Catch::Contains("seqno:   -1"));
  CHECK(run_process({"test", "-s", root + "/gvwstate.dat"}, 5s).ok());
  require_all(off.undo(), 2);
  require_whole_lab();
}

TEST_CASE("power.on switches a node on that is off; its undo is off again", "[lab]") {
  require_whole_lab();
  Injected off("power.off", "", {"c3"});
  require_all(off.inject(), 3);
  Injected on("power.on", "", {"c3"});
  require_all(on.inject(), 2);
  CHECK(pings("c1", "c3"));
  require_all(on.undo(), 2);
  CHECK_FALSE(pings("c1", "c3"));
  require_all(off.undo(), 2);
  CHECK_THAT(Injected("power.on", "", {"c3"}).refusal(), Catch::Contains("says that it is on"));
  require_whole_lab();
}

TEST_CASE("a BMC that says off while the node is on proves nothing", "[lab]") {
  require_whole_lab();
  const SpoiltBmc liar("c3", "lying");
  const std::string before = domain_state("c3");
  Injected off("power.off", "", {"c3"});
  const auto evidence = off.inject(300s, 6s);
  INFO(words(evidence));
  REQUIRE(evidence.size() == 3);
  CHECK(evidence[0].confirmed);        // the lie
  CHECK_FALSE(evidence[1].confirmed);  // the runner
  CHECK_FALSE(evidence[2].confirmed);  // the other node
  CHECK(domain_state("c3") == before);
  // And the lie stands in the way of power.on: its node is said to be off, but answers.
  CHECK_THAT(Injected("power.on", "", {"c3"}).refusal(), Catch::Contains("says off, but the SSH server: answers"));
  require_all(off.undo(), 2);
}
