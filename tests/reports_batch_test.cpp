#include <catch2/catch.hpp>
#include <fstream>
#include <pugixml.hpp>

#include "base/error.h"
#include "reports/files.h"
#include "tests/support/error_of.h"
#include "tests/support/folder.h"
#include "tests/support/run_folder.h"
#include "tests/support/sample_record.h"

using namespace blackstart;
using namespace blackstart::trace;
using Catch::Contains;

namespace {

BatchPlan plan_of(const std::vector<std::string>& scenarios) {
  BatchPlan plan{"openstack", "lab", true, 1'790'000'000'000'000'000, "0.1.0", {}, ""};
  for (const std::string& name : scenarios) plan.items.push_back({name, "claim of " + name, "source", name, 1});
  return plan;
}

// The service stands still for `down`; more than a minute of it is not seen to end.
void write_one(const std::filesystem::path& folder, const std::string& scenario, Duration down) {
  Record record = rehearsal(probe(down_between(20s, 20s + down)));
  record.run.scenario = scenario;
  record.run.id = "night-" + scenario;
  write_run(folder / scenario, record);
}

std::string text_of(const Folder& folder, const char* file) { return read_whole(folder.path / file); }

}  // namespace

TEST_CASE("a batch is as good as its worst scenario") {
  using V = Verdict;
  const auto of = [](const std::vector<V>& verdicts) {
    std::vector<BatchRun> runs;
    for (V verdict : verdicts) runs.emplace_back().verdict = verdict;
    return batch_verdict(runs);
  };
  CHECK(of({}) == V::inconclusive);
  CHECK(of({V::passed, V::passed}) == V::passed);
  CHECK(of({V::passed, V::inconclusive}) == V::inconclusive);
  CHECK(of({V::inconclusive, V::failed, V::passed}) == V::failed);
  CHECK(of({V::failed, V::undo_pending, V::inconclusive}) == V::undo_pending);
}

TEST_CASE("a batch's folder is judged from the records, twice the same, and says what was changed by hand") {
  Folder folder;
  write_batch_plan(folder.path, plan_of({"a", "b"}));
  write_one(folder.path, "a", 4s);
  write_one(folder.path, "b", 2s);
  REQUIRE(is_batch(folder.path));
  const BatchJudged first = judge_batch(folder.path);
  CHECK(first.verdict == Verdict::passed);
  CHECK(first.changed.empty());
  const std::string page = text_of(folder, "index.html");
  CHECK_THAT(page, Contains("<a href=\"a/report.html\">a</a>") && Contains("claim of b") && Contains("2 of 2"));
  CHECK(judge_batch(folder.path).changed.empty());
  CHECK(text_of(folder, "index.html") == page);
  std::ofstream(folder.path / "b" / "summary.txt", std::ios::app) << "wonderful\n";
  std::ofstream(folder.path / "junit.xml", std::ios::app) << "<!-- -->\n";
  CHECK(judge_batch(folder.path).changed == std::vector<std::string>{"b/summary.txt", "junit.xml"});
}

TEST_CASE("a run of another scenario or of another batch can't stand in for one of this batch") {
  Folder folder;
  write_batch_plan(folder.path, plan_of({"a", "b", "c"}));
  const auto write = [&](const std::string& item, const std::string& scenario, const std::string& batch) {
    Record record = rehearsal(probe(down_between(20s, 24s)));
    record.run.scenario = scenario;
    record.run.id = batch + "-" + item;
    write_run(folder.path / item, record);
  };
  std::string why;
  write("a", "a", "night-1");
  write("b", "b", "night-1");
  SECTION("none") { write("c", "c", "night-1"); }
  SECTION("another scenario") {
    write("c", "a", "night-1");
    why = "Its folder holds a run of the scenario 'a'.";
  }
  SECTION("another night") {
    write("c", "c", "night-0");
    why = "It is no run of night-1 but of night-0.";
  }
  SECTION("a run that was made alone, later") {
    Record record = rehearsal(probe(down_between(20s, 24s)));
    record.run.scenario = "c";
    record.run.id = "20261122T0700-c-again";
    write_run(folder.path / "c", record);
    why = "It is no run of night-1 but 20261122T0700-c-again.";
  }
  const BatchJudged batch = judge_batch(folder.path);
  CHECK(batch.verdict == (why.empty() ? Verdict::passed : Verdict::inconclusive));
  CHECK_THAT(batch.summary, Contains(why));
}

TEST_CASE("a scenario that did not run keeps a batch from passing, and is an error in JUnit and on the page") {
  Folder folder;
  BatchPlan plan = plan_of({"a", "b", "c"});
  const auto why = GENERATE(std::pair{"", "It was planned and did not run."},
                            std::pair{"interrupted by SIGINT", "It did not run: interrupted by SIGINT."});
  plan.stopped = why.first;
  write_batch_plan(folder.path, plan);
  write_one(folder.path, "a", 4s);
  std::filesystem::create_directory(folder.path / "b");  // died before it wrote anything
  const BatchJudged batch = judge_batch(folder.path);
  CHECK(batch.verdict == Verdict::inconclusive);
  REQUIRE(batch.runs.size() == 3);
  CHECK_FALSE(batch.runs[1].told);
  CHECK_THAT(batch.summary, Contains("1 of 3 scenarios passed, 0 failed, 2 inconclusive") && Contains(why.second));
  CHECK_THAT(text_of(folder, "index.html"), Contains("did not run") && Contains(why.second) && !Contains("href=\"c/"));
  pugi::xml_document junit;
  REQUIRE(junit.load_string(text_of(folder, "junit.xml").c_str()));
  CHECK(std::string(junit.child("testsuites").attribute("errors").value()) == "2");
  const auto suite = junit.child("testsuites").find_child_by_attribute("testsuite", "name", "c");
  CHECK(std::string(suite.child("testcase").attribute("classname").value()) == "c.verdict");
  CHECK_THAT(suite.child("testcase").child("error").text().get(), Contains(why.second));
}

TEST_CASE("a failed scenario fails its batch, whose page and JUnit say why") {
  Folder folder;
  write_batch_plan(folder.path, plan_of({"a", "b"}));
  write_one(folder.path, "a", 4s);
  write_one(folder.path, "b", 100h);
  const BatchJudged batch = judge_batch(folder.path);
  CHECK(batch.verdict == Verdict::failed);
  CHECK_THAT(text_of(folder, "index.html"), Contains("b, failed: "));
  CHECK_THAT(text_of(folder, "junit.xml"), Contains("<testsuite name=\"b\"") && Contains("<failure"));
}

TEST_CASE("a series in a batch shows median and maximum, and has a suite for each repetition") {
  const std::vector<BatchRun> runs = sample::batch();
  CHECK_THAT(batch_rto_text(runs[2]), Contains("median 4.890 s, max > 41.863 s, 9 runs, bank/transfer"));
  CHECK_THAT(batch_rpo_text(runs[2]), Contains("lost in"));
  CHECK_THAT(batch_rto_text(runs[0]), Contains("4.390 s ± 0.039 s, bank/transfer"));
  CHECK(batch_rto_text(runs[3]) == "not measured");
  CHECK_THAT(batch_reasons(runs[2]).front(), Contains("repetition-04: "));
  CHECK_THAT(batch_junit(runs), Contains("<testsuite name=\"writer-kill.repetition-10\""));
  const std::string page = batch_html(sample::batch_plan(), runs);
  CHECK_THAT(page,
             Contains("three-times (10 times)") && Contains("The batch was stopped: something is still broken after frozen."));
}

TEST_CASE("a series of a batch keeps its name and all its repetitions when its records can't be read") {
  Folder folder;
  BatchPlan plan = plan_of({"a"});
  plan.items[0].repetitions = 3;
  write_batch_plan(folder.path, plan);
  std::filesystem::create_directories(folder.path / "a" / "repetition-01");  // died before it wrote anything
  const BatchJudged batch = judge_batch(folder.path);
  CHECK(batch.verdict == Verdict::inconclusive);
  REQUIRE(batch.runs[0].runs.size() == 3);
  const std::string junit = text_of(folder, "junit.xml");
  for (const char* suite : {"a.repetition-01", "a.repetition-02", "a.repetition-03"})
    CHECK_THAT(junit, Contains(std::string("<testsuite name=\"") + suite + "\""));
  CHECK_THAT(junit, Contains("This repetition was planned and did not run.") && Contains("claim of a"));
  CHECK_THAT(text_of(folder, "index.html"), Contains("repetition-03: This repetition was planned and did not run."));
}

TEST_CASE("a batch without scenarios proves nothing") {
  CHECK_THAT(batch_html(plan_of({}), {}), Contains("There are no scenarios.") && Contains("proves nothing"));
  CHECK_THAT(batch_summary(plan_of({}), {}), Contains("Batch inconclusive: 0 of 0 scenarios"));
}

TEST_CASE("a batch.json that is none is refused") {
  Folder folder;
  const auto bad =
      GENERATE(as<std::string>{}, "", "[1]", "{\"format\": \"blackstart-series\"}",
               R"({"format": "blackstart-batch", "name": "x", "cloud": 3})",
               R"({"format": "blackstart-batch", "name": "x", "cloud": "c", "simulated": true, "began": 1, "version": "",
                                "stopped": "", "scenarios": [{"scenario": "a", "claim": "", "source": "", "folder": "../etc",
                                "repetitions": 1}]})");
  std::ofstream(folder.path / "batch.json") << bad;
  CHECK(error_of([&] { judge_batch(folder.path); }).kind() == ErrorKind::bad_file);
}
