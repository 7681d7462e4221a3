// The objective `refuses` in a scenario, and two probes that would work on the same tables.
#include <catch2/catch.hpp>

#include "runner/preflight.h"
#include "tests/support/error_of.h"

namespace blackstart {
namespace {

std::string scenario(const std::string& objective, const std::string& minority = "{kind: ledger, at: c1, prefix: minority-}") {
  return "scenario: s\nclaim: c\nprobes:\n  bank: {kind: ledger}\n  minority: " + minority +
         "\nsteps: [{inject: {id: k, fault: service.kill, unit: a.service, on: {pick: all}}}]\nobjectives: [" + objective +
         "]\n";
}

Scenario read(const std::string& text) {
  Scenario scenario;
  read_text(text, "s.yaml", [&](Fields& f) { scenario.describe(f); });
  return scenario;
}

std::string trouble(const std::string& text) {
  return error_of([&] { read(text); }).what();
}

ProbeInfo probe(bool posts) {
  ProbeInfo info;
  info.name = "minority";
  info.series = {{"transfer", 20, 2s, 500ms, posts}, {"inquiry", 20, 2s, 500ms, false}};
  return info;
}

TEST_CASE("refuses: names its probe, its injection and how many writes may be acknowledged") {
  const Scenario s = read(scenario("{refuses: {probe: minority, series: transfer, injection: k, at-most: 2}}"));
  REQUIRE(s.objectives.size() == 1);
  const ObjectiveSpec& spec = s.objectives[0];
  CHECK(spec.kind == ObjectiveSpec::Kind::refuses);
  CHECK((spec.probe == "minority" && spec.series == "transfer" && spec.injection == "k" && spec.limit == 2));
}

TEST_CASE("refuses: what is missing or unknown is told") {
  CHECK_THAT(trouble(scenario("{refuses: {probe: minority, at-most: 0}}")), Catch::Contains("'injection' is missing"));
  CHECK_THAT(trouble(scenario("{refuses: {probe: minority, injection: kk, at-most: 0}}")),
             Catch::Contains("there is no injection 'kk'"));
  CHECK_THAT(trouble(scenario("{refuses: {probe: minority, injection: k}}")), Catch::Contains("'at-most' is missing"));
  CHECK_THAT(trouble(scenario("{refuses: {probe: minority, injection: k, at-most: 1s}}")), Catch::Contains("whole number"));
  CHECK_THAT(trouble(scenario("{refuses: {probe: nobody, injection: k, at-most: 0}}")), Catch::Contains("no probe 'nobody'"));
}

TEST_CASE("refuses: a probe or series that writes nothing is refused before anything is touched") {
  const Scenario of_inquiries = read(scenario("{refuses: {probe: minority, series: inquiry, injection: k, at-most: 0}}"));
  const Scenario of_all = read(scenario("{refuses: {probe: minority, injection: k, at-most: 0}}"));
  CHECK_NOTHROW(check_objectives(of_all, {probe(true)}));
  CHECK_THAT(error_of([&] { check_objectives(of_all, {probe(false)}); }).what(), Catch::Contains("writes nothing"));
  CHECK_THAT(error_of([&] { check_objectives(of_inquiries, {probe(true)}); }).what(), Catch::Contains("writes nothing"));
}

TEST_CASE("two ledgers on the same tables would spoil each other's books") {
  const std::string rpo = "{rpo: {probe: bank, at-most: 0}}";
  CHECK_NOTHROW(read(scenario(rpo)));
  CHECK_THAT(trouble(scenario(rpo, "{kind: ledger, at: c1}")),
             Catch::Contains("s.yaml:5:20: 'bank' and 'minority' would both work on ledger tables with prefix ''") &&
                 Catch::Contains("a 'prefix' of its own"));
}

TEST_CASE("two probes of OpenStack whose names begin alike would sweep up after each other") {
  const std::string ports = "{kind: openstack, network: n, operations: {port-create: {rate: 1/s}}, prefix: ";
  const auto both = [&](const std::string& second) {
    return "scenario: s\nclaim: c\nprobes:\n  one: " + ports + "bank-}\n  two: " + ports + second +
           "}\nsteps: [{inject: {id: k, fault: service.kill, unit: a.service, on: {pick: all}}}]\nobjectives: [{rto: {probe: "
           "one, at-most: "
           "60s}}]\n";
  };
  CHECK_NOTHROW(read(both("till-")));
  for (const char* second : {"bank-", "bank-2-"})
    CHECK_THAT(trouble(both(second)), Catch::Contains("'one' and 'two' would both work on"));
}

}  // namespace
}  // namespace blackstart
