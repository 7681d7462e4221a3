// container.kill, container.stop and container.pause on a real container of Podman's.
#include <catch2/catch.hpp>

#include "tests/rehearsal/drift.h"
#include "tests/rehearsal/injected.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

// A container that echoes on port 8099, made of the node's own programs. Without limits and with all devices, for a container
// inside of a container may not set any.
class Echo {
 public:
  Echo() {
    on_node("c3",
            "mkdir -p /opt/box/usr /opt/box/etc /opt/box/proc /opt/box/sys /opt/box/dev /opt/box/run /opt/box/tmp; "
            "for l in bin sbin lib lib64; do ln -sfn usr/$l /opt/box/$l; done; "
            "podman run -d --name echo --pids-limit=0 --privileged --network host --log-driver none -v /usr:/usr:ro --rootfs "
            "/opt/box socat TCP-LISTEN:8099,fork,reuseaddr EXEC:cat >/dev/null");
    wait_on_node("c1", look(), "up\n", 20s);
  }
  ~Echo() {
    try {
      on_node("c3", "podman rm -f echo >/dev/null; rm -rf /opt/box");
    } catch (const std::exception& error) {
      WARN("removing the container: " << error.what());
    }
  }
  // What another node sees: up (echoes), down (refused), mute (accepts and says nothing).
  std::string look() const {
    return "timeout 2 bash -c 'exec 3<>/dev/tcp/" + cloud().find("c3")->data_address() +
           "/8099 || exit 7; echo hello >&3; read -r -t 1 answer <&3 && [ \"$answer\" = hello ]' 2>/dev/null; "
           "case $? in 0) echo up;; 7) echo down;; *) echo mute;; esac";
  }
  std::string seen_by_c1() const { return on_node("c1", look()); }
};

}  // namespace

TEST_CASE("a container that is killed, stopped or paused, and is whole again afterwards", "[lab]") {
  const Echo echo;
  const Drift drift({"c3"});
  const auto [fault, seen] = GENERATE(table<std::string, std::string>(
      {{"container.kill", "down\n"}, {"container.stop", "down\n"}, {"container.pause", "mute\n"}}));
  INFO(fault);
  Injected disturbed(
      fault, fault == "container.stop" ? "{container: echo, port: 8099, grace: 1s}" : "{container: echo, port: 8099}", {"c3"});
  require_all(disturbed.inject(), 2);
  CHECK(echo.seen_by_c1() == seen);
  CHECK(on_node("c3", "podman ps -q --filter name=echo --filter status=running | wc -l") == "0\n");
  require_all(disturbed.undo(), 2);
  CHECK(echo.seen_by_c1() == "up\n");
  drift.require_none();
}

TEST_CASE("a paused container is unpaused by the dead-man; its port is found without being named", "[lab]") {
  const Echo echo;
  Injected paused("container.pause", "container: echo", {"c3"});
  require_all(paused.inject(8s), 2);
  CHECK(echo.seen_by_c1() == "mute\n");
  wait_on_node("c1", echo.look(), "up\n", 20s);
  require_all(paused.undo(), 2);
}

TEST_CASE("a container must be there, by its exact name, and run", "[lab]") {
  const Echo echo;
  CHECK_THROWS_WITH(Injected("container.kill", "container: ech", {"c3"}).preflight(),
                    Catch::Contains("no container of that name"));
  CHECK_THROWS_WITH(Injected("container.kill", "{container: echo, engine: docker}", {"c3"}).preflight(),
                    Catch::Contains("the node has no docker"));
  on_node("c3", "podman pause echo");
  CHECK_THROWS_WITH(Injected("container.kill", "container: echo", {"c3"}).preflight(),
                    Catch::Contains("podman unpause echo") || Catch::Contains("it does not run: paused"));
  on_node("c3", "podman unpause echo");
}
