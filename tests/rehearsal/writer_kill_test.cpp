// The main job on real components: the killed writer, and what the run folder then holds.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/rehearsal/support.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

const char* const kKillWriter =
    "  - inject: {id: kill-writer, fault: service.kill, unit: mariadb.service, on: {pick: writer}}\n"
    "  - wait-recovered: {probe: bank, within: 60s}\n"
    "  - undo: kill-writer\n";

// With somebody who watches the virtual IP, HAProxy's servers and Galera's views.
std::string watched(std::string scenario) {
  const std::string bank = "probes:\n";
  return scenario.insert(scenario.find(bank) + bank.size(),
                         "  address: {kind: vip}\n  whole: {kind: redundancy, components: [galera, haproxy], hold: 3s}\n");
}

nlohmann::json stage(const Workplace::Run& run, const std::string& name) {
  for (const auto& one : run.record.at("stages").at(0).at("stages"))
    if (one.at("stage") == name) return one;
  FAIL("no stage " << name);
  return {};
}

// Of each component on each controller, as the lab sets them (lab/services).
void check_settings(const Workplace::Run& run) {
  std::map<std::string, int> nodes;
  std::set<std::string> said;
  for (const auto& one : run.record.at("live_settings")) {
    CHECK(one.at("problem") == "");
    ++nodes[one.at("component")];
    for (const auto& setting : one.at("settings"))
      said.insert(setting.at("name").get<std::string>() + "=" + setting.at("value").get<std::string>());
  }
  CHECK(nodes == std::map<std::string, int>{{"galera", 3}, {"haproxy", 3}, {"keepalived", 3}});
  for (const char* known : {"evs.suspect_timeout=3s", "evs.inactive_check_period=500ms", "advert_int=1s", "inter=1s", "fall=2",
                            "track_script=haproxy_answers", "watches=haproxy"})
    CHECK(said.count(known) == 1);
}

}  // namespace

TEST_CASE("a killed writer: passed, with evidence from two sides, RTO with its bounds, RPO 0 on three replicas", "[lab]") {
  require_whole_lab();
  Workplace workplace;
  const auto run = workplace.rehearse(watched(scenario(kKillWriter)));
  const std::string summary = Workplace::read(run.folder / "summary.txt");
  INFO(summary);
  CHECK(run.verdict() == "passed");
  CHECK(run.process.exit_code == 0);
  check_settings(run);
  // The address stays; HAProxy takes the server out by its check, and the service is there again by what it then does.
  CHECK(stage(run, "vip-moved").at("when").is_null());
  CHECK(stage(run, "backend-out").at("expected_seconds").size() == 1);
  CHECK_FALSE(stage(run, "backend-out").at("when").is_null());
  CHECK_FALSE(stage(run, "first-success").at("when").is_null());
  CHECK(stage(run, "stable").at("after_fault_seconds").at("value").get<double>() > 0);

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
