// A folder of scenarios on real components, night after night.
#include <catch2/catch.hpp>
#include <set>

#include "tests/rehearsal/support.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

TEST_CASE("a folder of scenarios: the second night passes as the first did, whatever marks that one left", "[lab]") {
  require_whole_lab();
  Workplace workplace;
  workplace.write("nightly/writer-kill.yaml",
                  scenario("  - inject: {id: kill, fault: service.kill, unit: mariadb.service, on: {pick: writer}}\n"
                           "  - wait-recovered: {probe: bank, within: 60s}\n"
                           "  - undo: kill\n"));
  std::set<std::filesystem::path> folders;
  for (const char* night : {"first", "second"}) {
    INFO(night);
    const auto process = workplace.blackstart({"run", (workplace.path / "nightly").string(), "--cloud", cloud_file().string(),
                                               "--out", (workplace.path / "runs").string()});
    INFO(process.out << process.err);
    CHECK(process.exit_code == 0);
    folders.insert(std::filesystem::canonical(workplace.path / "runs" / "latest"));
  }
  CHECK(folders.size() == 2);
  require_whole_lab();
}
