// The lab itself: up twice, mended, and gone without a trace. Runs on a lab of its own, after the one of the other tests is
// down.
#include <catch2/catch.hpp>

#include "tests/rehearsal/support.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

const char* const kLab = BLACKSTART_SOURCE_DIR "/tests/rehearsal/lab.yaml";

}  // namespace

TEST_CASE("a lab comes up, comes up again, is mended, and goes without a trace, twice", "[lab-itself]") {
  Workplace workplace;
  const std::string cloud_yaml = (workplace.path / "cloud.yaml").string();
  CHECK(traces(kLab) == "");
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
  CHECK(traces(kLab) == "");
  CHECK(workplace.blackstart({"lab", "down", kLab}).exit_code == 0);
}
