// Which bounds fit a probe that watches redundancy, and which fit one that has operations.
#include <catch2/catch.hpp>

#include "runner/preflight.h"
#include "tests/support/error_of.h"

namespace blackstart {
namespace {

using Kind = ObjectiveSpec::Kind;

ProbeInfo watcher() {
  ProbeInfo info;
  info.name = "whole";
  info.components = {"galera", "nova"};
  return info;
}

std::string refusal(Kind kind, const std::string& component, const ProbeInfo& probe) {
  Scenario scenario;
  ObjectiveSpec spec;
  spec.kind = kind;
  spec.probe = "whole";
  spec.series = component;
  spec.limit = 60;
  scenario.objectives = {spec};
  return error_of([&] { check_objectives(scenario, {probe}); }).what();
}

TEST_CASE("objectives: redundancy is for a probe that watches it, and for what it watches", "[redundancy]") {
  Scenario scenario;
  ObjectiveSpec spec;
  spec.kind = Kind::redundancy;
  spec.probe = "whole";
  spec.limit = 1;
  scenario.objectives = {spec};
  CHECK_NOTHROW(check_objectives(scenario, {watcher()}));
  CHECK_THAT(refusal(Kind::redundancy, "galara", watcher()),
             Catch::Contains("it does not watch 'galara'") && Catch::Contains("galera"));
  CHECK_THAT(refusal(Kind::rto, "", watcher()), Catch::Contains("no operations, only components"));
  ProbeInfo bank;
  bank.name = "whole";
  bank.series = {{"transfer", 20, 2s, 500ms, true}};
  CHECK_THAT(refusal(Kind::redundancy, "", bank), Catch::Contains("it watches no redundancy"));
}

TEST_CASE("guards: 'no-success' can't be asked of a probe without operations", "[redundancy]") {
  Scenario scenario;
  scenario.guards = {{GuardSpec::Kind::no_success, "whole", 10s}};
  CHECK_THAT(error_of([&] { check_objectives(scenario, {watcher()}); }).what(), Catch::Contains("has no operations"));
  scenario.guards = {{GuardSpec::Kind::total, "", 10s}};
  CHECK_NOTHROW(check_objectives(scenario, {watcher()}));
}

}  // namespace
}  // namespace blackstart
