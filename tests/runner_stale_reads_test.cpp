// The objective `stale-reads` in a scenario.
#include <catch2/catch.hpp>

#include "runner/preflight.h"
#include "tests/support/error_of.h"

namespace blackstart {
namespace {

Scenario read(const std::string& objective) {
  Scenario scenario;
  read_text(
      "scenario: s\nclaim: c\nprobes: {bank: {kind: ledger, read-backs: 5/s}}\n"
      "steps: [{inject: {id: k, fault: service.kill, unit: a.service, on: {pick: all}}}]\nobjectives: [{stale-reads: " +
          objective + "}]\n",
      "s.yaml", [&](Fields& f) { scenario.describe(f); });
  return scenario;
}

std::string trouble(const std::string& objective) {
  return error_of([&] { read(objective); }).what();
}

ProbeInfo probe(bool reads_back) {
  ProbeInfo info;
  info.name = "bank";
  info.series = {{"transfer", 20, 2s, 500ms, true}, {"read-back", 0.1, 2s, 500ms, false, reads_back}};
  return info;
}

TEST_CASE("stale-reads: names its probe and how many reads may be behind") {
  const Scenario s = read("{probe: bank, at-most: 3}");
  REQUIRE(s.objectives.size() == 1);
  CHECK(s.objectives[0].kind == ObjectiveSpec::Kind::stale_reads);
  CHECK((s.objectives[0].probe == "bank" && s.objectives[0].limit == 3 && s.objectives[0].series.empty()));
}

TEST_CASE("stale-reads: what is missing, unknown or none of its own is told") {
  CHECK_THAT(trouble("{probe: bank}"), Catch::Contains("'at-most' is missing"));
  CHECK_THAT(trouble("{probe: bank, at-most: 1s}"), Catch::Contains("whole number"));
  CHECK_THAT(trouble("{probe: bank, at-most: -1}"), Catch::Contains("0"));
  CHECK_THAT(trouble("{probe: shop, at-most: 0}"), Catch::Contains("no probe 'shop'"));
  CHECK_THAT(trouble("{probe: bank, series: read-back, at-most: 0}"), Catch::Contains("'series'"));
}

TEST_CASE("stale-reads: a probe that reads nothing back is refused before anything is touched") {
  const Scenario s = read("{probe: bank, at-most: 0}");
  CHECK_NOTHROW(check_objectives(s, {probe(true)}));
  CHECK_THAT(error_of([&] { check_objectives(s, {probe(false)}); }).what(),
             Catch::Contains("reads nothing back") && Catch::Contains("read-backs"));
}

}  // namespace
}  // namespace blackstart
