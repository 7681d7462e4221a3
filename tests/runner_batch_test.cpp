// A folder of scenarios in one command: what is checked before, the order, and what stops it.
#include <catch2/catch.hpp>

#include "base/process.h"
#include "reports/record.h"
#include "runner/run_batch.h"
#include "runner/run_place.h"
#include "runner/state.h"
#include "tests/support/error_of.h"
#include "tests/support/small_cloud.h"
#include "tests/support/state_folder.h"
#include "tests/support/text_folder.h"

using namespace blackstart;
using Catch::Contains;

namespace {

std::string scenario(const std::string& name) {
  std::string text = TextFolder::read(BLACKSTART_SOURCE_DIR "/scenarios/smoke/writer-kill.yaml");
  const std::size_t at = text.find("scenario: writer-kill");
  REQUIRE(at != std::string::npos);
  return text.replace(at, std::string("scenario: writer-kill").size(), "scenario: " + name);
}

// A batch of a, b and c; `end` says how each went, and throws for it if it wants.
struct Rehearsed {
  TextFolder place;
  std::vector<std::size_t> ran;

  BatchJudged run(const std::function<SeriesEnd(std::size_t)>& end) {
    BatchPlan plan{"three", "lab", true, 0, "0", {}, ""};
    for (const char* name : {"a", "b", "c"}) plan.items.push_back({name, "a claim", "", name, 1});
    return run_batch({plan, place.path, [&](std::size_t at, const std::filesystem::path& folder) {
                        ran.push_back(at);
                        RecordWriter record(folder);
                        RunInfo info;
                        info.scenario = plan.items[at].scenario;
                        record.run(info);
                        return end(at);
                      }});
  }
  std::string junit() const { return TextFolder::read(place.path / "junit.xml"); }
};

}  // namespace

TEST_CASE("the scenarios of a folder come in the order of their files' names") {
  TextFolder folder;
  folder.write("20-b.yaml", scenario("b"));
  folder.write("10-z.yml", scenario("z"));
  folder.write("README.md", "not a scenario");
  const auto scenarios = scenarios_in(folder.path);
  REQUIRE(scenarios.size() == 2);
  CHECK(scenarios[0].name == "z");
  CHECK(scenarios[1].name == "b");
}

TEST_CASE("one bad file, none at all, or a name that two have: nothing starts") {
  TextFolder folder;
  CHECK_THAT(error_of([&] { scenarios_in(folder.path); }).what(), Contains("it has no file *.yaml"));
  folder.write("1.yaml", scenario("a"));
  folder.write("2.yaml", "scenario: b\n");
  folder.write("3.yaml", "cloud: north\n");
  const Error error = error_of([&] { scenarios_in(folder.path); });
  CHECK(error.kind() == ErrorKind::bad_file);
  CHECK_THAT(error.what(),
             Contains("2.yaml:1:1: ") && Contains("3.yaml:1:1: ") && Contains("nothing was started") && !Contains("1.yaml"));
  folder.write("2.yaml", scenario("a"));
  std::filesystem::remove(folder.path / "3.yaml");
  CHECK_THAT(error_of([&] { scenarios_in(folder.path); }).what(), Contains("both are named 'a'"));
}

TEST_CASE("a bad file in the folder is exit code 65, and no run folder is made") {
  TextFolder folder;
  folder.write("s/1.yaml", scenario("a"));
  folder.write("s/2.yaml", "scenario: b\n");
  folder.write("cloud.yaml", write_cloud(small_cloud({"c1"})));
  const auto result = run_process({BLACKSTART_BINARY, "run", (folder.path / "s").string(), "--cloud",
                                   (folder.path / "cloud.yaml").string(), "--out", (folder.path / "runs").string()},
                                  30s);
  CHECK(result.exit_code == 65);
  CHECK_THAT(result.err, Contains("2.yaml:1:1: "));
  CHECK_FALSE(std::filesystem::exists(folder.path / "runs"));
}

TEST_CASE("a batch rehearses each scenario once, in order") {
  Rehearsed rehearsed;
  const BatchJudged judged = rehearsed.run([](std::size_t) { return SeriesEnd{}; });
  CHECK(rehearsed.ran == std::vector<std::size_t>{0, 1, 2});
  CHECK(judged.plan.stopped.empty());
  CHECK(judged.verdict == Verdict::inconclusive);  // their records are empty
}

TEST_CASE("a batch that is killed leaves a JUnit file with every scenario: it is there before each starts") {
  Rehearsed rehearsed;
  std::vector<std::string> seen;
  rehearsed.run([&](std::size_t) {
    seen.push_back(rehearsed.junit());
    return SeriesEnd{};
  });
  REQUIRE(seen.size() == 3);
  for (const std::string& junit : seen)
    CHECK_THAT(junit, Contains("testsuite name=\"a\"") && Contains("testsuite name=\"b\"") &&
                          Contains("testsuite name=\"c\"") && Contains("It was planned and did not run."));
}

TEST_CASE("a reason to stop ends a batch, and the rest is told as not run") {
  Rehearsed rehearsed;
  const BatchJudged judged = rehearsed.run([](std::size_t at) {
    return at == 1 ? SeriesEnd{Verdict::undo_pending, "", "something is still broken after b"} : SeriesEnd{};
  });
  CHECK(rehearsed.ran == std::vector<std::size_t>{0, 1});
  CHECK_FALSE(judged.runs[2].told);
  CHECK_THAT(rehearsed.junit(), Contains("It did not run: something is still broken after b."));
}

TEST_CASE("an error ends a batch, whose files are written all the same") {
  Rehearsed rehearsed;
  const Error error = error_of([&] {
    rehearsed.run([](std::size_t at) -> SeriesEnd {
      if (at == 1) throw Error(ErrorKind::internal, "recording the rehearsal", "No space left on device");
      return {};
    });
  });
  CHECK(error.kind() == ErrorKind::internal);
  CHECK(rehearsed.ran.size() == 2);
  CHECK_THAT(rehearsed.junit(), Contains("It did not run: recording the rehearsal: No space left on device."));
}

TEST_CASE("what ends a series or a batch: a signal, something broken, a halt, a cloud that is not whole") {
  const StateFolder state;
  const Cloud cloud = small_cloud({"c1"});
  Judged judged;
  judged.record.run.scenario = "a";
  judged.judgement.verdict = Verdict::failed;
  CHECK_FALSE(reason_to_stop(cloud, judged, ""));
  CHECK(reason_to_stop(cloud, judged, "SIGINT") == "interrupted by SIGINT");
  Redundancy redundancy;
  redundancy.what = "Galera";
  redundancy.observed = "2 of 3";
  judged.record.redundancy = {redundancy};
  CHECK(reason_to_stop(cloud, judged, "") == "the cloud was not whole again after a: Galera: 2 of 3");
  judged.record.redundancy[0].restored = true;
  CHECK_FALSE(reason_to_stop(cloud, judged, ""));
  halt_cloud(cloud.name, "the quarter closes");
  CHECK(reason_to_stop(cloud, judged, "") == "halted: the quarter closes");
  lift_halt(cloud.name);
  judged.judgement.verdict = Verdict::undo_pending;
  CHECK(reason_to_stop(cloud, judged, "") == "something is still broken after a");
}

TEST_CASE("a run's folder is its own, and 'latest' leads to the newest") {
  TextFolder folder;
  const auto first = new_run_folder(folder.path / "runs", "x"), second = new_run_folder(folder.path / "runs", "x");
  CHECK(first.filename() == "x");
  CHECK(second.filename() == "x-2");
  CHECK(std::filesystem::canonical(folder.path / "runs" / "latest") == std::filesystem::canonical(second));
  CHECK(folder_time(0) == "19700101T000000Z");
  folder.write("file", "");
  CHECK(error_of([&] { new_run_folder(folder.path / "file" / "runs", "x"); }).kind() == ErrorKind::unmet);
}
