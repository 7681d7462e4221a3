// The lab itself: up twice, mended, and gone without a trace. Runs on a lab of its own, after the one of the other tests is
// down.
#include <catch2/catch.hpp>

#include "lab/lab_folder.h"
#include "lab/lab_processes.h"
#include "tests/rehearsal/support.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

const char* const kLab = BLACKSTART_SOURCE_DIR "/tests/rehearsal/lab.yaml";

// Two bare nodes: what is told here is about the host.
const char* const kTwo =
    "lab: blackstart-tests-two\n"
    "prefix: bu\n"
    "management: {network: 198.18.114.0/24, host: 198.18.114.1}\n"
    "data: {network: 198.18.124.0/24, host: 198.18.124.1}\n"
    "sites: [{name: dc1}]\n"
    "nodes:\n"
    "  - {name: n1, site: dc1, roles: [], memory: 64MiB, address: 198.18.114.11, data: 198.18.124.11}\n"
    "  - {name: n2, site: dc1, roles: [], memory: 64MiB, address: 198.18.114.12, data: 198.18.124.12}\n";

// `lab up` in the background until it prints `step`, then `what`, in which $up is its process.
ProcessResult while_coming_up(const Workplace& workplace, const std::string& lab, const std::string& step,
                              const std::string& what) {
  const std::string script =
      "\"$0\" lab up \"$1\" --cloud \"$2/cloud.yaml\" >\"$2/up\" 2>&1 & up=$!\n"
      "until grep -q \"$3\" \"$2/up\"; do kill -0 $up || exit 90; sleep 0.01; done\n" +
      what;
  ProcessOptions options;
  options.extra_environment = workplace.environment();
  return run_process({"sh", "-c", script, BLACKSTART_BINARY, lab, workplace.path.string(), step}, 120s, options);
}

}  // namespace

TEST_CASE("nothing is left of a lab whose start was killed, at whatever moment", "[lab-itself]") {
  const Workplace workplace;
  const std::string lab = workplace.write("lab.yaml", kTwo);
  const std::string step = GENERATE(as<std::string>{}, "networks", "starting", "BMCs", "waiting for SSH");
  INFO("killed at: " << step);
  const auto result = while_coming_up(workplace, lab, step, "kill -9 $up; exec \"$0\" lab down \"$1\"");
  INFO(result.out << result.err);
  CHECK(result.exit_code == 0);
  CHECK(traces(lab) == "");
  CHECK(lab_processes(LabFolder("blackstart-tests-two").path).empty());
}

TEST_CASE("a lab that does not come up can be taken down meanwhile, and whoever waits for it is told", "[lab-itself]") {
  const Workplace workplace;
  const std::string lab = workplace.write("lab.yaml", kTwo);
  const auto result = while_coming_up(workplace, lab, "starting",
                                      "ip link set bu-mgmt down\n"  // nobody will answer over SSH
                                      "until grep -q 'waiting for SSH' \"$2/up\"; do kill -0 $up || exit 90; sleep 0.01; done\n"
                                      "\"$0\" lab down \"$1\" || exit 91\n"
                                      "wait $up; echo \"lab up ends with $?\"; cat \"$2/up\"");
  INFO(result.out << result.err);
  CHECK_THAT(result.out, Catch::Contains("lab up ends with 2") && Catch::Contains("it was taken down meanwhile"));
  CHECK(traces(lab) == "");
}

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
