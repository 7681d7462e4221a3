// Each verdict is shown a broken run.
#include <catch2/catch.hpp>

#include "tests/rehearsal/stubborn.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

TEST_CASE("a fault without effect proves nothing: inconclusive", "[lab]") {
  const Stubborn stubborn("c1");
  Workplace workplace;
  const auto run = workplace.rehearse(scenario(stubborn.step()));
  CHECK(run.process.exit_code == 2);
  CHECK(run.verdict() == "inconclusive");
  CHECK_THAT(run.reasons(), Catch::Contains("no-effect"));
}

TEST_CASE("a missed objective: failed", "[lab]") {
  require_whole_lab();
  Workplace workplace;
  const auto run = workplace.rehearse(
      scenario("  - inject: {id: kill-writer, fault: service.kill, unit: mariadb.service, on: {pick: writer}}\n"
               "  - wait-recovered: {probe: bank, within: 60s}\n",
               "  - downtime: {probe: bank, at-most: 1ms}\n"));
  CHECK(run.process.exit_code == 1);
  CHECK(run.verdict() == "failed");
  require_whole_lab();
}

TEST_CASE("a guard stops the rehearsal: failed, and everything is undone", "[lab]") {
  require_whole_lab();
  Workplace workplace;
  const auto run = workplace.rehearse(
      scenario("  - inject: {id: freeze-all, fault: service.freeze, unit: mariadb.service, on: {pick: all}}\n"
               "  - hold: 60s\n",
               "guards:\n  - no-success: {probe: bank, longer-than: 4s}\nleave: {controller: 0, database: 0}\n"));
  CHECK(run.process.exit_code == 1);
  CHECK(run.verdict() == "failed");
  CHECK_THAT(run.reasons(), Catch::Contains("no success for 4s"));
  require_whole_lab();
}
