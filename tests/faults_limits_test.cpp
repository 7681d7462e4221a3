// resource.descriptors and resource.processes, and the undo of limits.
#include <catch2/catch.hpp>

#include <sys/resource.h>

#include "base/process.h"
#include "faults/looking.h"
#include "faults/process_limit.h"
#include "faults/resource.h"
#include "tests/support/fake_node.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

// A service's main process with its limit, as /proc shows it.
struct LimitedNode : FakeNode {
  bool armed = true, obeys = true, load = false;
  bool alive = true;
  int ticks = 5000, uid = 105, lowest_free = 23;
  std::string soft = "1024", capabilities = "0000000000000000", ids = "105\t105\t105\t105";
  std::string active = "active";

  LimitedNode() {
    remote.on("systemctl show 'mariadb.service'", [this](const auto&, const auto&) { return answered(unit()); });
    remote.on("/proc/self/cgroup", answered("0::/user.slice/session-3.scope\n"));
    remote.on("Uid:|Gid:|CapEff:", [this](const auto&, const auto&) {
      return answered(fmt::format("Uid={}\nGid={}\nCapEff={}\nEnd=1\n", ids, ids, capabilities));
    });
    remote.on("prlimit --pid 1287 --n", answered(""));
    remote.on("ss -Hltnp", answered(""));
    remote.on("if [ -e /proc/1287 ]", [this](const auto&, const auto&) {
      return answered(alive ? fmt::format("Ticks={}\nLimit=   {}   524288   files\nEnd=1\n", ticks, soft) : "Ticks=0\nEnd=1\n");
    });
    remote.on("[ -h /proc/1287/fd/$n ]; do n=$((n + 1)); done; printf",
              [this](const auto&, const auto&) { return answered(fmt::format("Free={}\nEnd=1\n", lowest_free)); });
    remote.on("systemd-run", [this](const auto&, const auto&) { return limit("23"); });
    remote.on("|| { rm -f", [this](const auto&, const auto&) { return limit("1"); });
    remote.on("systemctl stop blackstart-", [this](const auto&, const auto&) {
      load = false;
      return answered("");
    });
    remote.on("ActiveState && echo End", [this](const auto&, const auto&) {
      return answered(load ? "ActiveState=active\nEnd=1\n" : "ActiveState=inactive\nEnd=1\n");
    });
    remote.on("/bin/sh -c \"`echo", [this](const auto&, const auto& asked) {
      if (asked.starts_with("mkdir")) return limit(asked.find("systemd-run") == std::string::npos ? "1" : "23");
      if (obeys && alive) soft = "1024";
      return answered("");
    });
    remote.on("--kill-who=all -s CONT", [this](const auto&, const auto&) {
      if (obeys) active = "active";
      return answered("");
    });
  }

 private:
  CommandResult limit(const std::string& to) {
    if (!armed) return refused(1, "its dead-man is not armed");
    load = to != "1";
    if (obeys) soft = to;
    return answered("");
  }
  std::string unit() const {
    return fmt::format(
        "MainPID=1287\nNRestarts=0\nExecMainStartTimestampMonotonic=50000000\nId=mariadb.service\nLoadState="
        "loaded\nActiveState={}\n"
        "SubState=running\nStat=1287 (mariadbd) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 {} 99\nEnd=1\n",
        active, ticks);
  }
};

constexpr const char* kYaml = "unit: mariadb.service";
const std::vector<std::string> kFaults = {"resource.descriptors", "resource.processes"};

}  // namespace

TEST_CASE("limits: seen in /proc, undone to what was before") {
  for (const std::string& name : kFaults) {
    INFO(name);
    LimitedNode node;
    const auto fault = node.staged(name, kYaml);
    const UndoRecord record = fault->undo_record();
    CHECK((record.facts.at("soft") == "1024" && record.facts.at("hard") == "524288" && record.facts.at("uid") == "105"));
    fault->fire(node.in(5s));
    const auto evidence = fault->confirm(node.in(5s));
    REQUIRE(evidence.size() == 1);
    CHECK(evidence[0].confirmed);
    CHECK_THAT(evidence[0].expected, Contains("no second witness"));
    CHECK_THAT(evidence[0].observed, Contains("its limit was 1024, now"));
    CHECK(all_confirmed(node.undo(record)));
    CHECK((node.soft == "1024" && !node.load));
    CHECK(all_confirmed(node.undo(record)));
  }
}

TEST_CASE("limits: no effect, or only half of one, stays unconfirmed") {
  const std::string name = GENERATE("resource.descriptors", "resource.processes");
  LimitedNode node;
  SECTION("nothing happens") { node.obeys = false; }
  SECTION("the process gives way to another meanwhile") {
    node.remote.on("mkdir -p", [&](const auto&, const auto&) { return node.alive = false, answered(""); });
  }
  SECTION("a free descriptor is left, or the limit is not low enough") {
    node.lowest_free = 7;
    if (name == "resource.processes")
      node.remote.on("mkdir -p", [&](const auto&, const auto&) { return node.soft = "500", answered(""); });
  }
  CHECK_FALSE(all_confirmed(node.inject(name, kYaml, 3s)));
}

TEST_CASE("limits: a node that stops answering, and an order whose dead-man is gone") {
  for (const std::string& name : kFaults) {
    LimitedNode node;
    const auto fault = node.staged(name, kYaml);
    node.armed = false;
    CHECK_THAT(error_of([&] { fault->fire(node.in(5s)); }).what(), Contains("its dead-man is not armed"));
    node.remote.cut_off("c1");
    CHECK(error_of([&] { fault->stage(node.in(5s)); }).kind() == ErrorKind::unreachable);
    CHECK(error_of([&] { fault->fire(node.in(5s)); }).kind() == ErrorKind::unreachable);
    CHECK_FALSE(all_confirmed(fault->confirm(node.in(2s))));
    CHECK_FALSE(all_confirmed(node.undo(fault->undo_record(), 3s)));
  }
}

TEST_CASE("limits: whom the kernel would not hold back, or we can't change, is refused") {
  LimitedNode node;
  const auto words = [&](const char* fault = "resource.processes") {
    return std::string(node.preflight_error(fault, kYaml).what());
  };
  SECTION("root's processes are not counted") {
    node.ids = "0\t0\t0\t0";
    CHECK_THAT(words(), Contains("the kernel counts no processes of root's"));
    node.make("resource.descriptors", kYaml)->preflight(node.in(5s));
  }
  SECTION("nor those of one with CAP_SYS_RESOURCE") {
    node.capabilities = "0000000001000000";
    CHECK_THAT(words(), Contains("CAP_SYS_RESOURCE"));
  }
  SECTION("several users at once") {
    node.ids = "105\t0\t0\t0";
    CHECK_THAT(words("resource.descriptors"), Contains("several users at once"));
  }
  SECTION("no prlimit") {
    node.remote.on("prlimit --pid 1287 --n", refused(127, "sh: prlimit: not found"));
    CHECK_THAT(words("resource.descriptors"), Contains("its limits can't be changed"));
  }
  SECTION("a service that does not run") {
    node.active = "failed";
    CHECK_THAT(words(), Contains("the unit is failed"));
  }
}

TEST_CASE("limits: what was changed since preflight is refused") {
  LimitedNode node;
  const auto fault = node.make("resource.descriptors", kYaml);
  fault->preflight(node.in(5s));
  SECTION("the limit") { node.soft = "2048"; }
  SECTION("the process") { node.ticks = 6000; }
  CHECK(error_of([&] { fault->stage(node.in(5s)); }).kind() == ErrorKind::unmet);
}

TEST_CASE("undo of limits: a process that is gone has none of ours, and its service is started") {
  LimitedNode node;
  const UndoRecord record = node.staged("resource.descriptors", kYaml)->undo_record();
  node.ticks = 6000;
  node.soft = "23";
  node.active = "failed";
  const auto evidence = node.undo(record);
  CHECK(all_confirmed(evidence));
  CHECK_THAT(evidence[1].observed, Contains("the process is gone"));
  CHECK(node.active == "active");
  CHECK(node.soft == "1024");  // the fake's one process; the script itself leaves another process alone
}

TEST_CASE("undo of limits: a limit that stays is not confirmed, nor is one that can't be read") {
  LimitedNode node;
  const UndoRecord record = node.staged("resource.descriptors", kYaml)->undo_record();
  node.soft = "23";
  SECTION("stays") { node.obeys = false; }
  SECTION("can't be read") { node.remote.on("if [ -e /proc/1287 ]", refused(3, "")); }
  SECTION("our unit stays") {
    node.load = true;
    node.remote.on("systemctl stop blackstart-", answered(""));
  }
  CHECK_FALSE(all_confirmed(node.undo(record, 5s)));
}

TEST_CASE("undo of limits: facts that make no sense are said, and nothing is run") {
  LimitedNode node;
  UndoRecord record = node.staged("resource.descriptors", kYaml)->undo_record();
  const std::size_t before = node.remote.calls().size();
  const auto [name, value] = GENERATE(table<std::string, std::string>({{"soft", "1; reboot"},
                                                                       {"hard", "x"},
                                                                       {"pid", "0"},
                                                                       {"start-ticks", ""},
                                                                       {"uid", "-1"},
                                                                       {"limit", "nice"},
                                                                       {"id", "a b"},
                                                                       {"unit", "x; reboot"}}));
  record.facts[name] = value;
  const auto evidence = node.undo(record);
  CHECK_FALSE(evidence[0].confirmed);
  CHECK_THAT(evidence[0].observed, Contains("undoing "));
  CHECK(node.remote.calls().size() == before);
}

TEST_CASE("the shell: only the very process gets the limit, and reading it gives what was set") {
  const std::string id = std::to_string(::getpid());
  const std::string stat =
      run_process({"/bin/sh", "-c", "s=$(cat /proc/" + id + "/stat); set -- ${s##*) }; echo ${20}"}, 5s).out;
  LimitedProcess self{::getpid(), std::stoll(stat), static_cast<std::int64_t>(::getuid()),
                      static_cast<std::int64_t>(::getgid())};
  struct rlimit before {};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const auto set_to = [&](const LimitedProcess& process) {
    run_process({"/bin/sh", "-c", limit_functions(process, kDescriptors) + "alive && limit 200"}, 5s);
    struct rlimit now {};
    ::getrlimit(RLIMIT_NOFILE, &now);
    return now.rlim_cur;
  };
  LimitedProcess other = self;
  ++other.start_ticks;
  CHECK(set_to(other) == before.rlim_cur);
  CHECK(set_to(self) == 200);
  FakeNode node;
  node.remote.on("/proc/", [](const auto&, const auto& asked) {
    return answered(run_process({"/bin/sh", "-c", asked}, 5s).out);
  });
  CHECK(read_limit(node.context(), "c1", self, kDescriptors, node.in(5s))->soft == "200");
  CHECK_FALSE(read_limit(node.context(), "c1", other, kDescriptors, node.in(5s)).has_value());
  ::setrlimit(RLIMIT_NOFILE, &before);
}
