// Sites cut off and partitions: who reaches whom, as the nodes themselves see it; and that they heal by themselves.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <set>

#include "tests/rehearsal/background_run.h"
#include "tests/rehearsal/injected.h"

using namespace blackstart;
using namespace blackstart::rehearsal;

namespace {

using Pairs = std::set<std::string>;

// "c1c2" for each pair of which the first gets an answer to a ping from the second.
Pairs who_reaches_whom() {
  Pairs pairs;
  const Cloud all = cloud();
  for (const Node& from : all.nodes) {
    std::string command;
    for (const Node& to : all.nodes)
      if (to.name != from.name)
        command += "ping -n -c 2 -i 0.2 -W 1 " + to.data_address() + " >/dev/null && echo " + to.name + "; ";
    std::istringstream reached(on_node(from.name, command + "true"));
    for (std::string to; reached >> to;) pairs.insert(from.name + to);
  }
  return pairs;
}

const Pairs kAll = {"c1c2", "c1c3", "c2c1", "c2c3", "c3c1", "c3c2"};

void requires_shape(const std::string& fault, const std::string& yaml, const Pairs& reached, std::size_t least) {
  {
    Injected injected(fault, yaml);
    require_all(injected.inject(), least);
    CHECK(who_reaches_whom() == reached);
    for (const char* node : {"c1", "c2", "c3"}) CHECK(on_node(node, "echo reached") == "reached\n");  // by management
    require_all(injected.undo(), 2);
    CHECK(who_reaches_whom() == kAll);
  }
}

}  // namespace

TEST_CASE("site.isolate: cut off from everybody, by nft and at the uplink", "[lab]") {
  const std::string via = GENERATE("{site: dc1}", "{site: dc1, via: switch}");
  requires_shape("site.isolate", via, {"c2c3", "c3c2"}, 3);
}

TEST_CASE("site.isolate: from a named site only", "[lab]") {
  requires_shape("site.isolate", "{site: dc1, from: [dc2]}", {"c1c3", "c3c1", "c2c3", "c3c2"}, 2);
}

TEST_CASE("group.isolate: two sites go on to see each other", "[lab]") {
  requires_shape("group.isolate", "{members: [dc1, c2]}", {"c1c2", "c2c1"}, 4);
}

TEST_CASE("group.partition: split and bridge", "[lab]") {
  requires_shape("group.partition", "groups: [[dc1], [dc2, dc3]]", {"c2c3", "c3c2"}, 6);
  requires_shape("group.partition", "{groups: [[c1], [c2], [c3]], shape: bridge}", {"c1c2", "c2c1", "c2c3", "c3c2"}, 4);
}

TEST_CASE("site.isolate: the runner's machine is part of everybody, except for the way in", "[lab]") {
  const std::string vip_host = cloud().find("c1")->data_address();
  const auto connects = [&] { return run_process({"timeout", "1", "bash", "-c", "</dev/tcp/" + vip_host + "/22"}, 5s).ok(); };
  CHECK(connects());
  {
    Injected injected("site.isolate", "site: dc1");
    require_all(injected.inject(), 3);
    CHECK_FALSE(connects());
    CHECK(on_node("c1", "echo reached") == "reached\n");
  }
  CHECK(connects());
}

TEST_CASE("site.isolate: what recovers when somebody loads another ruleset has not recovered by itself", "[lab]") {
  require_steady_lab();
  Workplace workplace;
  BackgroundRun run(workplace, scenario("  - inject: {id: cut, fault: site.isolate, site: dc1, from: [dc2, dc3]}\n"
                                        "  - hold: 10s\n"
                                        "  - undo: cut\n"));
  REQUIRE(wait_until([&] { return run.output().find("] step 2: hold for 10s") != std::string::npos; },
                     Deadline(real_clock(), 120s), 100ms));
  on_node("c1",
          "for t in $(nft list tables | sed -n 's/^table inet \\(blackstart_.*\\)/\\1/p'); do nft delete table inet $t; done");
  CHECK(run.wait() == 2);
  CHECK_THAT(workplace.latest().reasons(),
             Catch::Contains("still, just before the undo: the nft table") && Catch::Contains("there is no such table"));
  require_steady_lab();
}

TEST_CASE("kill -9 of the runner: an isolated site heals itself, though nobody else can reach it", "[lab]") {
  require_steady_lab();
  Workplace workplace;
  const auto file = workplace.write(
      "scenario.yaml", scenario("  - inject: {id: cut, fault: site.isolate, site: dc1, dead-man: 20s}\n  - hold: 15s\n"));
  const pid_t runner = ::fork();
  if (runner == 0) {
    ::setenv("BLACKSTART_STATE", (workplace.path / "state").c_str(), 1);
    ::execl(BLACKSTART_BINARY, "blackstart", "run", file.c_str(), "--cloud", cloud_file().c_str(), "--out",
            (workplace.path / "runs").c_str(), nullptr);
    ::_exit(127);
  }
  REQUIRE(runner > 0);
  wait_on_node("c1", "nft list tables | grep -c blackstart_ || true", "1\n");
  REQUIRE(::kill(runner, SIGKILL) == 0);
  int status = 0;
  REQUIRE(::waitpid(runner, &status, 0) == runner);
  wait_on_node("c1", "nft list tables | grep -c blackstart_ || true", "0\n", 25s);
  CHECK(who_reaches_whom() == kAll);
  CHECK(workplace.blackstart({"recover"}).exit_code == 0);
  require_steady_lab();
}
