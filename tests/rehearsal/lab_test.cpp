// The lab itself: up twice, mended, and gone without a trace. Runs on a lab of its own, after the one of the other tests is
// down.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "tests/rehearsal/support.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

const char* const kLab = BLACKSTART_SOURCE_DIR "/tests/rehearsal/lab.yaml";

// All that a lab may leave on its host.
std::string traces() {
  std::string found;
  for (const auto& command : std::vector<std::vector<std::string>>{{"virsh", "-q", "-c", "lxc:///", "list", "--all", "--name"},
                                                                   {"ip", "-o", "link"},
                                                                   {"ip", "route"},
                                                                   {"cat", "/proc/mounts"}})
    found += run_checked("looking for traces", command, 20s);
  std::istringstream lines(found);
  std::string traces;
  for (std::string line; std::getline(lines, line);)
    if (line.find("bt-") != std::string::npos || line.find("blackstart-tests") != std::string::npos ||
        line.find("198.18.1") != std::string::npos)
      traces += line + "\n";
  if (std::filesystem::exists("/var/lib/blackstart/labs/blackstart-tests")) traces += "its folder\n";
  return traces;
}

}  // namespace

TEST_CASE("a lab comes up, comes up again, is mended, and goes without a trace, twice", "[lab-itself]") {
  Workplace workplace;
  const std::string cloud_yaml = (workplace.path / "cloud.yaml").string();
  CHECK(traces() == "");
  const auto up = [&] {
    const auto result = workplace.blackstart({"lab", "up", kLab, "--cloud", cloud_yaml});
    INFO(result.out << result.err);
    REQUIRE(result.exit_code == 0);
  };
  up();
  up();
  CHECK(workplace.blackstart({"check", cloud_yaml}).exit_code == 0);
  CHECK_THAT(workplace.blackstart({"lab", "status", "blackstart-tests"}).out, Catch::Contains("Synced"));

  run_checked("destroying c2", {"virsh", "-q", "-c", "lxc:///", "destroy", "blackstart-tests.c2"}, 30s);
  up();
  const auto status = workplace.blackstart({"lab", "status", "blackstart-tests"}).out;
  CHECK(status.find("missing") == std::string::npos);
  CHECK(status.find("stopped") == std::string::npos);

  CHECK(workplace.blackstart({"lab", "exec", "c1", "--lab", "blackstart-tests", "--", "sh", "-c", "exit 7"}).exit_code == 7);
  CHECK(workplace.blackstart({"lab", "exec", "c9", "--lab", "blackstart-tests", "--", "true"}).exit_code == 64);
  CHECK(workplace.blackstart({"lab", "down", kLab}).exit_code == 0);
  CHECK(traces() == "");
  CHECK(workplace.blackstart({"lab", "down", kLab}).exit_code == 0);
}
