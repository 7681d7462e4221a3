// Containers: what Docker and Podman say, kill, stop and pause, and the undo.
#include "faults/container.h"

#include <catch2/catch.hpp>

#include "base/process.h"
#include "faults/container_state.h"
#include "faults/looking.h"
#include "tests/support/fake_node.h"
#include "tests/support/text_folder.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

const std::string kLongId(64, 'a');

// As `podman inspect` of 4.3.1 writes it, shortened; Docker's has a '/' before the name and no Paused status of its own words.
std::string inspect_json(const std::string& name, const std::string& status, bool paused, int pid, const std::string& started) {
  return fmt::format(R"json([{{"Id": "{}", "Created": "2026-11-21T10:50:39.121103825Z", "Name": "{}", "RestartCount": 0,
  "State": {{"OciVersion": "1.0.2-dev", "Status": "{}", "Running": {}, "Paused": {}, "Restarting": false, "OOMKilled": false,
  "Dead": false, "Pid": {}, "ConmonPid": 2778, "ExitCode": 0, "StartedAt": "{}", "FinishedAt": "0001-01-01T00:00:00Z"}}}}])json",
                     kLongId, name, status, status == "running", paused, pid, started);
}

// As `docker inspect` of 24.0 writes a paused container.
constexpr const char* kDockerPaused = R"json([
    {
        "Id": "3f4c3a51f1c7c2d6b3f3b8a6a6e0f5b0f1e2d3c4b5a697887766554433221100",
        "Created": "2026-11-20T08:14:51.201318Z",
        "Path": "dumb-init", "Args": ["--single-child", "--", "kolla_start"],
        "State": {"Status": "paused", "Running": true, "Paused": true, "Restarting": false, "OOMKilled": false, "Dead": false,
            "Pid": 41237, "ExitCode": 0, "Error": "", "StartedAt": "2026-11-20T08:14:52.613417Z",
            "FinishedAt": "0001-01-01T00:00:00Z"},
        "Image": "sha256:0d1c", "Name": "/mariadb", "RestartCount": 0, "Driver": "overlay2"
    }
])json";

// A node with one container, through Podman or Docker.
struct ContainerNode : FakeNode {
  std::string engine = "podman", name = "mariadb", status = "running", started = "2026-11-21T10:50:39Z";
  std::string listing;  // of both engines; empty: made of the above
  bool paused = false, obeys = true, starts = true, armed = true, ordered = false, restarts = true;
  int pid = 1287, restarted = 0;

  ContainerNode() {
    remote.on("ss -Hltnp", answered(""));
    remote.on("ps --all", [this](const auto&, const auto&) {
      return answered(listing.empty() ? fmt::format("engine {}\n{} {}\nend\n", engine, kLongId, name) : listing);
    });
    remote.on("inspect --type container mariadb", [this](const auto&, const auto&) {
      return answered(inspect_json(engine == "docker" ? "/" + name : name, paused ? "paused" : status, paused, pid, started));
    });
    remote.on("; kill -s", [this](const auto&, const auto&) { return guarded([this] { end(); }); });
    remote.on(" stop --time", [this](const auto&, const auto&) { return guarded([this] { end(); }); });
    remote.on(" pause mariadb", [this](const auto&, const auto&) { return guarded([this] { paused = true; }); });
    remote.on(" unpause mariadb", [this](const auto&, const std::string& asked) {
      paused = paused && !starts;
      if (ordered && asked.find(fmt::format("grep -qxF '{} {}'", kLongId, pid)) != std::string::npos) {
        if (!restarts) return refused(125, "given PID did not die within timeout");
        ++restarted;
        end();
      }
      if (pid == 0 && starts) begin();
      return starts ? answered("") : refused(125, "no space left on device");
    });
  }
  void end() {
    status = "exited";
    pid = 0;
  }
  void begin() {
    status = "running";
    pid = ++last_pid_;
    started = fmt::format("2026-11-21T10:51:{}Z", last_pid_ % 60);
  }

 private:
  template <class Effect>
  CommandResult guarded(Effect effect) {
    if (!armed) return refused(1, "its dead-man is not armed");
    ordered = true;
    if (obeys) effect();
    return answered("");
  }
  int last_pid_ = 1500;
};

const std::vector<std::string> kFaults = {"container.kill", "container.stop", "container.pause"};

}  // namespace

TEST_CASE("inspect: what Docker and Podman write is understood alike") {
  const ContainerState docker = parse_inspect(kDockerPaused, "mariadb", "x");
  CHECK((docker.name == "mariadb" && docker.paused && docker.pid == 41237 && !docker.runs()));
  CHECK(docker.started == "2026-11-20T08:14:52.613417Z");
  const ContainerState podman = parse_inspect(inspect_json("mariadb", "running", false, 7, "t"), "mariadb", "x");
  CHECK((podman.runs() && podman.pid == 7 && podman.words() == "running, process 7"));
}

TEST_CASE("inspect: anything else is not understood, and never a state") {
  for (const std::string& bad : std::vector<std::string>{"", "[]", "{}", "[{}]", "Error: no such container", "[1, 2]",
                                                         R"([{"Id": "x", "Name": "mariadb", "State": {"Status": "running"}}])",
                                                         inspect_json("mariadb2", "running", false, 7, "t")})
    CHECK(error_of([&] { parse_inspect(bad, "mariadb", "asking"); }).kind() == ErrorKind::unmet);
}

TEST_CASE("container: exactly one engine has exactly one of that name") {
  ContainerNode node;
  const auto words = [&](const std::string& yaml = "container: mariadb") {
    return std::string(node.preflight_error("container.kill", yaml).what());
  };
  const std::string other(64, 'b');
  node.listing = "end\n";
  CHECK_THAT(words(), Contains("no docker and no podman"));
  CHECK_THAT(words("{container: mariadb, engine: docker}"), Contains("the node has no docker"));
  node.listing = "engine docker\n" + other + " mariadb2\nengine podman\nend\n";
  CHECK_THAT(words(), Contains("docker and podman knows no container of that name"));
  node.listing = "engine docker\n" + other + " mariadb\nengine podman\n" + kLongId + " mariadb\nend\n";
  CHECK_THAT(words(), Contains("docker and podman have one each"));
  node.listing = "engine docker\n" + kLongId + " mariadb\n";
  CHECK_THAT(words(), Contains("the answer was cut short"));
  node.remote.on("ps --all", refused(1, "docker does not answer"));
  CHECK_THAT(words(), Contains("docker does not answer"));
}

TEST_CASE("container: a docker that is Podman's shim counts once, and so does a link's second name") {
  ContainerNode node;
  node.listing = "engine docker\n" + kLongId + " mariadb\nengine podman\n" + kLongId + " mariadb,web/db\nend\n";
  const auto fault = node.make("container.stop", "container: mariadb");
  fault->preflight(node.in(5s));
  CHECK(fault->undo_record() == UndoRecord{"container.running", "c1", {{"engine", "podman"}, {"name", "mariadb"}}});
}

TEST_CASE("container: one that does not simply run is refused") {
  ContainerNode node;
  std::string hint = "podman start mariadb";
  SECTION("paused by somebody else") {
    node.paused = true;
    hint = "podman unpause mariadb";
  }
  SECTION("stopped") { node.end(); }
  SECTION("restarting") { node.status = "restarting"; }
  const Error error = node.preflight_error("container.pause", "container: mariadb");
  CHECK_THAT(error.what(), Contains("it does not run"));
  CHECK_THAT(error.hint(), Contains(hint));
}

TEST_CASE("container: killed, stopped and paused are seen by inspect") {
  for (const std::string engine : {"podman", "docker"})
    for (const std::string& name : kFaults) {
      INFO(name << " by " << engine);
      ContainerNode node;
      node.engine = engine;
      const auto evidence = node.inject(name, "container: mariadb");
      REQUIRE(evidence.size() == 1);
      CHECK(evidence[0].confirmed);
      CHECK_THAT(evidence[0].expected, Contains("no second witness"));
      CHECK_THAT(evidence[0].observed, Contains("was running, process 1287, now"));
      CHECK(node.remote.count(engine + (name == "container.stop" ? " stop --time 5 mariadb" : " ")) > 0);
    }
}

TEST_CASE("container: no effect stays unconfirmed, and a restart by the engine is an effect of kill alone") {
  for (const std::string& name : kFaults) {
    INFO(name);
    ContainerNode node;
    node.obeys = false;
    const auto evidence = node.inject(name, "container: mariadb", 3s);
    CHECK_FALSE(evidence[0].confirmed);
    CHECK(evidence[0].at == Time(-1));
    ContainerNode again;
    const auto fault = again.staged(name, "container: mariadb");
    again.begin();
    CHECK(fault->confirm(again.in(1s))[0].confirmed == (name == "container.kill"));
  }
}

TEST_CASE("container: a node that stops answering at each stage") {
  for (const std::string& name : kFaults) {
    ContainerNode node;
    const auto fault = node.staged(name, "container: mariadb");
    node.remote.cut_off("c1");
    CHECK(error_of([&] { fault->preflight(node.in(5s)); }).kind() == ErrorKind::unreachable);
    CHECK(error_of([&] { fault->stage(node.in(5s)); }).kind() == ErrorKind::unreachable);
    CHECK(error_of([&] { fault->fire(node.in(5s)); }).kind() == ErrorKind::unreachable);
    CHECK_FALSE(fault->confirm(node.in(2s))[0].confirmed);
    CHECK_FALSE(all_confirmed(node.undo(fault->undo_record(), 3s)));
  }
}

TEST_CASE("container: what gave way since preflight, and an order whose dead-man is gone") {
  ContainerNode node;
  const auto fault = node.make("container.kill", "container: mariadb");
  fault->preflight(node.in(5s));
  node.begin();
  CHECK_THAT(error_of([&] { fault->stage(node.in(5s)); }).what(), Contains("main process 1287 gave way to 1501"));
  node.armed = false;
  CHECK_THAT(error_of([&] { fault->fire(node.in(5s)); }).what(), Contains("its dead-man is not armed"));
}

TEST_CASE("container: a kill acts only on the process that was looked at") {
  ContainerNode node;
  node.inject("container.kill", "{container: mariadb, signal: TERM}");
  std::string order;
  for (const auto& [where, command] : node.remote.calls())
    if (command.find("; kill -s") != std::string::npos) order = command;
  CHECK_THAT(order, Contains("= '" + kLongId + " 1287' ]") && Contains("kill -s TERM 1287"));
  CHECK(run_process({"/bin/sh", "-n", "-c", order}, 5s).ok());
}

TEST_CASE("undo of a container: from each state it runs and is not paused, for a while") {
  ContainerNode node;
  const UndoRecord record{"container.running", "c1", {{"engine", "podman"}, {"name", "mariadb"}}};
  SECTION("nothing was done") {}
  SECTION("killed") { node.end(); }
  SECTION("paused") { node.paused = true; }
  const auto evidence = node.undo(record);
  REQUIRE(evidence.size() == 1);
  CHECK(evidence[0].confirmed);
  CHECK_THAT(evidence[0].observed, Contains("running") && Contains("for 1s"));
  CHECK(all_confirmed(node.undo(record)));
}

TEST_CASE("undo of a container: the process that was to end by a signal must stay for longer") {
  ContainerNode node;
  const UndoRecord record{
      "container.running", "c1", {{"engine", "podman"}, {"name", "mariadb"}, {"pid", "1287"}, {"started", node.started}}};
  const Time end = node.clock.now() + 3s;
  node.clock.on_pause = [&](Duration) {
    if (node.pid == 1287 && node.clock.now() >= end) node.end();
  };
  const auto evidence = node.undo(record, 30s);
  CHECK(evidence[0].confirmed);
  CHECK(evidence[0].at >= end);
  CHECK(node.pid != 1287);
}

// What a kill by TERM leaves for its undo.
UndoRecord drain_record(const std::string& port = "") {
  UndoRecord record{"container.running", "c1", {{"engine", "podman"}, {"name", "mariadb"}}};
  record.facts.insert({{"pid", "1287"}, {"started", "2026-11-21T10:50:39Z"}, {"id", FakeNode::kId}, {"container", kLongId}});
  if (!port.empty()) record.facts.insert({{"host", "198.18.10.11"}, {"port", port}});
  return record;
}

TEST_CASE("undo of a container: one that was asked to end and takes its time is restarted; by other signals it is not") {
  const auto [signal, restarted] = GENERATE(
      table<std::string, int>({{"TERM", 1}, {"INT", 1}, {"QUIT", 1}, {"HUP", 0}, {"KILL", 0}, {"SEGV", 0}, {"ABRT", 0}}));
  ContainerNode node;
  node.obeys = false;
  const auto fault = node.staged("container.kill", "{container: mariadb, signal: " + signal + "}");
  fault->fire(node.in(5s));
  CHECK((fault->undo_record() == drain_record()) == (restarted == 1));
  CHECK(all_confirmed(node.undo(fault->undo_record(), 30s)));
  CHECK(node.restarted == restarted);
  CHECK((node.pid == 1287) == (restarted == 0));
}

TEST_CASE("undo of a container: where no order was given nothing is restarted; where it can't be restarted it is not undone") {
  ContainerNode node;
  SECTION("never ordered") {
    CHECK(all_confirmed(node.undo(drain_record(), 30s)));
    CHECK((node.restarted == 0 && node.pid == 1287));
  }
  SECTION("the restart fails") {
    node.ordered = true;
    node.restarts = false;
    const auto evidence = node.undo(drain_record(), 20s);
    CHECK_FALSE(all_confirmed(evidence));
    CHECK_THAT(evidence[0].observed, Contains("did not die within timeout"));
  }
}

// What the node's shell asks Podman for, where the container's process is `pid` and `ss` in its network does this.
std::string asked_of_podman(const UndoRecord& record, const std::string& pid, bool ordered, const std::string& ss = "exit 1") {
  const TextFolder folder;
  const std::string here = folder.path.string() + "/";
  std::string command = container_running_command(record);
  for (const auto& [from, to] : {std::pair{"/run/blackstart/", here}, {"/proc/PID/cgroup", here + "PID.group"}})
    if (const auto at = command.find(from); at != std::string::npos) command.replace(at, std::string(from).size(), to);
  if (ordered) folder.write(std::string(FakeNode::kId) + ".ordered", "");
  folder.write("1287.group", "0::/machine.slice/libpod-" + kLongId + ".scope/container\n");
  folder.write("1290.group", "0::/machine.slice/libpod-" + std::string(64, 'b') + ".scope/container\n");
  folder.write("podman", "#!/bin/sh\n[ $1 = inspect ] && echo " + kLongId + " " + pid + " || echo \"$*\" >>" + here + "log\n");
  folder.write("nsenter", "#!/bin/sh\n[ \"$1$2$3\" = -t1287-n ] || exit 9\nshift 3\nexec \"$@\"\n");
  folder.write("ss", "#!/bin/sh\n" + ss + "\n");
  for (const char* name : {"podman", "nsenter", "ss"})
    std::filesystem::permissions(folder.path / name, std::filesystem::perms::owner_all);
  CHECK(command.find_first_of("$%") == std::string::npos);
  CHECK(run_process({"/bin/sh", "-c", command}, 5s, {"", {"PATH=" + here + ":/usr/bin:/bin"}, {}}).ok());
  return folder.read(folder.path / "log");
}

TEST_CASE("the shell: only the container whose process was asked to end, is still there and is deaf is restarted") {
  const std::string started = "unpause mariadb\nstart mariadb\n", restarted = "unpause mariadb\nrestart --time 5 mariadb\n";
  const std::string listens = "echo 'LISTEN 0 80 *:3306 *:* users:((\"x\",pid={},fd=22))'";
  UndoRecord plain = drain_record();
  plain.facts.erase("id");  // as of other signals, and of older versions
  CHECK(asked_of_podman(plain, "1287", true) == started);
  CHECK(asked_of_podman(drain_record(), "1287", true) == restarted);
  CHECK(asked_of_podman(drain_record(), "1287", false) == started);
  CHECK(asked_of_podman(drain_record(), "0", true) == started);
  CHECK(asked_of_podman(drain_record(), "12870", true) == started);
  CHECK(asked_of_podman(drain_record("3306"), "1287", true, "true") == restarted);
  CHECK(asked_of_podman(drain_record("3306"), "1287", true, fmt::format(fmt::runtime(listens), 1287)) == started);
  CHECK(asked_of_podman(drain_record("3306"), "1287", true, fmt::format(fmt::runtime(listens), 1290)) == restarted);
  CHECK(asked_of_podman(drain_record("3306"), "1287", true, "exit 1") == started);  // it can't be told
}

TEST_CASE("undo of a container: what does not come back, or does not stay, is not confirmed") {
  ContainerNode node;
  const UndoRecord record{"container.running", "c1", {{"engine", "podman"}, {"name", "mariadb"}}};
  node.end();
  SECTION("it does not start") {
    node.starts = false;
    CHECK_THAT(node.undo(record)[0].observed, Contains("no space left on device"));
  }
  SECTION("it starts and dies again and again") {
    node.clock.on_pause = [&](Duration) { node.pid ? node.end() : node.begin(); };
  }
  SECTION("it is another each time") {
    node.clock.on_pause = [&](Duration) { node.begin(); };
  }
  SECTION("inspect fails") { node.remote.on("inspect --type container", refused(1, "no such container mariadb")); }
  CHECK_FALSE(all_confirmed(node.undo(record)));
}

TEST_CASE("undo of a container: with a port it must answer as well") {
  ContainerNode node;
  const UndoRecord record{
      "container.running", "c1", {{"engine", "podman"}, {"name", "mariadb"}, {"host", "198.18.10.11"}, {"port", "3306"}}};
  const auto evidence = node.undo(record, 3s);
  REQUIRE(evidence.size() == 2);
  CHECK((evidence[0].confirmed && !evidence[1].confirmed && evidence[1].observed == "does not answer"));
}

TEST_CASE("undo of a container: facts that make no sense are said, and nothing is run") {
  ContainerNode node;
  UndoRecord record{"container.running", "c1", {{"engine", "podman"}, {"name", "mariadb"}}};
  SECTION("an engine that is none") { record.facts["engine"] = "reboot"; }
  SECTION("a name that is none") { record.facts["name"] = "x; reboot"; }
  SECTION("a port that is none") { record.facts.insert({{"host", "h"}, {"port", "99999"}}); }
  SECTION("a container that is none") { (record = drain_record()).facts["container"] = "x; reboot"; }
  SECTION("an id that is none") { (record = drain_record()).facts["id"] = "x; reboot"; }
  SECTION("a process that is none") { (record = drain_record()).facts["pid"] = "1; reboot"; }
  const auto evidence = node.undo(record);
  CHECK_FALSE(evidence[0].confirmed);
  CHECK_THAT(evidence[0].observed, Contains("undoing container.running on c1"));
  CHECK(node.remote.calls().empty());
}

TEST_CASE("container: parameters come back, and what is wrong is said") {
  const auto kill = FakeNode::settings("container.kill", "{container: mariadb, signal: TERM, engine: docker, port: 3306}");
  CHECK(kill->summary() == "SIGTERM to the main process of container mariadb");
  CHECK(kill->parameters().size() == 4);
  CHECK(FakeNode::settings("container.stop", "{container: a, grace: 2s}")->parameters()[1].second == "2s");
  for (const char* bad : {"'maria*'", "'-x'", "'a b'", "'a;b'"})
    CHECK_THAT(FakeNode::problem("container.kill", std::string("container: ") + bad), Contains("does not name one container"));
  CHECK_THAT(FakeNode::problem("container.pause", "{container: a, signal: TERM}"), Contains("signal"));
}
