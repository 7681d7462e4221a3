// container.kill, container.stop and container.pause on a real container of Podman's.
#include <catch2/catch.hpp>

#include "tests/rehearsal/echo_container.h"
#include "tests/rehearsal/injected.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

std::string seen_by_c1(const EchoContainer& echo) { return on_node("c1", echo.look()); }

}  // namespace

TEST_CASE("a container that is killed, stopped or paused, and is whole again afterwards", "[lab]") {
  const EchoContainer echo("c3");
  const auto [fault, seen] = GENERATE(table<std::string, std::string>(
      {{"container.kill", "down\n"}, {"container.stop", "down\n"}, {"container.pause", "mute\n"}}));
  INFO(fault);
  Injected disturbed(
      fault, fault == "container.stop" ? "{container: echo, port: 8099, grace: 1s}" : "{container: echo, port: 8099}", {"c3"});
  require_all(disturbed.inject(), 2);
  CHECK(seen_by_c1(echo) == seen);
  CHECK(on_node("c3", "podman ps -q --filter name=echo --filter status=running | wc -l") == "0\n");
  require_all(disturbed.undo(), 2);
  CHECK(seen_by_c1(echo) == "up\n");
}

TEST_CASE("a container that takes its time to end when it is told to is started anew by the undo", "[lab]") {
  const EchoContainer echo("c3", kDrainingEcho);
  const std::string pid = "podman inspect --format '{{.State.Pid}}' echo", before = on_node("c3", pid);
  Injected told("container.kill", "{container: echo, port: 8099, signal: TERM}", {"c3"});
  const auto evidence = told.inject(300s, 2s);
  INFO(words(evidence));
  CHECK_FALSE(all_confirmed(evidence));  // it has not ended yet
  REQUIRE(on_node("c3", pid) == before);
  CHECK(seen_by_c1(echo) == "down\n");
  require_all(told.undo(), 2);
  CHECK(on_node("c3", pid) != before);  // else it would end now, for good
  CHECK(seen_by_c1(echo) == "up\n");
}

TEST_CASE("a paused container is unpaused by the dead-man; its port is found without being named", "[lab]") {
  const EchoContainer echo("c3");
  Injected paused("container.pause", "container: echo", {"c3"});
  require_all(paused.inject(8s), 2);
  CHECK(seen_by_c1(echo) == "mute\n");
  wait_on_node("c1", echo.look(), "up\n", 20s);
  require_all(paused.undo(), 2);
}

TEST_CASE("a stopped container is started by the dead-man, and outlives it", "[lab]") {
  const EchoContainer echo("c3");
  Injected stopped("container.stop", "{container: echo, port: 8099, grace: 1s}", {"c3"});
  require_all(stopped.inject(8s), 2);
  CHECK(seen_by_c1(echo) == "down\n");
  wait_on_node("c3", "ls /run/blackstart/ | grep -c fired; true", "1\n", 30s);
  wait_on_node("c3", "systemctl list-units --plain --no-legend 'blackstart-*' | wc -l", "0\n", 20s);
  CHECK(seen_by_c1(echo) == "up\n");
  require_all(stopped.undo(), 2);
  CHECK(seen_by_c1(echo) == "up\n");
}

TEST_CASE("a container must be there, by its exact name, and run", "[lab]") {
  const EchoContainer echo("c3");
  CHECK_THROWS_WITH(Injected("container.kill", "container: ech", {"c3"}).preflight(),
                    Catch::Contains("no container of that name"));
  CHECK_THROWS_WITH(Injected("container.kill", "{container: echo, engine: docker}", {"c3"}).preflight(),
                    Catch::Contains("the node has no docker"));
  on_node("c3", "podman pause echo");
  CHECK_THROWS_WITH(Injected("container.kill", "container: echo", {"c3"}).preflight(),
                    Catch::Contains("podman unpause echo") || Catch::Contains("it does not run: paused"));
  on_node("c3", "podman unpause echo");
}
