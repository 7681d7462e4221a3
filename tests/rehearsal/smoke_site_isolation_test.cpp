// scenarios/smoke/site-isolation.yaml on real components; and the same with a probe that is served, which must fail.
#include <catch2/catch.hpp>

#include "tests/rehearsal/smoke.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

TEST_CASE("smoke: a data centre that is cut off refuses writes, the others go on, nothing is lost", "[lab]") {
  require_whole_lab();
  Workplace workplace;
  const auto run = workplace.rehearse(smoke_scenario("site-isolation"));
  CHECK(run.process.exit_code == 0);
  CHECK(run.verdict() == "passed");
  INFO(run.reasons());
  CHECK(objective(run, "refuses", "minority").at("state") == "met");
  CHECK(objective(run, "rto", "bank").at("state") == "met");
  require_whole_lab();
}

TEST_CASE("smoke: writes that a service takes while it should refuse them fail the rehearsal", "[lab]") {
  require_whole_lab();
  Workplace workplace;
  // dc3 is alone, and c1 is of the majority: it goes on, as it should, and the objective says that it must not.
  const auto run = workplace.rehearse(
      "scenario: refusal-missed\n"
      "claim: what a test of Blackstart itself says\n"
      "probes:\n"
      "  bank: {kind: ledger, transfers: 40/s, inquiries: 10/s, hold: 3s}\n"
      "  served: {kind: ledger, at: c1, prefix: served-, transfers: 20/s, inquiries: 10/s, hold: 3s}\n"
      "steady: {for: 3s, within: 60s}\n"
      "settle: 60s\n"
      "steps:\n"
      "  - inject: {id: isolate, fault: site.isolate, site: dc3, from: [dc1, dc2]}\n"
      "  - hold: 12s\n"
      "objectives:\n"
      "  - refuses: {probe: served, injection: isolate, at-most: 0}\n");
  CHECK(run.process.exit_code == 1);
  CHECK(run.verdict() == "failed");
  CHECK(objective(run, "refuses", "served").at("state") == "missed");
  CHECK_THAT(run.reasons(), Catch::Contains("it took writes"));
  require_whole_lab();
}
