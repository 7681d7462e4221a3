// A probe that is sent from another node: over a real sshd on loopback, where that node's clock is ours and the truth is known.
#include "runner/vantage_probe.h"

#include <sys/socket.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>

#include "base/error.h"
#include "lab/ssh.h"
#include "probes/vantage_service.h"
#include "runner/commands.h"
#include "runner/running_probes.h"
#include "runner/vantage_keep.h"
#include "tests/support/error_of.h"
#include "tests/support/sshd.h"
#include "tests/support/state_folder.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

// Accepts nobody, but the kernel completes connections: a service that is up as long as it lives.
struct Listener : BoundSocket {
  Listener() { listen(4096); }
  void close() { descriptor = Descriptor(); }
};

// The way to the nodes, which can be cut.
struct Way {
  std::atomic<bool> cut{false};
  std::string breaks_before, breaks_after;  // with the command that has this in it
  bool keeps = false;                       // the node can remove no folder of a probe
};
class CutRemote final : public Remote {
 public:
  CutRemote(const Cloud& cloud, Way& way) : inner_(make_ssh(cloud)), way_(way) {}
  CommandResult run(const std::string& node, const std::string& command, const Deadline& deadline) override {
    return over(node, command, [&](const std::string& sent) { return inner_->run(node, sent, deadline); });
  }
  CommandResult run_with_input(const std::string& node, const std::string& command, const std::string& input,
                               const Deadline& deadline) override {
    return over(node, command, [&](const std::string& sent) { return inner_->run_with_input(node, sent, input, deadline); });
  }

 private:
  template <class Run>
  CommandResult over(const std::string& node, std::string command, Run run) {
    const auto has = [&](const std::string& part) { return !part.empty() && command.find(part) != std::string::npos; };
    way_.cut = way_.cut || has(way_.breaks_before);
    check_way(node);
    const bool breaks = has(way_.breaks_after);
    const bool keeps = way_.keeps && has("/vantage/");
    for (std::size_t at = 0; keeps && (at = command.find("rm -rf", at)) != std::string::npos;) command.replace(at, 6, "false ");
    CommandResult result = run(command);
    way_.cut = way_.cut || breaks;
    check_way(node);
    return result;
  }
  void check_way(const std::string& node) const {
    if (way_.cut) throw Error(ErrorKind::unreachable, "running a command on " + node, "the way is cut");
  }
  std::unique_ptr<Remote> inner_;
  Way& way_;
};

struct LiveSink final : OperationSink {
  void record(const Operation& operation) override {
    std::lock_guard lock(mutex);
    operations.push_back(operation);
  }
  void flush() override {}
  std::size_t count() {
    std::lock_guard lock(mutex);
    return operations.size();
  }
  std::mutex mutex;
  std::vector<Operation> operations;
};

struct Ground {
  Ground() {
    read_text("scenario: s\nclaim: c\nprobes:\n  door: {kind: tcp, host: 127.0.0.1, port: " + std::to_string(listener.port) +
                  ", rate: 50/s, deadline: 1s, from: [runner, n2], hold: 1s}\n"
                  "steps: [{inject: {id: k, fault: service.kill, unit: a.service, on: {pick: all}}}]\n"
                  "objectives: [{rto: {probe: door, at-most: 60s}}]\n",
              "s.yaml", [&](Fields& f) { scenario.describe(f); });
    scenario.file_text = "probes:\n  door: {kind: tcp, host: 127.0.0.1, port: " + std::to_string(listener.port) +
                         ", rate: 50/s, deadline: 1s, from: [runner, n2], hold: 1s}\n";
    cloud.sites = {{"s1", ""}};
    cloud.nodes = {cloud.nodes[1]};
    cloud.nodes[0].site = "s1";
  }
  std::unique_ptr<VantageProbe> probe(Duration patience = 20s) {
    REQUIRE(scenario.probes.size() == 2);
    return make_vantage_probe(
        {scenario, scenario.probes[1], cloud, fs::path(BLACKSTART_BINARY).parent_path() / "blackstart-probe", home(), patience},
        std::make_unique<CutRemote>(cloud, way));
  }
  std::string home() const { return (node.path / "home").string(); }
  bool nothing_left() const { return !fs::exists(home() + "/vantage") || fs::is_empty(home() + "/vantage"); }

  Listener listener;
  Sshd sshd;
  Cloud cloud = sshd.cloud();
  TextFolder node, run;
  Scenario scenario;
  Way way;
  LiveSink live;
  const Time zero = real_clock().now();
};

Deadline soon() { return Deadline(real_clock(), 30s); }

void begin(Ground& ground, VantageProbe& probe) {
  probe.preflight(soon());
  probe.prepare(soon());
  probe.keep_in(ground.run.path);
  const Time start = probe.start(real_clock(), ground.zero, ground.live);
  CHECK((start > 0s && start < real_clock().now() - ground.zero));
}

void begin_record(RecordWriter& record, const ProbeInfo& info) {
  RunInfo run;
  run.id = "r1";
  record.run(run);
  record.probe_started(info, Time(0));
}

// Every planned one is there once, and no time is further from the truth than the bound says: the node's clock is ours.
void check_operations(const Ground& ground, const std::string& name) {
  const Record record = read_record(ground.run.path);
  REQUIRE(record.probes.size() == 1);
  const ProbeRecord& probe = record.probes[0];
  REQUIRE(probe.planned.size() == 1);
  REQUIRE(probe.operations.size() == probe.planned[0]);
  const VantageClock* clock = clock_of(record, name);
  REQUIRE(clock != nullptr);
  CHECK(clock->trouble.empty());
  CHECK(clock->bound > 0s);
  for (const int part : {1, 5, 9}) {
    const Time truth = probe.started + (probe.stopped - probe.started) * part / 10;
    CHECK(std::chrono::abs(run_time_of(*clock, ground.zero + truth) - truth) <= clock->bound);
  }
  for (const Operation& operation : probe.operations)
    CHECK((operation.scheduled > 0s && operation.scheduled < probe.stopped + clock->bound));
}

TEST_CASE("a probe is sent from a node over SSH: its operations arrive live, are kept, and nothing is left there",
          "[vantage]") {
  Ground ground;
  const auto probe = ground.probe();
  begin(ground, *probe);
  CHECK(probe->info().vantage == "n2");
  CHECK(probe->info().name == "door@n2");
  REQUIRE(wait_until([&] { return ground.live.count() >= 60; }, soon(), 10ms));
  CHECK(probe->seen_until() > 0s);
  RecordWriter record(ground.run.path);
  begin_record(record, probe->info());
  probe->stop();
  CHECK_FALSE(ground.nothing_left());
  probe->complete(record);
  CHECK(ground.nothing_left());
  check_operations(ground, "door@n2");
  const Record read = read_record(ground.run.path);
  CHECK(read.problems.empty());
  CHECK(std::ranges::all_of(std::as_const(read.probes[0].operations),
                            [](const Operation& o) { return o.outcome == Outcome::ok; }));
  CHECK(ground.live.count() == read.probes[0].operations.size());
}

TEST_CASE("among a rehearsal's probes it becomes steady, recovers, and its file of operations is written once", "[vantage]") {
  Ground ground;
  {
    RecordWriter record(ground.run.path);
    RunInfo run;
    run.id = "r1";
    record.run(run);
    RunningProbes probes(real_clock(), ground.zero, record);
    std::vector<std::unique_ptr<Probe>> all;
    all.push_back(ground.probe());
    all.front()->preflight(soon());
    probes.take(std::move(all), [](const std::string&) {});
    probes.prepare({});
    probes.start();
    const auto steady = [&] {
      const auto checks = probes.steady({1s, 0.9, 10s});
      return checks.size() == 1 && checks[0].steady;
    };
    CHECK(wait_until(steady, soon(), 20ms));
    CHECK(wait_until([&] { return probes.recovered(Time(0)); }, soon(), 20ms));
    CHECK(probes.without_success(Time(0), "door@n2") < 10s);
    CHECK_THAT(probes.pulse(), Catch::Contains("door@n2"));
    ground.way.cut = true;  // what was good once may not be now
    CHECK(wait_until([&] { return !steady(); }, soon(), 50ms));
    ground.way.cut = false;
    probes.stop();
  }
  CHECK(ground.nothing_left());
  check_operations(ground, "door@n2");
}

TEST_CASE("while nobody reaches the node its probe goes on, and what it saw meanwhile is not lost", "[vantage]") {
  Ground ground;
  const auto probe = ground.probe();
  begin(ground, *probe);
  REQUIRE(wait_until([&] { return ground.live.count() >= 20; }, soon(), 10ms));
  ground.way.cut = true;
  const Time cut_at = real_clock().now();
  const std::size_t before = ground.live.count();
  ground.listener.close();  // an outage that only the node sees
  REQUIRE(wait_until([&] { return real_clock().now() - cut_at > 2s; }, soon(), 20ms));
  CHECK(ground.live.count() <= before + 50);  // of an answer that was under way
  ground.way.cut = false;
  RecordWriter record(ground.run.path);
  begin_record(record, probe->info());
  probe->stop();
  probe->complete(record);
  check_operations(ground, "door@n2");
  const Record read = read_record(ground.run.path);
  CHECK(std::ranges::count_if(read.probes[0].operations, [](const Operation& o) { return o.error == kRefused; }) >= 90);
}

TEST_CASE("what can't be fetched stays on the node, the error says where, and fetch brings it later", "[vantage]") {
  Ground ground;
  const StateFolder state;
  {
    RecordWriter record(ground.run.path);
    const auto probe = ground.probe(1s);
    begin(ground, *probe);
    begin_record(record, probe->info());
    REQUIRE(wait_until([&] { return ground.live.count() >= 20; }, soon(), 10ms));
    ground.way.cut = true;
    const Error error = error_of([&] { probe->stop(); });
    CHECK(error.kind() == ErrorKind::unreachable);
    CHECK_THAT(error.what(), Catch::Contains("on n2 in " + ground.home()) && Catch::Contains("blackstart fetch"));
    probe->complete(record);  // writes nothing
    record.finished(real_clock().now() - ground.zero);
  }
  CHECK_FALSE(ground.nothing_left());
  CHECK(read_record(ground.run.path).probes[0].stopped.count() < 0);
  ground.run.write("cloud.yaml", write_cloud(ground.cloud));
  // The node goes on meanwhile.
  const Time ended = read_record(ground.run.path).ended;
  REQUIRE(wait_until([&] { return real_clock().now() - ground.zero > ended + 500ms; }, soon(), 20ms));
  CHECK(fetch_command(ground.run.path) == kInconclusive);  // nothing was injected
  CHECK(ground.nothing_left());
  check_operations(ground, "door@n2");
  // What was due after the run is not judged.
  const Record read = read_record(ground.run.path);
  CHECK(read.probes[0].stopped == ended);
  CHECK(read.problems.empty());  // of lines behind the end, too
  CHECK(std::ranges::all_of(std::as_const(read.probes[0].operations), [&](const Operation& o) { return o.scheduled < ended; }));
  CHECK(fetch_command(ground.run.path) == kInconclusive);  // there is nothing more to fetch
}

TEST_CASE("what can't be sent from the node is refused before anything begins, with the node's name and reason", "[vantage]") {
  Ground ground;
  ground.listener.close();
  {
    const auto probe = ground.probe();
    const Error error = error_of([&] { probe->preflight(soon()); });
    CHECK(error.kind() == ErrorKind::unmet);
    CHECK_THAT(error.what(), Catch::Contains("door@n2") && Catch::Contains("from n2") && Catch::Contains("refused"));
  }
  CHECK(ground.nothing_left());
}

TEST_CASE("nobody else on the node can read what it was told", "[vantage]") {
  Ground ground;
  ground.node.write("secret", "hunter2\n");
  ground.cloud.database.host = "127.0.0.1";
  ground.cloud.database.replicas = {{"n2", "127.0.0.1"}};
  ground.cloud.database.password_file = (ground.node.path / "secret").string();
  const auto probe = ground.probe();
  begin(ground, *probe);
  const auto all = fs::perms::group_all | fs::perms::others_all;
  int files = 0;
  for (const auto& entry : fs::directory_iterator(ground.home() + "/vantage")) {
    CHECK((entry.status().permissions() & all) == fs::perms::none);
    for (const char* name : {"database.password", "cloud.yaml", "spec.yaml"}) {
      files += fs::is_regular_file(entry.path() / name);
      CHECK((fs::status(entry.path() / name).permissions() & all) == fs::perms::none);
    }
    CHECK(TextFolder::read(entry.path() / "database.password") == "hunter2\n");
  }
  CHECK(files == 3);
  RecordWriter record(ground.run.path);
  begin_record(record, probe->info());
  probe->stop();
  probe->complete(record);
}

TEST_CASE("between the check and the start nothing is on the node, however the runner ends", "[vantage]") {
  Ground ground;
  const auto probe = ground.probe();
  probe->preflight(soon());
  probe->prepare(soon());
  CHECK(ground.nothing_left());
}

TEST_CASE("a check whose connection breaks leaves nothing on the node, and where it may have is told", "[vantage]") {
  Ground ground;
  ground.way.breaks_after = "blackstart-probe check";
  const Error error = error_of([&] { ground.probe()->preflight(soon()); });
  CHECK(error.kind() == ErrorKind::unreachable);
  CHECK_THAT(error.hint(), Catch::Contains("password") && Catch::Contains("on n2 in " + ground.home() + "/vantage/") &&
                               Catch::Contains("by hand"));
  CHECK(ground.nothing_left());  // the node has seen to it
}

TEST_CASE("a check whose files stay on the node is refused with the folder's name, also when it was good", "[vantage]") {
  Ground ground;
  ground.way.keeps = true;
  const Error error = error_of([&] { ground.probe()->preflight(soon()); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.doing(), Catch::Contains("door@n2 can be sent from n2"));
  CHECK_THAT(error.hint(), Catch::Contains("on n2 in " + ground.home() + "/vantage/") && Catch::Contains("by hand"));
  CHECK_FALSE(ground.nothing_left());
}

TEST_CASE("what a start that failed has left on the node is told, and fetch removes it", "[vantage]") {
  Ground ground;
  const StateFolder state;
  const auto probe = ground.probe();
  probe->preflight(soon());
  probe->keep_in(ground.run.path);
  ground.way.breaks_before = "blackstart-probe serve";
  const Error error = error_of([&] { probe->start(real_clock(), ground.zero, ground.live); });
  CHECK(error.kind() == ErrorKind::unreachable);
  CHECK_THAT(error.what(), Catch::Contains("the way is cut") && Catch::Contains("is left there") &&
                               Catch::Contains(ground.home() + "/vantage/") && Catch::Contains("blackstart fetch"));
  CHECK_FALSE(ground.nothing_left());
  ground.run.write("cloud.yaml", write_cloud(ground.cloud));
  {
    RecordWriter record(ground.run.path);
    RunInfo run;
    run.id = "r1";
    record.run(run);
  }
  CHECK(fetch_command(ground.run.path) == kInconclusive);
  CHECK(ground.nothing_left());
}

TEST_CASE("a probe ends by itself when its lifetime is over, with nobody to ask it to", "[vantage]") {
  Ground ground;
  ground.node.write("p/cloud.yaml", write_cloud(ground.cloud));
  ground.node.write("p/spec.yaml",
                    "{name: door@n2, vantage: n2, lifetime: 1s, most-bytes: 1MiB, probe: {kind: tcp, host: 127.0.0.1, port: " +
                        std::to_string(ground.listener.port) + ", rate: 50/s}}\n");
  const std::string program = (fs::path(BLACKSTART_BINARY).parent_path() / "blackstart-probe").string();
  const fs::path folder = ground.node.path / "p";
  CHECK(run_process({program, "serve", folder.string()}, 20s).ok());
  const VantageAnswer answer = parse_poll("n2", poll_vantage(folder, 0, 1 << 20));
  REQUIRE(answer.state.ended);
  CHECK_FALSE(answer.state.alive);
  REQUIRE(answer.state.ended->planned.size() == 1);
  CHECK(answer.state.ended->planned[0] >= 40);
  CHECK(answer.bytes.size() == 72 * answer.state.ended->planned[0]);
}

TEST_CASE("an answer that is none is refused", "[vantage]") {
  for (const char* answer : {"", "x", "{}\n", "{\"boot\": 7}\n", "[1,2]\nbytes", "null\n"})
    CHECK_THAT(error_of([&] { parse_poll("n2", answer); }).what(), Catch::Contains("vantage point on n2"));
  const auto with = [](const std::string& rate) {
    return "{\"boot\": \"b\", \"now\": 5, " + rate + "\"alive\": true, \"size\": 0, \"started\": null, \"ended\": null}\n";
  };
  CHECK(parse_poll("n2", with("")).state.rate == 0);
  CHECK(parse_poll("n2", with("\"rate\": -0.08, ")).state.rate == -0.08);
  for (const char* rate : {"\"rate\": 7, ", "\"rate\": \"fast\", ", "\"rate\": 1e999, "})
    CHECK_THAT(error_of([&] { parse_poll("n2", with(rate)); }).what(), Catch::Contains("vantage point on n2"));
}

TEST_CASE("what could not be removed from the node is told, and fetch tries it again until it is gone", "[vantage]") {
  Ground ground;
  const StateFolder state;
  {
    RecordWriter record(ground.run.path);
    const auto probe = ground.probe();
    begin(ground, *probe);
    begin_record(record, probe->info());
    REQUIRE(wait_until([&] { return ground.live.count() >= 20; }, soon(), 10ms));
    probe->stop();
    ground.way.cut = true;  // once all is here
    const Error error = error_of([&] { probe->complete(record); });
    CHECK_THAT(error.doing(), Catch::Contains("door@n2 on n2"));
    CHECK_THAT(error.hint(),
               Catch::Contains(ground.home()) && Catch::Contains("password") && Catch::Contains("blackstart fetch"));
    record.finished(real_clock().now() - ground.zero);
  }
  check_operations(ground, "door@n2");
  CHECK_FALSE(ground.nothing_left());
  Cloud away = ground.cloud;
  away.nodes[0].ssh_port = ground.listener.port;  // nobody there speaks SSH
  ground.run.write("cloud.yaml", write_cloud(away));
  const Error error = error_of([&] { fetch_command(ground.run.path); });
  CHECK(exit_code_of(error.kind()) == kInconclusive);
  CHECK_THAT(error.hint(), Catch::Contains("is left there"));
  CHECK_FALSE(ground.nothing_left());
  // A run of before removals were noted asks nobody: its nodes may be long gone.
  const std::string completed = (vantage_path("", "door@n2") / "completed").string();
  const std::string noted = TextFolder::read(ground.run.path / completed);
  ground.run.write(completed, "\n");
  CHECK(fetch_command(ground.run.path) == kInconclusive);
  ground.run.write(completed, noted);
  ground.run.write("cloud.yaml", write_cloud(ground.cloud));
  CHECK(fetch_command(ground.run.path) == kInconclusive);  // nothing was injected
  CHECK(ground.nothing_left());
  check_operations(ground, "door@n2");
  ground.run.write("cloud.yaml", write_cloud(away));
  CHECK(fetch_command(ground.run.path) == kInconclusive);  // and nobody is asked any more
}

TEST_CASE("of a probe that was not started fetch says so, and leaves nothing of it on the node", "[vantage]") {
  Ground ground;
  const StateFolder state;
  {
    RecordWriter record(ground.run.path);
    const auto probe = ground.probe();
    begin(ground, *probe);  // it runs, and nobody came to write that down
    RunInfo run;
    run.id = "r1";
    record.run(run);
    REQUIRE(wait_until([&] { return ground.live.count() >= 20; }, soon(), 10ms));
    ground.way.cut = true;
  }
  CHECK_FALSE(ground.nothing_left());
  ground.run.write("cloud.yaml", write_cloud(ground.cloud));
  CHECK(fetch_command(ground.run.path) == kInconclusive);
  CHECK(ground.nothing_left());
  CHECK(read_record(ground.run.path).probes.empty());
  CHECK(fetch_command(ground.run.path) == kInconclusive);
}

}  // namespace
}  // namespace blackstart
