// BMCs of the lab: sessions, passwords, BMCs that fail; and resets through them.
#include <catch2/catch.hpp>
#include <thread>

#include "lab/power.h"
#include "tests/rehearsal/injected.h"
#include "tests/rehearsal/outside.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

TEST_CASE("power.reset and power.cycle start the node anew", "[lab]") {
  require_whole_lab();
  const auto [fault, parameters] =
      GENERATE(table<std::string, std::string>({{"power.reset", ""}, {"power.cycle", "off-for: 2s"}}));
  const std::string before = domain_state("c3");
  Injected reset(fault, parameters, {"c3"});
  require_all(reset.inject(), fault == "power.cycle" ? 3 : 2);
  CHECK_THAT(domain_state("c3"), Catch::StartsWith("running") && !Catch::Equals(before));
  require_all(reset.undo(), 2);
  require_whole_lab();
}

TEST_CASE("a BMC that is hung, dead, or refuses the password is found in preflight, within a bounded time", "[lab]") {
  const std::string before = domain_state("c3");
  SECTION("hung or dead") {
    const SpoiltBmc bmc("c3", GENERATE("hung", "dead"));
    const Time began = real_clock().now();
    CHECK_THAT(Injected("power.off", "", {"c3"}).refusal(),
               Catch::Contains("the BMC of c3") && Catch::Contains("does not answer"));
    CHECK(real_clock().now() - began < 15s);
  }
  SECTION("wrong password, wrong user, no file") {
    TextFolder folder;
    Cloud other = cloud();
    auto& bmc = const_cast<Node*>(other.find("c3"))->bmc;
    bmc.password_file = folder.write("password", "wrong\n").string();
    CHECK_THAT(Injected(other, "power.off", "", {"c3"}).refusal(),
               Catch::Contains("refuses user 'admin' with the password in " + bmc.password_file));
    bmc.password_file = "/nowhere/password";
    CHECK_THAT(Injected(other, "power.off", "", {"c3"}).refusal(), Catch::Contains("/nowhere/password can't be read"));
    bmc.password_file = cloud().find("c3")->bmc.password_file;
    bmc.user = "nobody";
    CHECK_THAT(Injected(other, "power.off", "", {"c3"}).refusal(), Catch::Contains("refuses user 'nobody'"));
  }
  CHECK(domain_state("c3") == before);
}

TEST_CASE("sessions with one BMC queue up, and none is lost", "[lab]") {
  const Node node = *cloud().find("c3");
  std::vector<std::string> answers(8);
  {
    std::vector<std::jthread> all;
    for (std::string& answer : answers)
      all.emplace_back([&answer, &node] {
        try {
          answer = name_of(real_power().state(node, Deadline(real_clock(), 20s)));
        } catch (const std::exception& error) {
          answer = error.what();
        }
      });
  }
  CHECK(answers == std::vector<std::string>(8, "on"));
}

TEST_CASE("a scenario whose BMC lies about a power cut is inconclusive", "[lab]") {
  require_whole_lab();
  const SpoiltBmc liar("c3", "lying");
  const std::string before = domain_state("c3");
  const auto run = Workplace().rehearse(scenario("  - inject: {id: cut, fault: power.off, on: {nodes: [c3]}}\n  - hold: 1s\n"));
  INFO(run.process.out);
  CHECK(run.verdict() == "inconclusive");
  CHECK_THAT(run.reasons(), Catch::Contains("did not show on c3"));
  CHECK(domain_state("c3") == before);
}
