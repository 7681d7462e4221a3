#include <catch2/catch.hpp>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "reports/reports.h"
#include "tests/support/approved.h"
#include "tests/support/sample_record.h"

using namespace blackstart;

namespace {

std::string metrics(const Judged& run) { return prometheus_text(run.record, run.judgement); }
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// What `promtool check metrics` and the textfile collector ask for; every complaint, one a line.
std::string complaints(const std::string& text) {
  static const std::regex kSample(R"re(^([a-z_]+)\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\} (-?[0-9.]+(?:[eE][+-]?[0-9]+)?)$)re");
  std::string found, family;
  std::map<std::string, int> helps, types;
  std::set<std::string> samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, kind, name;
    if (line.starts_with("# ")) {
      words >> hash >> kind >> name;
      ++(kind == "HELP" ? helps : types)[name];
      family = name;
      continue;
    }
    std::smatch match;
    if (!std::regex_match(line, match, kSample)) {
      found += "no sample: " + line + "\n";
      continue;
    }
    if (match[1] != family) found += "outside its family: " + line + "\n";
    if (!samples.insert(match[1].str() + match[2].str()).second) found += "twice: " + line + "\n";
  }
  for (const auto& [name, count] : helps)
    if (count != 1 || types[name] != 1) found += "not one HELP and one TYPE: " + name + "\n";
  if (samples.empty() || text.back() != '\n') found += "no samples, or no end of line\n";
  return found;
}

}  // namespace

TEST_CASE("the metrics are as approved") { check_approved("metrics.prom", metrics(sample::failed())); }

TEST_CASE("the metrics keep to the format, whatever the texts hold") {
  for (const Judged& run : {sample::passed(), sample::failed(), sample::inconclusive(), sample::undo_pending(), Judged{}})
    CHECK(complaints(metrics(run)) == "");
}

TEST_CASE("the check of the format notices what is wrong") {
  CHECK(complaints("") != "");
  CHECK(complaints("# HELP a_b x\n# TYPE a_b gauge\na_b{} NaN\n") != "");
  CHECK(complaints("a_b{} 1\n") != "");
  CHECK(complaints("# HELP a_b x\n# TYPE a_b gauge\na_b{} 1\na_b{} 1\n") != "");
}

TEST_CASE("one verdict is 1") {
  std::string text = metrics(sample::failed());
  CHECK(contains(text, "blackstart_verdict{scenario=\"writer-kill\",cloud=\"three-sites\",verdict=\"failed\"} 1\n"));
  CHECK(contains(text, "verdict=\"passed\"} 0\n"));
}

TEST_CASE("what was not measured has no sample") {
  CHECK(contains(metrics(sample::passed()), "blackstart_rpo_transfers"));
  Judged run = sample::passed();
  run.judgement.probes[0].audit->complete = false;
  CHECK_FALSE(contains(metrics(run), "blackstart_rpo_transfers"));
  run = sample::passed();
  run.judgement.verdict = Verdict::undo_pending;
  CHECK(contains(metrics(run), "blackstart_rto_seconds"));
  run.judgement.proves = false;
  CHECK_FALSE(contains(metrics(run), "blackstart_rto_seconds"));
  CHECK_FALSE(contains(metrics(run), "blackstart_rpo_transfers"));
  run = sample::passed();
  run.judgement.probes[0].series[0].budget.spent = std::numeric_limits<double>::quiet_NaN();
  run.judgement.probes[0].series[1].budget.spent = std::numeric_limits<double>::infinity();
  CHECK_FALSE(contains(metrics(run), "budget"));
}

TEST_CASE("a censored RTO says so") {
  CHECK(contains(metrics(sample::failed()),
                 "blackstart_rto_censored{scenario=\"writer-kill\",cloud=\"three-sites\",probe=\"bank\","
                 "series=\"transfer\",injection=\"kill-writer\"} 1\n"));
}
