// The main job on real components: the killed writer, and what the run folder then holds.
#include <catch2/catch.hpp>
#include <set>

#include "tests/rehearsal/support.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

const char* const kKillWriter =
    "  - inject: {id: kill-writer, fault: service.kill, unit: mariadb.service, on: {pick: writer}}\n"
    "  - wait-recovered: {probe: bank, within: 60s}\n"
    "  - undo: kill-writer\n";

}  // namespace

TEST_CASE("a killed writer: passed, with evidence from two sides, RTO with its bounds, RPO 0 on three replicas", "[lab]") {
  require_whole_lab();
  Workplace workplace;
  const auto run = workplace.rehearse(scenario(kKillWriter));
  CHECK(run.verdict() == "passed");
  CHECK(run.process.exit_code == 0);
  const std::string summary = Workplace::read(run.folder / "summary.txt");
  INFO(summary);

  const auto& injection = run.record.at("injections").at(0);
  CHECK(injection.at("targets").size() == 1);
  std::set<std::string> observers;
  for (const auto& evidence : run.record.at("injections").at(0).at("evidence"))
    if (evidence.at("stage") == "effect") {
      CHECK(evidence.at("confirmed") == true);
      observers.insert(evidence.at("observer"));
    }
  CHECK(observers == std::set<std::string>{injection.at("targets").at(0).get<std::string>(), "runner"});
  CHECK(Workplace::read(run.folder / "junit.xml").find("errors=\"0\"") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(workplace.path / "state" / "journal" / (run.folder.filename().string() + ".jsonl")));
  CHECK(std::filesystem::exists(run.folder / "journal.jsonl"));

  SECTION("judging again gives the same, bit for bit") {
    const std::string before = Workplace::read(run.folder / "record.json"),
                      report = Workplace::read(run.folder / "report.html");
    const auto judged = workplace.blackstart({"judge", run.folder.string()});
    CHECK(judged.exit_code == 0);
    CHECK_THAT(judged.out, Catch::Contains("the same as before, bit for bit"));
    CHECK(Workplace::read(run.folder / "record.json") == before);
    CHECK(Workplace::read(run.folder / "report.html") == report);
  }
  require_whole_lab();
}

TEST_CASE("repeat: each repetition stands in the series' report", "[lab]") {
  require_whole_lab();
  Workplace workplace;
  const auto process =
      workplace.blackstart({"run", workplace.write("scenario.yaml", scenario(kKillWriter, "repeat: 2\n")).string(), "--cloud",
                            cloud_file().string(), "--out", (workplace.path / "runs").string()});
  CHECK(process.exit_code == 0);
  const auto folder = std::filesystem::canonical(workplace.path / "runs" / "latest");
  CHECK(std::filesystem::exists(folder / "repetition-01" / "report.html"));
  CHECK(std::filesystem::exists(folder / "repetition-02" / "report.html"));
  const std::string summary = Workplace::read(folder / "summary.txt");
  CHECK_THAT(summary, Catch::Contains("median"));
  CHECK_THAT(summary, Catch::Contains("max"));
  require_whole_lab();
}
