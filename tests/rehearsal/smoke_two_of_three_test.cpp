// scenarios/smoke/two-of-three-lost.yaml on real components: power cuts by BMCs, and a cluster that finds itself again.
#include <catch2/catch.hpp>

#include "tests/rehearsal/smoke.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

TEST_CASE("smoke: with two of three without power the third refuses writes, and nothing is lost", "[lab]") {
  require_whole_lab();
  Workplace workplace;
  const auto run = workplace.rehearse(smoke_scenario("two-of-three-lost"));
  INFO(run.reasons());
  CHECK(run.process.exit_code == 0);
  CHECK(run.verdict() == "passed");
  CHECK(objective(run, "refuses", "survivor").at("state") == "met");
  CHECK(objective(run, "rpo", "bank").at("state") == "met");
  // Both were off, by what the survivor and the runner saw, not by what the BMC says alone.
  for (const auto& evidence : run.record.at("injections").at(0).at("evidence")) CHECK(evidence.at("confirmed") == true);
  require_whole_lab();
}
