// The runner ends badly: the dead-man, `recover`, and an interruption.
#include <csignal>

#include <catch2/catch.hpp>

#include "tests/rehearsal/background_run.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

const char* const kState = "ps -o stat= -p $(systemctl show -p MainPID --value memcached.service) | cut -c1";
const char* const kFreeze =
    "  - inject: {id: freeze, fault: service.freeze, unit: memcached.service, port: 11211, dead-man: 20s, on: {nodes: [c2]}}\n"
    "  - hold: 15s\n";

}  // namespace

TEST_CASE(
    "kill -9 of the runner while a service is frozen: the dead-man thaws it, recover says so, and a new run is refused before",
    "[lab]") {
  Workplace workplace;
  BackgroundRun runner(workplace, scenario(kFreeze));
  wait_on_node("c2", kState, "T\n");
  runner.send(SIGKILL);
  CHECK(runner.wait() == -SIGKILL);
  CHECK(on_node("c2", kState) == "T\n");

  const auto refused = workplace.blackstart({"run", (workplace.path / "scenario.yaml").string(), "--cloud",
                                             cloud_file().string(), "--out", (workplace.path / "runs").string()});
  CHECK(refused.exit_code == 2);
  CHECK_THAT(refused.err, Catch::Contains("blackstart recover"));

  wait_on_node("c2", kState, "S\n", 30s);
  const auto judged_before = workplace.blackstart({"judge", (workplace.path / "runs" / "latest").string()});
  CHECK(judged_before.exit_code == 3);

  const auto recovered = workplace.blackstart({"recover"});
  INFO(recovered.out);
  CHECK(recovered.exit_code == 0);
  CHECK_THAT(recovered.out, Catch::Contains("dead-man"));
  CHECK(on_node("c2", "ls /run/blackstart 2>/dev/null | wc -l") == "0\n");
  CHECK_THAT(workplace.blackstart({"recover"}).out, Catch::Contains("nothing to recover"));
  // What was recorded up to the crash is readable, and proves nothing.
  CHECK(workplace.blackstart({"judge", (workplace.path / "runs" / "latest").string()}).exit_code == 2);
}

TEST_CASE("recover undoes by itself what no dead-man has undone yet", "[lab]") {
  Workplace workplace;
  BackgroundRun runner(
      workplace,
      scenario("  - inject: {id: freeze, fault: service.freeze, unit: memcached.service, port: 11211, on: {nodes: [c2]}}\n"
               "  - hold: 60s\n"));
  wait_on_node("c2", kState, "T\n");
  runner.send(SIGKILL);
  CHECK(runner.wait() == -SIGKILL);
  CHECK(workplace.blackstart({"recover"}).exit_code == 0);
  CHECK(on_node("c2", kState) == "S\n");
  CHECK(on_node("c2", "systemctl list-units --all --plain --no-legend 'blackstart-*' | wc -l") == "0\n");
}

TEST_CASE("an interrupted rehearsal undoes and is inconclusive", "[lab]") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  Workplace workplace;
  BackgroundRun runner(workplace, scenario(kFreeze));
  wait_on_node("c2", kState, "T\n");
  runner.send(signal);
  CHECK(runner.wait() == 2);
  CHECK(on_node("c2", kState) == "S\n");
  CHECK_THAT(workplace.latest().reasons(), Catch::Contains(signal == SIGINT ? "SIGINT" : "SIGTERM"));
  CHECK(on_node("c2", "systemctl list-units --all --plain --no-legend 'blackstart-*' | wc -l") == "0\n");
}

TEST_CASE("halt stops a running rehearsal and blocks new ones until resume", "[lab]") {
  Workplace workplace;
  const std::string name = cloud().name;
  BackgroundRun runner(workplace, scenario(kFreeze));
  wait_on_node("c2", kState, "T\n");
  CHECK_THAT(workplace.blackstart({"status"}).out, Catch::Contains("in use by"));
  CHECK(workplace.blackstart({"halt", name, "the quarter closes"}).exit_code == 0);
  CHECK(runner.wait() == 2);
  CHECK(on_node("c2", kState) == "S\n");
  const auto refused =
      workplace.blackstart({"plan", (workplace.path / "scenario.yaml").string(), "--cloud", cloud_file().string()});
  CHECK(refused.exit_code == 2);
  CHECK_THAT(refused.err, Catch::Contains("the quarter closes"));
  CHECK(workplace.blackstart({"resume", name}).exit_code == 0);
  CHECK(
      workplace.blackstart({"plan", (workplace.path / "scenario.yaml").string(), "--cloud", cloud_file().string()}).exit_code ==
      0);
}
