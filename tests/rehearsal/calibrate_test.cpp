// The calibration as a user does it, in full: it takes its minute.
#include <catch2/catch.hpp>

#include "tests/rehearsal/support.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

TEST_CASE("a calibration writes its certificate, and the next run's reports tell it", "[lab]") {
  require_whole_lab();
  Workplace workplace;
  const auto done = workplace.blackstart({"calibrate"});
  INFO(done.out << done.err);
  const auto certificate = nlohmann::json::parse(Workplace::read(workplace.path / "state" / "calibration.json"));
  CHECK(certificate.at("outages") == 30);
  CHECK(certificate.at("missed") == 0);
  CHECK(done.exit_code == (certificate.at("good") ? 0 : 2));  // on a busy machine it may be bad; then a run proves nothing
  const auto run =
      workplace.rehearse(scenario("  - inject: {id: kill, fault: service.kill, unit: mariadb.service, on: {pick: writer}}\n"
                                  "  - wait-recovered: {probe: bank, within: 60s}\n"
                                  "  - undo: kill\n"));
  CHECK(run.verdict() == (certificate.at("good") ? "passed" : "inconclusive"));
  CHECK(run.record.at("instrument").at("state") == (certificate.at("good") ? "proven" : "unfit"));
  CHECK(Workplace::read(run.folder / "report.html").find("known outages") != std::string::npos);
  require_whole_lab();
}
