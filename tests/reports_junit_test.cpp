#include <catch2/catch.hpp>
#include <cstring>
#include <pugixml.hpp>

#include "reports/reports.h"
#include "tests/support/approved.h"
#include "tests/support/sample_record.h"

using namespace blackstart;

namespace {

struct Parsed {
  pugi::xml_document document;
  pugi::xml_node suite;
  std::size_t elements(const char* name) const { return suite.select_nodes((std::string("testcase/") + name).c_str()).size(); }
  pugi::xml_node find(const char* group, const char* name_part) const {
    for (auto node : suite.children("testcase")) {
      bool here = std::strstr(node.attribute("classname").value(), group) != nullptr;
      if (here && std::strstr(node.attribute("name").value(), name_part) != nullptr) return node;
    }
    return {};
  }
};

Parsed parse(const Judged& run) {
  Parsed parsed;
  std::string xml = junit_xml(run.record, run.judgement);
  INFO(xml);
  REQUIRE(parsed.document.load_string(xml.c_str()));
  parsed.suite = parsed.document.child("testsuites").child("testsuite");
  REQUIRE(parsed.suite);
  return parsed;
}

}  // namespace

TEST_CASE("the JUnit file is as approved") {
  Judged run = sample::failed();
  check_approved("junit.xml", junit_xml(run.record, run.judgement));
}

TEST_CASE("a passed run is green through and through") {
  Parsed junit = parse(sample::passed());
  CHECK(junit.elements("failure") == 0);
  CHECK(junit.elements("error") == 0);
  CHECK(junit.find("objective", "RTO of bank"));
  CHECK(junit.find("objective", "RTO of bank").attribute("time").as_double() == Approx(4.39));
  CHECK(junit.find("evidence", "port 3306 of c1"));
  CHECK(junit.find("undo", "undo of kill-writer").attribute("time").as_double() == Approx(0.32));
  CHECK(junit.find("steady", "bank/transfer"));
  CHECK(junit.find("audit", "audit of bank"));
  CHECK(junit.find("redundancy", "Galera"));
}

TEST_CASE("the cloud's misses are failures") {
  Parsed junit = parse(sample::failed());
  CHECK(junit.find("objective", "RTO of bank").child("failure"));
  CHECK(junit.find("verdict", "verdict").child("failure"));
  CHECK(junit.find("audit", "bank").child("failure"));
  CHECK(junit.find("guard", "probe bank down").child("failure"));
  CHECK(junit.find("redundancy", "Galera").child("failure"));
  CHECK(junit.find("step", "hold 5 s").child("skipped"));
  CHECK(junit.elements("error") == 0);
}

TEST_CASE("what proves nothing is an error, never green") {
  Parsed junit = parse(sample::inconclusive());
  CHECK(junit.find("verdict", "verdict").child("error"));
  CHECK(junit.find("evidence", "MainPID").child("error"));
  CHECK(junit.find("audit", "bank").child("error"));
  CHECK(junit.find("sight", "bank/").child("error"));
  CHECK(junit.find("objective", "RPO").child("error"));
  CHECK(junit.elements("failure") == 0);
}

TEST_CASE("an inconclusive run without any other trouble still has its error") {
  Judged run = sample::passed();
  run.judgement.verdict = Verdict::inconclusive;
  run.judgement.reasons = {"The record is not finished."};
  Parsed junit = parse(run);
  CHECK(junit.elements("error") == 1);
  CHECK(std::string(junit.find("verdict", "verdict").child("error").text().get()) == "The record is not finished.");
  CHECK(parse({}).elements("error") == 1);
}

TEST_CASE("something still broken is an error") {
  Parsed junit = parse(sample::undo_pending());
  CHECK(junit.find("verdict", "verdict").child("error"));
  CHECK(junit.find("undo", "freeze-writer").child("error"));
}

TEST_CASE("the counts are those of the cases") {
  for (const Judged& run : {sample::passed(), sample::failed(), sample::inconclusive(), sample::undo_pending(), Judged{}}) {
    Parsed junit = parse(run);
    auto count = [&](const char* name) { return junit.suite.attribute(name).as_ullong(); };
    CHECK(count("tests") == junit.suite.select_nodes("testcase").size());
    CHECK(count("failures") == junit.elements("failure"));
    CHECK(count("errors") == junit.elements("error"));
    CHECK(count("skipped") == junit.elements("skipped"));
    for (const char* name : {"tests", "failures", "errors", "skipped"})
      CHECK(junit.suite.parent().attribute(name).as_ullong() == count(name));
  }
}

TEST_CASE("no text of the record breaks the XML") {
  Judged run = sample::inconclusive();
  run.judgement.reasons.emplace_back("a \x01\x02 ]]> & < \xff");
  std::string xml = junit_xml(run.record, run.judgement);
  for (char c : xml) CHECK_FALSE((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t'));
  CHECK(xml.find("&#01;") == std::string::npos);
  CHECK(xml.find("&#1;") == std::string::npos);
  CHECK(xml.find("&#x1") == std::string::npos);
  CHECK(xml.find("&#27;") == std::string::npos);
  parse(run);
}

TEST_CASE("a loss that an objective allows is no failure of the audit") {
  Judged run = sample::passed();
  run.judgement.probes[0].audit->lost = 2;
  CHECK_FALSE(parse(run).find("audit", "bank").child("failure"));
  run.judgement.objectives.clear();
  CHECK(parse(run).find("audit", "bank").child("failure"));
}
