// scenarios/smoke/both-sides.yaml on real components, sent from both sides of the cut; and a second side that is served, which
// must fail.
#include <catch2/catch.hpp>

#include "tests/rehearsal/smoke.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

constexpr const char* kLeft =
    "find /var/lib/blackstart-vantage/vantage -mindepth 1; systemctl list-units --all --plain --no-legend 'blackstart-*'";

void require_nothing_left() {
  for (const char* node : {"c1", "c2"}) wait_on_node(node, kLeft, "", 10s);
}

}  // namespace

TEST_CASE("smoke: clients on both sides of a cut: one side is refused, the other goes on, and there is one bank", "[lab]") {
  require_whole_lab();
  Workplace workplace;
  const auto run = workplace.rehearse(smoke_scenario("both-sides"));
  INFO(run.reasons());
  CHECK(run.process.exit_code == 0);
  CHECK(run.verdict() == "passed");
  CHECK(objective(run, "split-brain", "bank@c1").at("state") == "met");
  CHECK(objective(run, "refuses", "bank@c1").at("state") == "met");
  CHECK(objective(run, "rto", "bank@c2").at("state") == "met");
  int sent_elsewhere = 0;
  for (const auto& probe : run.record.at("probes")) {
    if (!probe.contains("vantage")) continue;
    ++sent_elsewhere;
    const double bound = probe.at("vantage").at("clock").at("bound_seconds");
    CHECK((bound > 0 && bound < 1));
  }
  CHECK(sent_elsewhere == 3);
  require_nothing_left();
  require_whole_lab();
}

TEST_CASE("smoke: writes that two sides take fail the rehearsal", "[lab]") {
  require_whole_lab();
  Workplace workplace;
  // dc3 is alone; c1 and c2 are both of the majority and go on, as they should, and the objective says that they are two sides.
  const auto run = workplace.rehearse(
      "scenario: two-banks\n"
      "claim: what a test of Blackstart itself says\n"
      "probes:\n"
      "  bank: {kind: ledger, from: [c1, c2], at: here, transfers: 20/s, inquiries: 10/s, hold: 3s}\n"
      "steady: {for: 3s, within: 60s}\n"
      "settle: 60s\n"
      "steps:\n"
      "  - inject: {id: isolate, fault: site.isolate, site: dc3, from: [dc1, dc2]}\n"
      "  - hold: 12s\n"
      "objectives:\n"
      "  - split-brain: {probe: bank, injection: isolate, at-most: 0}\n");
  INFO(run.reasons());
  CHECK(run.process.exit_code == 1);
  CHECK(run.verdict() == "failed");
  CHECK(objective(run, "split-brain", "bank@c1").at("state") == "missed");
  require_nothing_left();
}
