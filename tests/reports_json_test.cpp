#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "reports/reports.h"
#include "tests/support/approved.h"
#include "tests/support/sample_record.h"

using namespace blackstart;
using nlohmann::json;

namespace {

std::string written(const Judged& run) { return record_json(run.record, run.judgement); }

// Every violation of the shipped schema, one a line.
std::string violations(const json& document) {
  std::ifstream file(std::string(BLACKSTART_SOURCE_DIR) + "/reports/record.schema.json");
  json schema_document = json::parse(file);
  valijson::Schema schema;
  valijson::SchemaParser parser;
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_document), schema);
  valijson::ValidationResults results;
  valijson::Validator validator;
  validator.validate(schema, valijson::adapters::NlohmannJsonAdapter(document), &results);
  std::string all;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    for (const auto& part : error.context) all += part;
    all += ": " + error.description + "\n";
  }
  return all;
}

}  // namespace

TEST_CASE("record.json is as approved") { check_approved("record.json", written(sample::failed())); }

TEST_CASE("record.json keeps to its schema") {
  for (const Judged& run : {sample::passed(), sample::failed(), sample::inconclusive(), sample::undo_pending(), Judged{}})
    CHECK(violations(json::parse(written(run))) == "");
}

TEST_CASE("what is said of a vantage point keeps to the schema") {
  Judged run = sample::passed();
  REQUIRE_FALSE(run.record.probes.empty());
  ProbeInfo& info = run.record.probes[0].info;
  info.vantage = "c3";
  CHECK(violations(json::parse(written(run))) == "");
  run.record.clocks = {{info.name, 1s, 2s, 3e-6, 3ms, 120, 1s, 2ms, ""}};
  run.record.objectives[0].kind = run.judgement.objectives[0].spec.kind = ObjectiveSpec::Kind::split_brain;
  CHECK(violations(json::parse(written(run))) == "");
}

TEST_CASE("the schema notices what doesn't belong") {
  json document = json::parse(written(sample::passed()));
  document["verdict"] = "green";
  CHECK(violations(document) != "");
  document = json::parse(written(sample::passed()));
  document["rtos"][0].erase("censored");
  CHECK(violations(document) != "");
  document = json::parse(written(sample::passed()));
  document["surprise"] = 1;
  CHECK(violations(document) != "");
}

TEST_CASE("record.json has what a comparison of runs needs") {
  json document = json::parse(written(sample::failed()));
  CHECK(document["schema_version"] == 1);
  CHECK(document["run"]["seed"] == "20261121");
  CHECK(document["run"]["started"] == "2026-11-21T06:46:28.123Z");
  CHECK(document["verdict"] == "failed");
  CHECK(document["rtos"][0]["censored"] == true);
  CHECK(document["rtos"][0]["first_success_seconds"].is_null());
  CHECK(document["rtos"][0]["rto_seconds"]["value"] == 41.863);
  CHECK(document["probes"][0]["audit"]["lost_cents"] == 1234);
  CHECK(document["probes"][0]["settings"]["series"][0]["rate_per_second"] == 20);
  CHECK(document["injections"][0]["evidence"].size() == 3);
}

TEST_CASE("a number that is none becomes null, and broken text stays JSON") {
  Judged run = sample::inconclusive();
  run.judgement.probes[0].series[0].budget.spent = std::numeric_limits<double>::infinity();
  json document = json::parse(written(run));
  CHECK(document["probes"][0]["series"][0]["error_budget_spent"].is_null());
  CHECK(violations(document) == "");
}
