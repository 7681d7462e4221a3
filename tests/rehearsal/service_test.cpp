// stop and freeze on real systemd: their evidence, and that nothing of them is left.
#include <catch2/catch.hpp>

#include "tests/rehearsal/support.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

std::string two_steps(const std::string& inject) { return "  - inject: " + inject + "\n  - hold: 2s\n"; }

void require_clean(const std::string& node) {
  CHECK(on_node(node, "systemctl list-units --all --plain --no-legend 'blackstart-*' | wc -l") == "0\n");
  CHECK(on_node(node, "ls /run/blackstart 2>/dev/null | wc -l") == "0\n");
}

}  // namespace

TEST_CASE("a frozen service: state T, its port accepts and does not answer, and it answers again afterwards", "[lab]") {
  Workplace workplace;
  const auto run = workplace.rehearse(
      scenario(two_steps("{id: freeze, fault: service.freeze, unit: memcached.service, port: 11211, on: {nodes: [c2]}}")));
  CHECK(run.verdict() == "passed");
  int effects = 0, undos = 0;
  for (const auto& evidence : run.record.at("injections").at(0).at("evidence")) {
    INFO(evidence.dump());
    CHECK(evidence.at("confirmed") == true);
    (evidence.at("stage") == "undo" ? undos : effects) += 1;
  }
  CHECK(effects >= 2);
  CHECK(undos >= 1);
  CHECK(on_node("c2", "systemctl is-active memcached.service") == "active\n");
  require_clean("c2");
}

TEST_CASE("a stopped service runs again after the rehearsal", "[lab]") {
  Workplace workplace;
  const auto run = workplace.rehearse(
      scenario(two_steps("{id: stop, fault: service.stop, unit: memcached.service, port: 11211, on: {pick: all}}"),
               "leave: {controller: 0, database: 0}\n"));
  CHECK(run.verdict() == "passed");
  for (const char* node : {"c1", "c2", "c3"}) {
    CHECK(on_node(node, "systemctl is-active memcached.service") == "active\n");
    require_clean(node);
  }
}

TEST_CASE("a frozen writer: the bank goes on elsewhere, and the frozen node is whole again afterwards", "[lab]") {
  require_whole_lab();
  Workplace workplace;
  const auto run = workplace.rehearse(
      scenario("  - inject: {id: freeze-writer, fault: service.freeze, unit: mariadb.service, on: {pick: writer}}\n"
               "  - wait-recovered: {probe: bank, within: 60s}\n"));
  CHECK(run.verdict() == "passed");
  require_whole_lab();
}
