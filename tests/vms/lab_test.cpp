// The lab of virtual machines itself: up, mended, and gone without a trace. Runs before the lab of the other tests is up.
#include <catch2/catch.hpp>

#include "tests/rehearsal/support.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

TEST_CASE("a lab of virtual machines comes up, is mended, and goes without a trace", "[lab-itself]") {
  const char* const lab = BLACKSTART_SOURCE_DIR "/tests/rehearsal/vms.yaml";
  const Workplace workplace;
  const auto up = [&] {
    const auto result = workplace.blackstart({"lab", "up", lab, "--cloud", (workplace.path / "cloud.yaml").string()}, 420s);
    INFO(result.out << result.err);
    REQUIRE(result.exit_code == 0);
  };
  const auto on_c2 = [&](const std::string& command) {
    return workplace.blackstart({"lab", "exec", "c2", "--lab", "blackstart-vms", "--", "sh", "-c", command}, 60s);
  };
  CHECK(traces(lab) == "");
  up();
  CHECK(traces(lab) != "");
  CHECK(on_c2("echo kept > /root/kept && sync").exit_code == 0);
  CHECK(on_c2("exit 7").exit_code == 7);

  run_checked("cutting the power of c2", {"virsh", "-q", "-c", "qemu:///system", "destroy", "blackstart-vms.c2"}, 30s);
  CHECK_THAT(workplace.blackstart({"lab", "status", "blackstart-vms"}).out, Catch::Contains("stopped"));
  up();
  CHECK(on_c2("cat /root/kept").out == "kept\n");
  CHECK(workplace.blackstart({"lab", "down", lab}).exit_code == 0);
  CHECK(traces(lab) == "");
}
