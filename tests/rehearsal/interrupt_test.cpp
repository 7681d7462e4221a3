// A rehearsal that is told to end undoes at once, whatever it has injected.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/rehearsal/background_run.h"
#include "tests/rehearsal/crash_walk.h"
#include "tests/rehearsal/echo_container.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

std::string one_line(const std::string& parameters) {
  std::string text = parameters;
  for (std::size_t at; (at = text.find('\n')) != std::string::npos;) text.replace(at, 1, ", ");
  return text;
}

std::string scenario_of(const std::vector<Walked>& faults) {
  std::string steps = "  - parallel:\n";
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const std::string on = faults[i].names_targets() ? "" : ", on: {nodes: [" + faults[i].node + "]}";
    steps += "    - {id: f" + std::to_string(i) + ", fault: " + faults[i].fault + ", " + one_line(faults[i].parameters) +
             "dead-man: 5min, share: true" + on + "}\n";
  }
  return scenario(steps + "  - hold: 60s\n", "leave: {controller: 0, database: 0}\n");
}

}  // namespace

TEST_CASE("SIGTERM and SIGINT undo every family's fault at once", "[lab]") {
  require_whole_lab();
  const EchoContainer echo("c2");
  const auto families = walked_families(echo.look());
  const std::size_t set = GENERATE_COPY(range(std::size_t{0}, families.size()));
  const auto& faults = families[set];
  const int signal = set % 2 == 0 ? SIGTERM : SIGINT;
  INFO("set " << set);
  Workplace workplace;
  BackgroundRun run(workplace, scenario_of(faults), workplace.write("cloud.yaml", write_cloud(racked_cloud())));
  REQUIRE(wait_until([&] { return run.output().find("hold for 1min\n") != std::string::npos && all_look(faults, true); },
                     Deadline(real_clock(), 120s), 500ms));
  run.send(signal);
  Duration healing{0};
  for (const Walked& walked : faults) healing = std::max(healing, walked.heals);
  CHECK(wait_until([&] { return all_look(faults, false); }, Deadline(real_clock(), 10s + healing), 500ms));
  CHECK(run.wait() == 2);
  CHECK_THAT(workplace.latest().reasons(), Catch::Contains(signal == SIGINT ? "SIGINT" : "SIGTERM"));
  CHECK_THAT(workplace.blackstart({"status"}).out, Catch::Contains("nothing is left to undo"));
}
