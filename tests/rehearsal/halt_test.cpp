// The kill switch stops a rehearsal at once, in the middle of an injection, too.
#include <catch2/catch.hpp>

#include "tests/rehearsal/background_run.h"
#include "tests/rehearsal/stubborn.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

TEST_CASE("a halt cuts an injection short, and everything is undone", "[lab]") {
  require_whole_lab();
  const Stubborn stubborn("c1");
  Workplace workplace;
  const std::string name = cloud().name;
  {
    BackgroundRun run(workplace, scenario(stubborn.step()));
    // Its effect will not come: without a halt it is looked for until confirm_limit() is over, 20 s.
    REQUIRE(wait_until([&] { return run.output().find("] step 1: inject no-effect") != std::string::npos; },
                       Deadline(real_clock(), 120s), 20ms));
    const Time began = real_clock().now();
    CHECK(workplace.blackstart({"halt", name, "somebody works there"}).exit_code == 0);
    CHECK(wait_until([&] { return run.output().find("undoing everything") != std::string::npos; }, Deadline(real_clock(), 15s),
                     20ms));
    CHECK(real_clock().now() - began < 15s);
    CHECK(run.wait() == 2);
  }
  const auto left = workplace.latest();
  CHECK_THAT(left.reasons(), Catch::Contains("halted: somebody works there"));
  CHECK_THAT(left.record.at("injections").at(0).at("problem").get<std::string>(), Catch::Contains("the rehearsal is to stop"));
  CHECK(workplace.blackstart({"resume", name}).exit_code == 0);
  CHECK_THAT(workplace.blackstart({"status"}).out, Catch::Contains("nothing is left to undo"));
}
