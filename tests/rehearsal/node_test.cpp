// Whole nodes: restart, shutdown, crash and freeze, on a lab's containers.
#include <catch2/catch.hpp>

#include "lab/ssh.h"
#include "tests/rehearsal/injected.h"
#include "tests/rehearsal/outside.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

TEST_CASE("node.reboot and node.crash restart the node, in good order and not", "[lab]") {
  require_whole_lab();
  const auto [fault, parameters] =
      GENERATE(table<std::string, std::string>({{"node.reboot", ""}, {"node.crash", "how: reset"}}));
  const std::string before = domain_state("c3");
  on_node("c3",
          "rm -f /root/goodbye; systemd-run --quiet --unit=says-goodbye -p ExecStop='/bin/touch /root/goodbye' "
          "-p RemainAfterExit=yes /bin/true");
  Injected restart(fault, parameters, {"c3"});
  require_all(restart.inject(), 2);
  CHECK_THAT(domain_state("c3"), Catch::StartsWith("running") && !Catch::Equals(before));
  require_all(restart.undo(), 2);
  CHECK(on_node("c3", "ls /root/goodbye 2>/dev/null | wc -l") == (fault == "node.reboot" ? "1\n" : "0\n"));
  on_node("c3", "rm -f /root/goodbye");
  require_whole_lab();
}

TEST_CASE("the kernel's own crash is refused in a container: it would be the host's", "[lab]") {
  const std::string before = domain_state("c3");
  const std::string how = GENERATE("sysrq-c", "sysrq-b");
  CHECK_THAT(Injected("node.crash", "how: " + how, {"c3"}).refusal(), Catch::Contains("it is a container"));
  CHECK(domain_state("c3") == before);
}

TEST_CASE("node.shutdown ends in good order, and the undo switches the node on", "[lab]") {
  require_whole_lab();
  Injected shutdown("node.shutdown", "", {"c3"});
  require_all(shutdown.inject(), 3);
  CHECK_THAT(domain_state("c3"), Catch::StartsWith("shut off"));
  CHECK_FALSE(pings("c1", "c3"));
  require_all(shutdown.undo(), 2);
  CHECK(pings("c1", "c3"));
  require_whole_lab();
}

TEST_CASE("node.freeze: everything on the node stands still, and goes on as if nothing had been", "[lab]") {
  require_whole_lab();
  const std::string before = domain_state("c3");
  const std::string start = on_node("c3", "cut -d' ' -f22 /proc/1/stat");
  Injected freeze("node.freeze", "", {"c3"});
  require_all(freeze.inject(), 2);
  CHECK_THAT(domain_state("c3"), Catch::StartsWith("paused"));
  const std::string ask =
      "timeout 2 bash -c 'exec 3<>/dev/tcp/" + cloud().find("c3")->data_address() + "/22; head -c 3 <&3' 2>/dev/null; echo .";
  CHECK(on_node("c1", ask) == ".\n");
  require_all(freeze.undo(), 2);
  CHECK(domain_state("c3") == before);
  CHECK(on_node("c3", "cut -d' ' -f22 /proc/1/stat") == start);
  CHECK(on_node("c1", ask) == "SSH.\n");
  require_whole_lab();
}

TEST_CASE("an undo from any state: twice, and of a fault that never had an effect", "[lab]") {
  require_whole_lab();
  const std::string before = domain_state("c3");
  REQUIRE(Injected("power.off", "", {"c3"}).refusal().empty());
  const auto remote = make_ssh(cloud());
  const Cloud known = cloud();
  const FaultContext context{*remote, real_clock(), known};
  const UndoRecord on{"power.on", "c3", {{"boot", "of long ago"}, {"services", "ssh.service"}, {"boots-within", "60"}}};
  for (const UndoRecord& record : {on, on, UndoRecord{"node.resumed", "c3", {}}}) {
    require_all(undo_kind(record.kind).undo(record, context, Deadline(real_clock(), 30s)), 2);
  }
  CHECK(domain_state("c3") == before);
}
