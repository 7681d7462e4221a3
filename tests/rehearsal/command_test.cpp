// The user's own commands, on a node and on the runner's machine.
#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/rehearsal/background_run.h"
#include "tests/rehearsal/injected.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

// An address of c3's that only this command knows; whoever pings it sees the effect from outside.
constexpr const char* kAddress = R"yaml(
inject: "for i in 1; do ip addr add 198.18.255.$((i+6))/32 dev lo; done; echo 100%"
undo: "ip addr del 198.18.255.7/32 dev lo 2>/dev/null; true"
evidence: "ip -o -4 addr show dev lo | grep -w 198.18.255.7"
)yaml";

std::string seen_by_c1() {
  const std::string c3 = cloud().find("c3")->data_address();
  return on_node("c1", "ip route replace 198.18.255.7/32 via " + c3 +
                           "; ping -c1 -W1 198.18.255.7 >/dev/null && echo there || echo gone; ip route del 198.18.255.7/32");
}

}  // namespace

TEST_CASE("a user's command on a node: its effect is there for others too, and gone afterwards", "[lab]") {
  REQUIRE(seen_by_c1() == "gone\n");
  Injected mine("command", kAddress, {"c3"});
  const auto evidence = mine.inject();
  require_all(evidence, 1);
  CHECK_THAT(evidence[0].observed, Catch::Contains("198.18.255.7"));
  CHECK(seen_by_c1() == "there\n");
  require_all(mine.undo(), 1);
  CHECK(seen_by_c1() == "gone\n");
}

TEST_CASE("a user's command on a node is undone by the dead-man, with what a shell and systemd would expand in it", "[lab]") {
  Injected mine("command", kAddress, {"c3"});
  require_all(mine.inject(5s), 1);
  wait_on_node("c3", "ls /run/blackstart/ | grep -c fired; true", "1\n", 15s);
  CHECK(seen_by_c1() == "gone\n");
  require_all(mine.undo(), 1);
}

TEST_CASE("a user's command that still runs when the rehearsal is interrupted is waited for, and undone", "[lab]") {
  const std::string marks = "ls /run/slow-begins /run/slow-ends 2>/dev/null";
  on_node("c3", "rm -f /run/slow-*");
  Workplace workplace;
  BackgroundRun runner(workplace,
                       scenario("  - inject: {id: slow, fault: command, on: {nodes: [c3]}, evidence: test -e /run/slow, "
                                "inject: touch /run/slow-begins; sleep 8; touch /run/slow /run/slow-ends, "
                                "undo: rm -f /run/slow}\n"));
  wait_on_node("c3", marks + "; true", "/run/slow-begins\n");
  runner.send(SIGINT);
  CHECK(runner.wait() == 2);
  CHECK(on_node("c3", marks) == "/run/slow-begins\n/run/slow-ends\n");  // it has ended, and had its effect
  CHECK(on_node("c3", "ls /run/slow 2>/dev/null; true").empty());
  CHECK_THAT(workplace.blackstart({"status"}).out, Catch::Contains("nothing is left to undo"));
  on_node("c3", "rm /run/slow-*");
}

TEST_CASE("a user's command on the runner's machine", "[lab]") {
  const TextFolder folder;
  const std::filesystem::path mark = folder.path / "mark";
  Injected mine("command",
                "where: local\ninject: echo 100% >" + mark.string() + "\nundo: rm -f " + mark.string() +
                    "\nevidence: test -e " + mark.string() + "\ngone: test ! -e " + mark.string() + "\n",
                {"c1"});
  require_all(mine.inject(), 1);
  CHECK(std::filesystem::exists(mark));
  require_all(mine.undo(), 1);
  CHECK_FALSE(std::filesystem::exists(mark));
}

TEST_CASE("a user's command that has no effect is no proof, and one whose effect is there already is refused", "[lab]") {
  Injected nothing("command", "{inject: 'true', undo: 'true', evidence: test -e /run/none, timeout: 2s}", {"c3"});
  const auto evidence = nothing.inject();
  REQUIRE(evidence.size() == 1);
  CHECK_FALSE(evidence[0].confirmed);
  nothing.undo();
  Injected already("command", "{inject: 'true', undo: 'true', evidence: test -e /run}", {"c3"});
  CHECK_THROWS_WITH(already.preflight(), Catch::Contains("it is there already"));
  Injected broken("command", "{inject: 'true', undo: 'true', evidence: no-such-program}", {"c3"});
  CHECK_THROWS_WITH(broken.preflight(), Catch::Contains("neither 0 (there) nor 1 (absent)"));
}
