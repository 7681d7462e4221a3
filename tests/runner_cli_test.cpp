// The command line as a user meets it: exit codes and messages; nothing here needs a cloud.
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/process.h"
#include "tests/support/text_folder.h"

using namespace blackstart;
namespace fs = std::filesystem;

namespace {

struct Place : TextFolder {
  ProcessResult run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), BLACKSTART_BINARY);
    ProcessOptions options;
    options.extra_environment = {"BLACKSTART_STATE=" + (path / "state").string()};
    return run_process(arguments, 30s, options);
  }
};

const char* const kSmoke = BLACKSTART_SOURCE_DIR "/scenarios/smoke/writer-kill.yaml";

}  // namespace

TEST_CASE("a wrong command line is told with a hint, exit code 64") {
  Place place;
  struct Wrong {
    std::vector<std::string> arguments;
    const char* message;
  };
  const auto wrong = GENERATE(
      Wrong{{}, "subcommand"}, Wrong{{"rn"}, "did you mean 'run'"}, Wrong{{"run"}, "scenario"},
      Wrong{{"run", kSmoke, "--repeat", "0"}, "0"}, Wrong{{"run", kSmoke, "--sed", "3"}, "--sed"},
      Wrong{{"schema", "clod"}, "did you mean 'cloud'"}, Wrong{{"faults", "service.kil"}, "did you mean 'service.kill'"},
      Wrong{{"probes", "leger"}, "did you mean 'ledger'"}, Wrong{{"halt", "x"}, "reason"}, Wrong{{"lab"}, "subcommand"});
  const auto result = place.run(wrong.arguments);
  CHECK(result.exit_code == 64);
  CHECK_THAT(result.err, Catch::Contains(wrong.message));
  CHECK(result.out.empty());
}

TEST_CASE("a wrong file is told with its place, exit code 65") {
  Place place;
  CHECK(place.run({"check", (place.path / "none.yaml").string()}).exit_code == 65);
  const auto neither = place.run({"check", place.write("x.yaml", "what: is this\n").string()});
  CHECK(neither.exit_code == 65);
  CHECK_THAT(neither.err, Catch::Contains("x.yaml:1:1: this is no cloud, scenario or lab file"));
  const auto both = place.run({"check", kSmoke, place.write("y.yaml", "cloud: a\nsites: 3\n").string()});
  CHECK(both.exit_code == 65);
  CHECK_THAT(both.out, Catch::Contains("writer-kill.yaml: good"));
  CHECK_THAT(both.err, Catch::Contains("y.yaml:2:8: 'sites' must be a list"));
  CHECK(place.run({"run", kSmoke, "--cloud", (place.path / "none.yaml").string()}).exit_code == 65);
  CHECK(place.run({"judge", place.path.string()}).exit_code == 65);
}

TEST_CASE("schemas are JSON, and every file of ours is good") {
  Place place;
  for (const char* kind : {"cloud", "scenario", "lab"}) {
    const auto result = place.run({"schema", kind});
    CHECK(result.exit_code == 0);
    CHECK(nlohmann::json::parse(result.out).at("$schema") == "http://json-schema.org/draft-07/schema#");
  }
  for (const char* folder : {"scenarios", "lab", "tests/rehearsal"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(BLACKSTART_SOURCE_DIR) / folder))
      if (entry.path().extension() == ".yaml") {
        INFO(entry.path());
        CHECK(place.run({"check", entry.path().string()}).exit_code == 0);
      }
}

TEST_CASE("each fault and probe describes itself") {
  Place place;
  for (const std::string what : {"faults", "probes"}) {
    const auto list = place.run({what});
    CHECK(list.exit_code == 0);
    std::istringstream lines(list.out);
    int count = 0;
    for (std::string name, rest; lines >> name && std::getline(lines, rest); ++count)
      CHECK_THAT(place.run({what, name}).out, Catch::Contains("parameters:"));
    CHECK(count > 0);
  }
}

TEST_CASE("with nothing left behind, recover and status say so") {
  Place place;
  CHECK_THAT(place.run({"recover"}).out, Catch::Contains("nothing to recover"));
  CHECK_THAT(place.run({"status"}).out, Catch::Contains("nothing runs, nothing is halted, nothing is left to undo"));
  CHECK(place.run({"halt", "north", "the quarter closes"}).exit_code == 0);
  CHECK_THAT(place.run({"status"}).out, Catch::Contains("cloud north: halted: the quarter closes"));
  CHECK_THAT(place.run({"resume", "north"}).out, Catch::Contains("lifted"));
  CHECK_THAT(place.run({"resume", "north"}).out, Catch::Contains("was not halted"));
}
