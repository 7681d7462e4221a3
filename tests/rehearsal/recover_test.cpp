// The runner ends badly: the dead-man, `recover`, and an interruption.
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <catch2/catch.hpp>

#include "tests/rehearsal/support.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

// Starts a run in the background with its output in a file; returns its process id.
pid_t start(const Workplace& workplace, const std::string& text) {
  const std::string scenario_file = workplace.write("scenario.yaml", text).string();
  const std::string command = "exec env " + workplace.environment().front() + " " + BLACKSTART_BINARY + " run " +
                              scenario_file + " --cloud " + cloud_file().string() + " --out " +
                              (workplace.path / "runs").string() + " > " + (workplace.path / "output").string() + " 2>&1";
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  REQUIRE(child > 0);
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

const char* const kState = "ps -o stat= -p $(systemctl show -p MainPID --value memcached.service) | cut -c1";
const char* const kFreeze =
    "  - inject: {id: freeze, fault: service.freeze, unit: memcached.service, port: 11211, dead-man: 20s, on: {nodes: [c2]}}\n"
    "  - hold: 15s\n";

}  // namespace

TEST_CASE(
    "kill -9 of the runner while a service is frozen: the dead-man thaws it, recover says so, and a new run is refused before",
    "[lab]") {
  Workplace workplace;
  const pid_t runner = start(workplace, scenario(kFreeze));
  wait_on_node("c2", kState, "T\n");
  REQUIRE(::kill(runner, SIGKILL) == 0);
  wait_for(runner);
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
  const pid_t runner = start(
      workplace,
      scenario("  - inject: {id: freeze, fault: service.freeze, unit: memcached.service, port: 11211, on: {nodes: [c2]}}\n"
               "  - hold: 60s\n"));
  wait_on_node("c2", kState, "T\n");
  REQUIRE(::kill(runner, SIGKILL) == 0);
  wait_for(runner);
  CHECK(workplace.blackstart({"recover"}).exit_code == 0);
  CHECK(on_node("c2", kState) == "S\n");
  CHECK(on_node("c2", "systemctl list-units --all --plain --no-legend 'blackstart-*' | wc -l") == "0\n");
}

TEST_CASE("an interrupted rehearsal undoes and is inconclusive", "[lab]") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  Workplace workplace;
  const pid_t runner = start(workplace, scenario(kFreeze));
  wait_on_node("c2", kState, "T\n");
  REQUIRE(::kill(runner, signal) == 0);
  const int status = wait_for(runner);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 2);
  CHECK(on_node("c2", kState) == "S\n");
  CHECK_THAT(workplace.latest().reasons(), Catch::Contains(signal == SIGINT ? "SIGINT" : "SIGTERM"));
  CHECK(on_node("c2", "systemctl list-units --all --plain --no-legend 'blackstart-*' | wc -l") == "0\n");
}

TEST_CASE("halt stops a running rehearsal and blocks new ones until resume", "[lab]") {
  Workplace workplace;
  const std::string name = cloud().name;
  const pid_t runner = start(workplace, scenario(kFreeze));
  wait_on_node("c2", kState, "T\n");
  CHECK_THAT(workplace.blackstart({"status"}).out, Catch::Contains("in use by"));
  CHECK(workplace.blackstart({"halt", name, "the quarter closes"}).exit_code == 0);
  CHECK(WEXITSTATUS(wait_for(runner)) == 2);
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
