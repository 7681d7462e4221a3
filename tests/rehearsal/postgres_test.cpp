// PostgreSQL in a lab of its own: the scenario of its killed primary, on a sound cloud and with each mistake planted in it.
#include <catch2/catch.hpp>
#include <set>

#include "tests/rehearsal/support.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

const std::string kSource = BLACKSTART_SOURCE_DIR;
const std::string kName = "blackstart-tests-pg";

std::string with(std::string text, const std::vector<std::pair<std::string, std::string>>& changes) {
  for (const auto& [what, by] : changes) {
    std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    for (; at != std::string::npos; at = text.find(what, at + by.size())) text.replace(at, what.size(), by);
  }
  return text;
}

// The lab that users have, with names and addresses that never meet theirs.
class PostgresLab {
 public:
  PostgresLab()
      : lab_(place_.write("lab.yaml",
                          with(Workplace::read(kSource + "/lab/postgres.yaml"), {{"lab: postgres\n", "lab: " + kName + "\n"},
                                                                                 {"prefix: bp", "prefix: bq"},
                                                                                 {"198.18.14.", "198.18.115."},
                                                                                 {"198.18.24.", "198.18.125."}}))) {}
  ~PostgresLab() { place_.blackstart({"lab", "down", lab_}); }

  void up() {
    const auto result = place_.blackstart({"lab", "up", lab_, "--cloud", cloud()});
    INFO(result.out << result.err);
    REQUIRE(result.exit_code == 0);
  }
  void plant(const std::string& defect) {
    REQUIRE(
        place_.blackstart({"lab", "plant", "--lab", kName, kSource + "/lab/defects/postgres/" + defect + ".yaml"}).exit_code ==
        0);
  }
  void unplant() { REQUIRE(place_.blackstart({"lab", "unplant", kName}).exit_code == 0); }
  void down() { CHECK(place_.blackstart({"lab", "down", lab_}).exit_code == 0); }
  std::string traces_left() const { return traces(lab_); }

  // The scenario that users have, in less time.
  Workplace::Run rehearse(const std::string& patience) {
    const std::string text =
        with(Workplace::read(kSource + "/scenarios/smoke/postgres-primary-kill.yaml"),
             {{"hold: 10s", "hold: 3s"},
              {"steady: {for: 10s", "steady: {for: 3s"},
              {"{kind: redundancy}", "{kind: redundancy, hold: 2s}"},
              {"- wait-recovered: {probe: bank, within: 60s}", "- wait-recovered: {probe: bank, within: " + patience + "}"}});
    const auto process = place_.blackstart(
        {"run", place_.write("scenario.yaml", text), "--cloud", cloud(), "--out", (place_.path / "runs").string()});
    Workplace::Run run = place_.latest();
    run.process = process;
    return run;
  }

 private:
  std::string cloud() const { return (place_.path / "cloud.yaml").string(); }
  Workplace place_;
  std::string lab_;
};

std::set<std::string> observers(const Workplace::Run& run) {
  std::set<std::string> all;
  for (const auto& evidence : run.record.at("injections").at(0).at("evidence"))
    if (evidence.at("stage") == "effect" && evidence.at("confirmed") == true) all.insert(evidence.at("observer"));
  return all;
}

// What the objectives that were missed ask for.
std::string missed(const Workplace::Run& run) {
  std::string all;
  for (const auto& objective : run.record.at("objectives"))
    if (objective.at("state") == "missed") all += objective.at("text").get<std::string>() + "\n";
  return all;
}

}  // namespace

TEST_CASE("a killed PostgreSQL primary: passed on a sound lab, failed on each mistake planted in it", "[own-lab]") {
  PostgresLab lab;
  lab.up();
  lab.up();
  const auto sound = lab.rehearse("30s");
  INFO(sound.reasons());
  CHECK(sound.verdict() == "passed");
  CHECK(sound.process.exit_code == 0);
  CHECK(observers(sound) == std::set<std::string>{"c1", "runner"});

  lab.plant("commits-not-flushed");
  const auto lossy = lab.rehearse("30s");
  INFO(lossy.reasons());
  CHECK(lossy.process.exit_code == 1);
  CHECK(lossy.verdict() == "failed");
  CHECK_THAT(missed(lossy), Catch::Contains("RPO of bank"));
  lab.unplant();

  lab.plant("server-not-started-again");
  const auto dead = lab.rehearse("10s");
  INFO(dead.reasons());
  CHECK(dead.process.exit_code == 1);
  CHECK(dead.verdict() == "failed");
  CHECK_THAT(missed(dead), Catch::Contains("RTO of bank"));

  lab.down();
  CHECK(lab.traces_left() == "");
}
