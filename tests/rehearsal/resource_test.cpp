// Resources on a real node: its cores, its memory, a disk, and what one service may open or start.
#include <catch2/catch.hpp>

#include "tests/rehearsal/drift.h"
#include "tests/rehearsal/injected.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

constexpr const char* kUnits = "systemctl list-units --all --plain --no-legend 'blackstart-*' | wc -l";

// c1 asks memcached on c3 for its version.
std::string seen_by_c1() {
  return on_node("c1", "timeout 2 bash -c 'exec 3<>/dev/tcp/" + cloud().find("c3")->data_address() +
                           "/11211 || exit 7; echo version >&3; read -r -t 1 answer <&3' 2>/dev/null; "
                           "case $? in 0) echo up;; 7) echo down;; *) echo mute;; esac");
}

std::int64_t number(const std::string& node, const std::string& command) { return std::stoll(on_node(node, command)); }

}  // namespace

TEST_CASE("cpu and memory: a load is there, and gone with its processes", "[lab]") {
  const std::int64_t before = number("c3", "awk '/MemAvailable/ {print $2}' /proc/meminfo");
  Injected cpu("resource.cpu", "workers: 3", {"c3"}), memory("resource.memory", "size: 150MiB", {"c3"});
  require_all(cpu.inject(), 1);
  require_all(memory.inject(), 1);
  CHECK(number("c3",
               "for p in $(cat /sys/fs/cgroup/system.slice/blackstart-*-load.service/cgroup.procs); do cut -d' ' -f3 "
               "/proc/$p/stat; done | grep -c R; true") >= 3);
  CHECK(number("c3", "awk '/MemAvailable/ {print $2}' /proc/meminfo") < before - 75 * 1024);
  CHECK(on_node("c3", "cat /proc/$(pidof tail)/oom_score_adj") == "1000\n");
  require_all(memory.undo(), 1);
  require_all(cpu.undo(), 1);
  CHECK(on_node("c3", "pidof tail | wc -w") == "0\n");
  CHECK(on_node("c3", kUnits) == "0\n");
}

TEST_CASE("a load ends with its dead-man, and takes its file along", "[lab]") {
  Injected io("resource.io", "{path: /var/tmp, size: 16MiB}", {"c3"});
  require_all(io.inject(8s), 1);
  CHECK(on_node("c3", "ls /var/tmp/blackstart-*.load | wc -l") == "1\n");
  wait_on_node("c3", "ls /var/tmp/ | grep -c blackstart; true", "0\n", 15s);
  wait_on_node("c3", kUnits, "0\n", 10s);
  require_all(io.undo(), 2);
}

TEST_CASE("a disk fills up, stays full when others make room, and has its space again afterwards", "[lab]") {
  on_node("c3", "mkdir -p /srv/small && mount -t tmpfs -o size=48m none /srv/small && head -c 8M /dev/zero >/srv/small/theirs");
  {
    const Drift drift({"c3"});
    Injected disk("resource.disk", "{path: /srv/small, leave: 4MiB}", {"c3"});
    require_all(disk.inject(), 1);
    CHECK(on_node("c3", "head -c 6M /dev/zero 2>/dev/null >/srv/small/more && echo room || echo full; rm -f /srv/small/more") ==
          "full\n");
    on_node("c3", "rm /srv/small/theirs");
    wait_on_node("c3", "head -c 7M /dev/zero 2>/dev/null >/srv/small/more && echo room || echo full; rm -f /srv/small/more",
                 "full\n", 15s);
    require_all(disk.undo(), 2);
    CHECK(
        on_node("c3", "head -c 40M /dev/zero 2>/dev/null >/srv/small/more && echo room || echo full; rm -f /srv/small/more") ==
        "room\n");
    CHECK(on_node("c3", "ls -A /srv/small") == "");
    drift.require_none();
  }
  CHECK_THROWS_WITH(Injected("resource.disk", "{path: /srv/small, leave: 16KiB}", {"c3"}).preflight(),
                    Catch::Contains("the floor of 1MiB"));
  CHECK_THROWS_WITH(Injected("resource.disk", "{path: /var/lib, leave: 16MiB}", {"c3"}).preflight(),
                    Catch::Contains("the node itself lives there"));
  CHECK_THROWS_WITH(Injected("resource.io", "path: /srv/small", {"c3"}).preflight(), Catch::Contains("no device behind it"));
  on_node("c3", "umount /srv/small && rmdir /srv/small");
}

TEST_CASE("descriptors: a service gets no new connection, as another node sees it, and serves again afterwards", "[lab]") {
  const std::string limit = "grep '^Max open files' /proc/$(systemctl show -p MainPID --value memcached.service)/limits";
  const std::string before = on_node("c3", limit);
  REQUIRE(seen_by_c1() == "up\n");
  Injected descriptors("resource.descriptors", "{unit: memcached.service, port: 11211}", {"c3"});
  require_all(descriptors.inject(), 2);
  CHECK(seen_by_c1() == "mute\n");
  require_all(descriptors.undo(), 4);
  CHECK(seen_by_c1() == "up\n");
  CHECK(on_node("c3", limit) == before);
}

TEST_CASE("processes: a database gets no new thread, and has its limit again afterwards", "[lab]") {
  const std::string limit = "grep '^Max processes' /proc/$(systemctl show -p MainPID --value mariadb.service)/limits";
  const std::string before = on_node("c3", limit);
  Injected processes("resource.processes", "unit: mariadb.service", {"c3"});
  require_all(processes.inject(), 1);
  CHECK_THAT(on_node("c3", limit), Catch::Contains(" 1 "));
  require_all(processes.undo(), 3);
  CHECK(on_node("c3", limit) == before);
  require_whole_lab();
  CHECK_THROWS_WITH(Injected("resource.processes", "unit: haproxy.service", {"c3"}).preflight(), Catch::Contains("root"));
}

TEST_CASE("clock: a container's clock is its host's and is left alone", "[lab]") {
  CHECK_THROWS_WITH(Injected("resource.clock", "by: 60s", {"c3"}).preflight(), Catch::Contains("its clock is its host's"));
}
