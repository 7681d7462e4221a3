#include "faults/unit_state.h"

#include <catch2/catch.hpp>

#include "tests/support/error_of.h"
#include "tests/support/fake_service.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

UnitState read(FakeService& service) { return read_unit(service.remote, "c1", FakeService::kUnit, service.in(5s)); }

// The fake's own answer, with one part of it changed.
void spoil(FakeService& service, const std::string& part, const std::string& by) {
  std::string text = service.remote.run("c1", "systemctl show", service.in(1s)).out;
  REQUIRE(text.find(part) != std::string::npos);
  text.replace(text.find(part), part.size(), by);
  service.remote.on("systemctl show", answered(text));
}

}  // namespace

TEST_CASE("unit names: one service, nothing that a shell or systemctl would expand") {
  for (const char* good :
       {"mariadb.service", "a.service", "getty@tty1.service", "dbus-org.freedesktop.login1.service", "a_b:c.service"})
    CHECK(is_service_name(good));
  for (const char* bad : {"", "mariadb", ".service", "maria*.service", "a b.service", "'a'.service", "a;b.service",
                          "$(x).service", "a/b.service", "-a.service", "a@.service", "@a.service", "mariadb.socket",
                          "mariadb.service ", "m\n.service", "m\xc3\xa4.service", "a\\x2d.service"})
    CHECK_FALSE(is_service_name(bad));
  CHECK_FALSE(is_service_name(std::string(260, 'a') + ".service"));
}

TEST_CASE("the state of a unit comes out of one round trip") {
  FakeService service;
  const UnitState state = read(service);
  CHECK(service.remote.calls().size() == 1);
  CHECK(state.id == "mariadb.service");
  CHECK(state.load == "loaded");
  CHECK(state.active == "active");
  CHECK(state.main_pid == 1287);
  CHECK(state.started_us == 50'000'000);
  CHECK(state.restarts == 0);
  REQUIRE(state.process.has_value());
  CHECK(state.process->state == 'S');
  CHECK(state.process->start_ticks == 5000);
  CHECK(state.runs());
  CHECK_FALSE(state.frozen());
  CHECK(state.words() == "active (running), main process 1287 in state S");
}

TEST_CASE("a process is the same one only with the same start time, and only while it lives") {
  FakeService service;
  const UnitState before = read(service);
  CHECK(read(service).same_process(before));
  SECTION("its PID was used again") { service.ticks += 1; }
  SECTION("another PID") { service.pid = 1288; }
  SECTION("a zombie") { service.state = 'Z'; }
  SECTION("gone") { service.end("failed"); }
  CHECK_FALSE(read(service).same_process(before));
}

TEST_CASE("an answer that is not understood is an error, never an absence") {
  FakeService service;
  SECTION("cut off") { spoil(service, "End=1\n", ""); }
  SECTION("a property is missing") { spoil(service, "MainPID=1287\n", ""); }
  SECTION("a property stands twice") { spoil(service, "NRestarts=0", "MainPID=1287"); }
  SECTION("no number") { spoil(service, "MainPID=1287", "MainPID=x"); }
  SECTION("a negative number") { spoil(service, "MainPID=1287", "MainPID=-1"); }
  SECTION("not a property") { spoil(service, "NRestarts=0", "Failed to connect to bus"); }
  SECTION("stat without a name") { spoil(service, ") S", " S"); }
  SECTION("stat too short") { spoil(service, " 5000 99 98", ""); }
  SECTION("a state of two letters") { spoil(service, ") S", ") SS"); }
  SECTION("systemctl fails") { service.remote.on("systemctl show", refused(1, "Failed to connect to bus: Host is down")); }
  const Error error = error_of([&] { read(service); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Contains("reading the state of mariadb.service on c1: "));
}

TEST_CASE("a node that doesn't answer is unreachable") {
  FakeService service;
  service.remote.cut_off("c1");
  CHECK(error_of([&] { read(service); }).kind() == ErrorKind::unreachable);
}
