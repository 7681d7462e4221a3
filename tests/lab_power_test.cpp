// IPMI's answers, and BMCs and passwords that can't be had.
#include <catch2/catch.hpp>

#include "lab/lab_bmc.h"
#include "lab/power_ipmi.h"
#include "tests/support/error_of.h"
#include "tests/support/text_folder.h"

using namespace blackstart;

namespace {

std::string state_error(const Node& node) {
  return error_of([&] { real_power().state(node, Deadline(real_clock(), 5s)); }).what();
}

}  // namespace

TEST_CASE("chassis power status is on, off or an error") {
  CHECK(parse_chassis_status("Chassis Power is on\n", "asking") == PowerState::on);
  CHECK(parse_chassis_status("Chassis Power is off\n", "asking") == PowerState::off);
  for (const char* text : {"", "Chassis Power is on", "Chassis Power is unknown\n", "Chassis Power is off\nmore\n"})
    CHECK_THAT(error_of([&] { parse_chassis_status(text, "asking"); }).what(), Catch::Contains("neither on nor off"));
}

TEST_CASE("a node without BMC and domain, a BMC that can't suspend") {
  Node node;
  node.name = "c1";
  CHECK_THAT(state_error(node), Catch::Contains("neither a BMC nor a libvirt domain"));
  node.bmc = {"127.0.0.1", 1, "admin", "/nowhere", 3};
  CHECK_THAT(error_of([&] { real_power().order(node, PowerOrder::suspend, Deadline(real_clock(), 5s)); }).what(),
             Catch::Contains("a BMC can't do that"));
}

TEST_CASE("passwords that IPMI 2.0 can't have are refused before anybody is asked") {
  TextFolder folder;
  Node node;
  node.name = "c1";
  node.bmc = {"127.0.0.1", 1, "admin", "/nowhere/password", 3};
  CHECK_THAT(state_error(node), Catch::Contains("/nowhere/password can't be read"));
  node.bmc.password_file = folder.write("password", "\n").string();
  CHECK_THAT(state_error(node), Catch::Contains("it has 0 characters"));
  node.bmc.password_file = folder.write("password", "123456789012345678901\n").string();
  CHECK_THAT(state_error(node), Catch::Contains("it has 21 characters"));
}

TEST_CASE("the BMCs of labs share no address, as their nodes don't") {
  const LabFolder folder("some-lab");
  const Bmc bmc = lab_bmc(folder, "198.18.10.11");
  CHECK(bmc.address == "127.18.10.11");
  CHECK(bmc.port == 623);
  CHECK(bmc.password_file == "/var/lib/blackstart/labs/some-lab/bmc.password");
}

TEST_CASE("a BMC is honest, lying, hung or dead, and nothing else") {
  for (const BmcMode mode : {BmcMode::honest, BmcMode::lying, BmcMode::hung, BmcMode::dead})
    CHECK(bmc_mode_named(name_of(mode)) == mode);
  CHECK_THAT(error_of([] { bmc_mode_named("lieing"); }).what(), Catch::Contains("did you mean 'lying'"));
}
