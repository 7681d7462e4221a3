// What probes that watch redundancy are asked, and when; and that their last word counts.
#include "runner/running_probes.h"

#include <catch2/catch.hpp>

#include "runner/rehearsal.h"
#include "tests/support/certificate.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_nodes.h"
#include "tests/support/folder.h"
#include "tests/support/small_cloud.h"
#include "tests/support/state_folder.h"

namespace blackstart {
namespace {

// What the probes of a test do, and what they were asked.
struct Script {
  FakeClock& clock;
  bool whole = true;
  Duration takes{0};  // of the time that there is to wait
  Duration clean_up_limit{30s};
  std::function<void()> waited{};  // called after each await_redundancy()
  std::vector<Time> since{};       // that await_redundancy() and whole() were asked about
  std::vector<Duration> left{};    // that await_redundancy() had, clean_up() at its begin and end
};

class Scripted final : public Probe {
 public:
  Scripted(std::string name, std::vector<std::string> components, Script& script)
      : name_(std::move(name)), components_(std::move(components)), script_(script) {}
  ProbeInfo info() const override {
    ProbeInfo info;
    info.name = name_;
    info.components = components_;
    return info;
  }
  void preflight(const Deadline&) override {}
  void prepare(const Deadline&) override {}
  Time start(Clock&, Time, OperationSink&) override { return 0s; }
  Stopped stop() override { return {}; }
  std::vector<Redundancy> await_redundancy(Time since, const Deadline& deadline, const std::stop_token&) override {
    script_.since.push_back(since);
    script_.left.push_back(deadline.left());
    script_.clock.advance(std::min(script_.takes, deadline.left()));
    const std::vector<Redundancy> seen{{"nova", script_.whole, "9 of 9 services", 1s, name_}};
    if (script_.waited) script_.waited();
    return seen;
  }
  bool whole(Time since) const override {
    script_.since.push_back(since);
    return script_.whole;
  }
  std::vector<ReplicaSnapshot> snapshots(const Deadline&) override { return {}; }
  void clean_up(const Deadline& deadline) override {
    script_.left.push_back(deadline.left());
    if (script_.waited) script_.waited();
    script_.left.push_back(deadline.left());
  }
  Duration clean_up_limit() const override { return script_.clean_up_limit; }

 private:
  std::string name_;
  std::vector<std::string> components_;
  Script& script_;
};

// A bank, and after it a probe that watches Nova.
struct Rig {
  Rig() {
    std::vector<std::unique_ptr<Probe>> all;
    all.push_back(std::make_unique<Scripted>("bank", std::vector<std::string>{}, bank));
    all.push_back(std::make_unique<Scripted>("whole", std::vector<std::string>{"nova"}, nova));
    probes.take(std::move(all), [](const std::string&) {});
    probes.start();
  }
  Folder folder;
  FakeClock clock;
  RecordWriter record{folder.path / "run"};
  Script bank{clock}, nova{clock};
  RunningProbes probes{clock, clock.now(), record};
};

class ScriptedSettings final : public ProbeSettings {
 public:
  explicit ScriptedSettings(Script& script) : script_(script) {}
  void describe(Fields&) override {}
  std::unique_ptr<Probe> make(const std::string& name, const Cloud&) const override {
    return std::make_unique<Scripted>(name, std::vector<std::string>{"nova"}, script_);
  }

 private:
  Script& script_;
};

// Ends the service of FakeNodes.
class EndOfService final : public TargetFault, public FaultSettings {
 public:
  EndOfService(FakeNodes& nodes, FakeClock& clock) : nodes_(nodes), clock_(clock) {}
  void describe(Fields&) override {}
  std::string summary() const override { return "end of a.service"; }
  std::vector<std::pair<std::string, std::string>> parameters() const override { return {}; }
  std::unique_ptr<TargetFault> make(const Node&, FaultContext) const override {
    return std::make_unique<EndOfService>(nodes_, clock_);
  }
  void preflight(const Deadline&) override {}
  UndoRecord undo_record() const override { return {"service.running", "c1", {{"unit", "a.service"}}}; }
  void stage(const Deadline&) override {}
  void fire(const Deadline&) override {
    nodes_.set("c1", [](auto& machine) { machine.runs = false; });
  }
  std::vector<Evidence> confirm(const Deadline&) override {
    Evidence seen;
    seen.expected = "it ends", seen.observed = "ended", seen.observer = "c1";
    seen.confirmed = true;
    seen.at = clock_.now() + 1s;
    return {seen};
  }

 private:
  FakeNodes& nodes_;
  FakeClock& clock_;
};

// A rehearsal from end to end, of one fault, watched by one probe.
struct Rehearsed {
  Rehearsed() {
    nodes.remote.on("systemctl list-units", answered(""));
    ObjectiveSpec objective{ObjectiveSpec::Kind::redundancy, "whole", "", "", 60, ObjectiveSpec::Recovery::any};
    InjectStep kill;
    kill.id = "kill";
    kill.fault = "test.end";
    kill.settings = std::make_shared<EndOfService>(nodes, clock);
    kill.on.nodes = {"c1"};
    scenario.name = "watched";
    scenario.probes = {{"whole", "redundancy", std::make_shared<ScriptedSettings>(nova)}};
    scenario.steps = {{ScenarioStep::Kind::inject, {kill}, 0s, ""}};
    scenario.objectives = {objective};
  }
  Judged run() {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> nowhere(std::fopen("/dev/null", "w"), &std::fclose);
    Status status(nowhere.get(), real_clock());
    RehearsalInput input{scenario, cloud, nodes.remote, clock, status, {}, [] { return ""; }, state.path / "runs" / "r1", "r1"};
    input.calibration = calibration;
    return rehearse(input);
  }
  StateFolder state;
  Cloud cloud = small_cloud({"c1", "c2", "c3"});
  FakeNodes nodes;
  FakeClock clock;
  Script nova{clock};
  Scenario scenario;
  std::optional<Calibration> calibration;
};

}  // namespace

TEST_CASE("running probes: a clean-up has the time that its probe asks for, until somebody asks to stop") {
  using Durations = std::vector<Duration>;
  Rig rig;
  std::stop_source stop;
  rig.probes.prepare({});
  rig.nova.clean_up_limit = 600s;
  rig.bank.waited = [&] { rig.clock.advance(1s); };
  rig.probes.clean_up(stop.get_token());
  CHECK(rig.bank.left == Durations{30s, 29s});
  CHECK(rig.nova.left == Durations{600s, 600s});
  rig.nova.left.clear();
  rig.nova.waited = [&] { stop.request_stop(); };
  rig.probes.clean_up(stop.get_token());
  CHECK(rig.nova.left == Durations{600s, 0s});
  rig.bank.left.clear(), rig.nova.left.clear();
  rig.probes.clean_up(stop.get_token());
  CHECK(rig.bank.left == Durations{30s, 29s});
  CHECK(rig.nova.left == Durations{30s, 30s});
}

TEST_CASE("redundancy: what is lost again while others recover is not restored") {
  Rehearsed it;
  bool lost = false;
  SECTION("nothing is lost") {}
  SECTION("lost once it was seen whole") {
    lost = true;
    it.nova.waited = [&] { it.nova.whole = false; };
  }
  const Judged judged = it.run();
  INFO(judged.judgement.reasons.at(0));
  CHECK(judged.judgement.verdict == (lost ? Verdict::failed : Verdict::passed));
  REQUIRE(judged.record.redundancy.size() == 1);
  CHECK(judged.record.redundancy[0].restored != lost);
}

TEST_CASE("what is known of the instrument goes into the record, and a certificate of another machine proves nothing") {
  Rehearsed it;
  it.calibration = trace::calibration();
  SECTION("of this machine") {}
  SECTION("of another machine") { it.calibration->machine.id = "another"; }
  const Judged judged = it.run();
  INFO(judged.judgement.reasons.at(0));
  REQUIRE(judged.record.calibration);
  CHECK(judged.record.calibration->machine == it.calibration->machine);
  const bool same = judged.record.calibration->machine == trace::machine();
  CHECK(judged.judgement.verdict == (same ? Verdict::passed : Verdict::inconclusive));
}

TEST_CASE("redundancy: nothing is injected into a cloud that is not whole any more") {
  Rehearsed it;
  it.nova.whole = false;
  const Judged judged = it.run();
  CHECK(judged.judgement.verdict == Verdict::inconclusive);
  CHECK(judged.record.injections.empty());
  REQUIRE_FALSE(judged.record.problems.empty());
  CHECK_THAT(judged.record.problems[0], Catch::Contains("not whole for its hold"));
}

TEST_CASE("redundancy: a probe whose turn comes late is asked since when all have waited", "[redundancy]") {
  Rig it;
  it.bank.takes = 100s;
  it.clock.advance(7s);
  const auto all = it.probes.await_redundancy(5s, Deadline(it.clock, 100s), {});
  REQUIRE(all.size() == 2);
  CHECK(it.nova.since == std::vector<Time>{5s});
  CHECK(it.nova.left == std::vector<Duration>{0s});
}

TEST_CASE("redundancy: the last word of those that watch all the time, without waiting", "[redundancy]") {
  Rig it;
  it.nova.whole = false;
  const auto all = it.probes.watched_redundancy(5s);
  REQUIRE(all.size() == 1);
  CHECK((all[0].probe == "whole" && !all[0].restored));
  CHECK(it.bank.since.empty());
  CHECK(it.nova.since == std::vector<Time>{5s});
  CHECK(it.nova.left == std::vector<Duration>{0s});
}

TEST_CASE("redundancy: nothing is whole before each probe has seen it so", "[redundancy]") {
  Rig it;
  CHECK(it.probes.whole());
  CHECK(it.nova.since == std::vector<Time>{Time(-1)});
  it.nova.whole = false;
  CHECK_FALSE(it.probes.whole());
}

}  // namespace blackstart
