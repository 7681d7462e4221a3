#include "runner/injector.h"

#include <catch2/catch.hpp>
#include <latch>

#include "base/process.h"
#include "runner/dead_man_process.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_nodes.h"
#include "tests/support/small_cloud.h"
#include "tests/support/state_folder.h"

namespace blackstart {
namespace {

using Names = std::vector<std::string>;

// What the test's own fault is told to do, and what it was asked for.
struct Script {
  FakeNodes& nodes;
  FakeClock& clock;
  std::map<std::string, std::string> fails;  // "fire c2" → why
  std::set<std::string> without_effect;
  std::function<void(const std::string& call)> look;  // called at each
  std::mutex mutex = {};
  Names calls = {};
  UndoRecord undo = {"service.running", "", {{"unit", "a.service"}}};
  Duration seen_after = 2s;  // from confirm() on
  bool looks_again = false;

  void called(const std::string& call) {
    const std::lock_guard lock(mutex);
    calls.push_back(call);
    if (look) look(call);
    if (auto why = fails.find(call); why != fails.end()) throw Error(ErrorKind::unreachable, call, why->second);
  }
};

class ScriptedFault final : public TargetFault {
 public:
  ScriptedFault(Script& script, std::string node) : script_(script), node_(std::move(node)) {}
  void preflight(const Deadline&) override { script_.called("preflight " + node_); }
  UndoRecord undo_record() const override {
    UndoRecord undo = script_.undo;
    undo.node = node_;
    return undo;
  }
  void stage(const Deadline&) override { script_.called("stage " + node_); }
  void fire(const Deadline&) override {
    script_.called("fire " + node_);
    script_.nodes.set(node_, [](auto& machine) { machine.runs = false; });
  }
  std::vector<Evidence> confirm(const Deadline&) override {
    script_.called("confirm " + node_);
    Evidence evidence;
    evidence.expected = "it ends";
    evidence.observer = node_;
    evidence.confirmed = script_.without_effect.count(node_) == 0;  // looked at by several threads
    evidence.observed = evidence.confirmed ? "ended" : "runs on";
    if (evidence.confirmed) evidence.at = script_.clock.now() + script_.seen_after;
    return {evidence};
  }
  bool looks_again() const override { return script_.looks_again; }

 private:
  Script& script_;
  std::string node_;
};

class ScriptedSettings final : public FaultSettings {
 public:
  explicit ScriptedSettings(Script& script) : script_(script) {}
  void describe(Fields&) override {}
  std::string summary() const override { return "end of a.service"; }
  std::vector<std::pair<std::string, std::string>> parameters() const override { return {{"unit", "a.service"}}; }
  std::unique_ptr<TargetFault> make(const Node& node, FaultContext) const override {
    return std::make_unique<ScriptedFault>(script_, node.name);
  }

 private:
  Script& script_;
};

Cloud three_nodes() { return small_cloud({"c1", "c2", "c3"}); }

struct Rig {
  StateFolder state;
  std::filesystem::path run = state.path / "runs" / "r1";
  Cloud cloud = three_nodes();
  FakeNodes nodes;
  FakeClock clock;
  Script script{nodes, clock, {}, {}, {}};
  RecordWriter record{run};
  Journal journal{"r1", cloud, run};
  Names said;
  Injector injector{Injector::Context{cloud, nodes.remote, clock, 990s, "r1", journal, record,
                                      [this](const std::string& line) { said.push_back(line); },
                                      [this](const std::string& line) { said.push_back("NOT RECORDED " + line); }}};
  std::vector<std::unique_ptr<InjectStep>> steps;

  Rig() {
    RunInfo info;
    info.id = "r1";
    record.run(info);
  }

  PlannedInjection planned(const std::string& id, const Names& targets) {
    steps.push_back(std::make_unique<InjectStep>());
    steps.back()->id = id;
    steps.back()->fault = "test.end";
    steps.back()->settings = std::make_shared<ScriptedSettings>(script);
    return {steps.back().get(), targets, 90s};
  }
  void inject(const Names& targets = {"c1", "c2"}) { injector.inject({planned("kill", targets)}); }

  Injection recorded(const std::string& id = "kill") {
    for (const Injection& injection : read_record(run).injections)
      if (injection.id == id) return injection;
    FAIL("the record has no injection " + id);
    return {};
  }
  Names open_entries() {
    Names ids;
    for (const OpenJournal& journal_file : open_journals())
      for (const JournalEntry& entry : journal_file.entries)
        if (!entry.undone) ids.push_back(entry.id);
    return ids;
  }
  bool said_something_with(const std::string& part) {
    return std::any_of(said.begin(), said.end(), [&](const std::string& line) { return line.find(part) != std::string::npos; });
  }
};

TEST_CASE("each call is made on all targets before the next begins") {
  Rig rig;
  rig.injector.inject({rig.planned("a", {"c1", "c2"}), rig.planned("b", {"c3"})});
  REQUIRE(rig.script.calls.size() == 12);
  const Names stages = {"preflight", "stage", "fire", "confirm"};
  for (std::size_t i = 0; i < 12; ++i) CHECK(rig.script.calls[i].starts_with(stages[i / 3] + " c"));
}

TEST_CASE("journal and dead-man of every target are there before anything is staged or fired") {
  Rig rig;
  int looked = 0;
  rig.script.look = [&](const std::string& call) {
    if (call.starts_with("preflight")) {
      CHECK(rig.open_entries().empty());
      CHECK_FALSE(rig.nodes.get("c1").armed);
    }
    if (!call.starts_with("stage") && !call.starts_with("fire")) return;
    ++looked;
    CHECK(rig.open_entries() == Names{"r1-1-kill-c1", "r1-2-kill-c2"});
    CHECK((rig.nodes.get("c1").armed && rig.nodes.get("c2").armed));
  };
  rig.inject();
  CHECK(looked == 4);
}

TEST_CASE("the record of an injection has its bracket, its skew and its evidence") {
  Rig rig;
  CHECK(rig.injector.latest_effect() == Time{-1});
  rig.script.look = [&](const std::string& call) {
    if (call.starts_with("fire")) rig.clock.advance(1s);
  };
  rig.inject();
  const Injection injection = rig.recorded();
  CHECK((injection.fault == "test.end" && injection.summary == "end of a.service" && injection.problem.empty()));
  CHECK(injection.targets == Names{"c1", "c2"});
  CHECK(injection.parameters == std::vector<std::pair<std::string, std::string>>{{"unit", "a.service"}, {kJitter, "0s"}});
  CHECK((injection.effect.from >= 10s && injection.effect.from <= 12s));
  CHECK(injection.effect.to == 14s);
  CHECK(injection.skew <= 2s);
  CHECK(rig.injector.latest_effect() == 14s);
  REQUIRE(injection.evidence.size() == 2);
  for (const Evidence& evidence : injection.evidence) {
    CHECK((evidence.stage == "effect" && evidence.confirmed && evidence.target == evidence.observer && evidence.at == 14s));
    CHECK(rig.said_something_with("seen " + evidence.target + ": it ends: ended"));
  }
}

TEST_CASE("injections at the same moment have the jitter of all of them") {
  Rig rig;
  const PlannedInjection a = rig.planned("a", {"c1"}), b = rig.planned("b", {"c2"});
  rig.steps[0]->jitter = 2s;
  rig.steps[1]->jitter = 1500ms;
  rig.injector.inject({a, b});
  for (const char* id : {"a", "b"})
    CHECK(rig.recorded(id).parameters.back() == std::pair<std::string, std::string>{kJitter, "3.5s"});
}

TEST_CASE("a preflight that fails leaves nothing touched") {
  Rig rig;
  rig.script.fails["preflight c2"] = "no such unit";
  const Error error = error_of([&] { rig.inject(); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Catch::Contains("no such unit"));
  CHECK(rig.nodes.remote.calls().empty());
  CHECK(rig.open_entries().empty());
  CHECK_THAT(rig.recorded().problem, Catch::Contains("no such unit"));
  CHECK_FALSE(rig.recorded().effect.known());
  CHECK(rig.injector.undo_all(60s));
  CHECK(rig.nodes.remote.calls().empty());
  CHECK(rig.journal.close());
}

TEST_CASE("a failure at any later stage leaves the journal entries, and undo_all takes everything away") {
  Rig rig;
  std::string what;
  SECTION("the dead-man can't be armed") {
    rig.nodes.set("c2", [](auto& machine) { machine.can_be_armed = false; });
    what = "transient timer";
  }
  SECTION("staging") { rig.script.fails["stage c2"] = what = "no port"; }
  SECTION("firing") { rig.script.fails["fire c2"] = what = "no answer"; }
  SECTION("looking for evidence") { rig.script.fails["confirm c2"] = what = "lost"; }
  const Error error = error_of([&] { rig.inject(); });
  CHECK_THAT(error.what(), Catch::Contains(what));
  CHECK(rig.open_entries() == Names{"r1-1-kill-c1", "r1-2-kill-c2"});
  CHECK_FALSE(rig.journal.close());
  CHECK_THAT(rig.recorded().problem, Catch::Contains(what));
  const bool fired = rig.script.calls.back().starts_with("fire") || rig.script.calls.back().starts_with("confirm");
  CHECK(fired == !rig.nodes.get("c1").runs);
  CHECK(rig.injector.undo_all(60s));
  CHECK(rig.open_entries().empty());
  CHECK((rig.nodes.get("c1").runs && rig.nodes.get("c2").runs));
  CHECK_FALSE(rig.nodes.get("c1").armed);
  CHECK(rig.recorded().undone >= rig.recorded().undo_asked);
  CHECK_THAT(rig.recorded().problem, Catch::Contains(what));
  CHECK(rig.journal.close());
}

TEST_CASE("a journal that can't be written stops before anything is armed") {
  Rig rig;
  const int full = ::open("/dev/full", O_WRONLY);
  REQUIRE(redirect(rig.state.path / "journal" / "r1.jsonl", full));
  ::close(full);
  CHECK_THROWS_AS(rig.inject(), Error);
  CHECK(rig.nodes.remote.calls().empty());
  CHECK(rig.script.calls.size() == 2);  // the preflights
}

TEST_CASE("no effect: it is said as evidence not seen, and the bracket stays open") {
  Rig rig;
  rig.script.without_effect.insert("c2");
  rig.inject();
  const Injection injection = rig.recorded();
  CHECK(injection.problem.empty());
  CHECK_FALSE(injection.effect.known());
  REQUIRE(injection.evidence.size() == 2);
  CHECK(std::count_if(injection.evidence.begin(), injection.evidence.end(), [](const Evidence& e) { return e.confirmed; }) ==
        1);
  CHECK(rig.said_something_with("NOT SEEN c2: it ends: runs on"));
  CHECK(rig.injector.undo_all(60s));
}

TEST_CASE("what was seen before the order is no sign of its effect: when that began is not known, and never negative") {
  Rig rig;
  rig.script.seen_after = -1s;
  rig.inject();
  const Injection injection = rig.recorded();
  CHECK(injection.effect.from == 10s);
  CHECK(injection.effect.to == Time{-1});
  CHECK_FALSE(injection.effect.known());
  CHECK(rig.injector.latest_effect() == 10s);
  CHECK(rig.injector.undo_all(60s));
}

std::vector<Evidence> of_stage(const Injection& injection, const std::string& stage) {
  std::vector<Evidence> found;
  for (const Evidence& evidence : injection.evidence)
    if (evidence.stage == stage) found.push_back(evidence);
  return found;
}

TEST_CASE("an effect that may end early is looked at again, once, just before its undo is asked for") {
  Rig rig;
  rig.script.looks_again = true;
  rig.inject();
  rig.clock.advance(30s);
  rig.script.look = [&](const std::string& call) {
    CHECK(call.starts_with("confirm"));
    CHECK(rig.recorded().undo_asked.count() < 0);
  };
  std::string observed = "ended";
  SECTION("it is there still") {}
  SECTION("it is there no more") {
    rig.script.without_effect.insert("c2");
    observed = "runs on";
  }
  SECTION("the look at it fails") {
    rig.script.fails["confirm c2"] = "no answer";
    observed = "confirm c2: no answer";
  }
  CHECK(rig.injector.undo("kill", 60s));
  CHECK(rig.injector.undo("kill", 60s));
  CHECK(std::count(rig.script.calls.begin(), rig.script.calls.end(), "confirm c2") == 2);
  const auto again = of_stage(rig.recorded(), "hold");
  REQUIRE(again.size() == 2);
  CHECK((again[0].confirmed && again[0].target == "c1" && again[0].expected == "still, just before the undo: it ends"));
  CHECK(again[0].at >= 42s);
  CHECK((again[1].confirmed == (observed == "ended") && again[1].target == "c2"));
  CHECK_THAT(again[1].observed, Catch::Contains(observed));
  CHECK_THAT(again[1].expected, Catch::StartsWith("still, just before the undo: "));
  CHECK(of_stage(rig.recorded(), "effect").size() == 2);
}

TEST_CASE("other effects are not looked at again, and an undo that is wanted at once does not wait for a look") {
  Rig rig;
  std::stop_source stop;
  Injector injector{Injector::Context{rig.cloud, rig.nodes.remote, rig.clock, 990s, "r1", rig.journal, rig.record,
                                      [](const std::string&) {}, [](const std::string&) {}, stop.get_token()}};
  SECTION("others") { injector.inject({rig.planned("kill", {"c1"})}); }
  SECTION("at once") {
    rig.script.looks_again = true;
    injector.inject({rig.planned("kill", {"c1"})});
    stop.request_stop();
  }
  SECTION("at once, as a guard says so") {
    rig.script.looks_again = true;
    injector.inject({rig.planned("kill", {"c1"})});
    injector.hurry();
  }
  CHECK(injector.undo_all(60s));
  CHECK(std::count(rig.script.calls.begin(), rig.script.calls.end(), "confirm c1") == 1);
  CHECK(of_stage(rig.recorded(), "hold").empty());
}

TEST_CASE("undo: it is confirmed, recorded with evidence, and asked for once") {
  Rig rig;
  rig.inject();
  CHECK(rig.injector.undo("kill", 60s));
  const Injection injection = rig.recorded();
  CHECK((injection.undo_asked == 10s && injection.undone >= 10s && injection.undo_problem.empty()));
  CHECK(std::count_if(injection.evidence.begin(), injection.evidence.end(),
                      [](const Evidence& e) { return e.stage == "undo" && e.confirmed; }) == 2);
  CHECK((!rig.nodes.get("c1").armed && !rig.nodes.get("c2").armed));
  const std::size_t calls = rig.nodes.remote.calls().size();
  CHECK(rig.injector.undo("kill", 60s));
  CHECK(rig.injector.undo_all(60s));
  CHECK(rig.injector.undo("nothing-of-this-name", 60s));
  CHECK(rig.nodes.remote.calls().size() == calls);
  CHECK(rig.journal.close());
}

TEST_CASE("undo: what does not come back is undo-pending, never success; later it may be undone after all") {
  Rig rig;
  rig.inject();
  rig.nodes.set("c2", [](auto& machine) { machine.starts = false; });
  CHECK_FALSE(rig.injector.undo("kill", 100s));
  CHECK(rig.open_entries() == Names{"r1-2-kill-c2"});
  CHECK_FALSE(rig.journal.close());
  CHECK(rig.recorded().undone == Time{-1});
  CHECK_THAT(rig.recorded().undo_problem, Catch::StartsWith("c2: "));
  CHECK(rig.nodes.get("c2").armed);  // the dead-man stays: it may be the only one that still can
  CHECK(rig.said_something_with("not undone yet: c2: "));
  const int ordered = rig.nodes.get("c1").starts_ordered;
  rig.nodes.set("c2", [](auto& machine) { machine.starts = true; });
  CHECK(rig.injector.undo_all(60s));
  CHECK(rig.nodes.get("c1").starts_ordered == ordered);
  CHECK(rig.recorded().undo_problem.empty());
  CHECK(rig.recorded().undone >= 110s);
  CHECK(rig.journal.close());
}

TEST_CASE("undo: a node that can't be reached is tried again until the limit, and undone when it is back") {
  Rig rig;
  rig.inject();
  rig.nodes.remote.cut_off("c1");
  rig.clock.on_pause = [&](Duration) {
    if (rig.clock.now() >= 1120s) rig.nodes.remote.reconnect("c1");
  };
  CHECK(rig.injector.undo("kill", 300s));
  CHECK(rig.recorded().undone >= 130s);
  CHECK(rig.recorded().undo_problem.empty());
  CHECK(rig.journal.close());
}

TEST_CASE("undo_all: the last injection is undone first, and one that stays does not keep the others") {
  Rig rig;
  rig.injector.inject({rig.planned("first", {"c1"})});
  rig.injector.inject({rig.planned("second", {"c2"})});
  rig.injector.inject({rig.planned("third", {"c3"})});
  rig.nodes.set("c2", [](auto& machine) { machine.starts = false; });
  CHECK_FALSE(rig.injector.undo_all(10s));
  CHECK(rig.open_entries() == Names{"r1-2-second-c2"});
  CHECK(rig.recorded("third").undone >= 0s);
  CHECK(rig.recorded("first").undone > rig.recorded("third").undone);
  CHECK(rig.recorded("second").undone == Time{-1});
}

TEST_CASE(
    "what the node can't undo alone has its dead-man on this machine: it waits before anything is fired, and goes after the "
    "undo") {
  Rig rig;
  run_checked("making a key", {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", (rig.state.path / "key").string()}, 10s);
  rig.cloud.ssh.key = (rig.state.path / "key").string();
  rig.cloud.ssh.known_hosts = rig.state.write("known_hosts", "").string();
  Journal journal("r2", rig.cloud, rig.run);
  Injector injector(Injector::Context{rig.cloud,
                                      rig.nodes.remote,
                                      rig.clock,
                                      990s,
                                      "r2",
                                      journal,
                                      rig.record,
                                      [](const std::string&) {},
                                      [](const std::string&) {},
                                      {},
                                      BLACKSTART_BINARY});
  const std::filesystem::path effect = rig.state.write("effect", "");
  rig.script.undo = {
      "command.local",
      "",
      {{"undo", "rm -f " + effect.string()}, {"evidence", "test -e " + effect.string()}, {"timeout-ms", "5000"}}};
  int looked = 0;
  rig.script.look = [&](const std::string& call) {
    const bool armed = dead_man_process("r2-1-kill-c1") && dead_man_process("r2-2-kill-c2");
    if (call.starts_with("preflight")) CHECK_FALSE(armed);
    if (!call.starts_with("stage") && !call.starts_with("fire")) return;
    CHECK(armed);
    ++looked;
  };
  injector.inject({rig.planned("kill", {"c1", "c2"})});
  CHECK(looked == 4);
  CHECK(rig.nodes.remote.count("systemd-run") == 0);
  CHECK(injector.undo_all(60s));
  CHECK_FALSE(std::filesystem::exists(effect));
  CHECK((!dead_man_process("r2-1-kill-c1") && !dead_man_process("r2-2-kill-c2")));
  CHECK(read_record(rig.run).problems.empty());
  CHECK(journal.close());
}

TEST_CASE("a rehearsal that is to stop stops between two stages, and what was armed is undone") {
  Rig rig;
  std::stop_source stop;
  Journal journal("r2", rig.cloud, rig.run);
  Injector injector(Injector::Context{rig.cloud, rig.nodes.remote, rig.clock, 990s, "r2", journal, rig.record,
                                      [](const std::string&) {}, [](const std::string&) {}, stop.get_token()});
  const std::string last = GENERATE("preflight c1", "stage c1", "fire c1", "confirm c1");
  rig.script.look = [&](const std::string& call) {
    if (call == last) stop.request_stop();
    CHECK_FALSE(rig.script.calls.size() > 8);
  };
  const Error error = error_of([&] { injector.inject({rig.planned("kill", {"c1", "c2"})}); });
  CHECK_THAT(error.what(), Catch::Contains("the rehearsal is to stop"));
  const std::string stage = last.substr(0, last.find(' '));
  CHECK(rig.script.calls.back().starts_with(stage == "fire" ? "confirm" : stage));
  CHECK(injector.undo_all(60s));
  CHECK((rig.nodes.get("c1").runs && rig.nodes.get("c2").runs && !rig.nodes.get("c1").armed));
  CHECK(journal.close());
}

TEST_CASE("a stage that a stop cuts short is not blamed in the record") {
  Rig rig;
  std::stop_source stop;
  Journal journal("r2", rig.cloud, rig.run);
  Injector injector(Injector::Context{rig.cloud, rig.nodes.remote, rig.clock, 990s, "r2", journal, rig.record,
                                      [](const std::string&) {}, [](const std::string&) {}, stop.get_token()});
  const std::string last = GENERATE("stage c1", "fire c1", "confirm c1");
  rig.script.look = [&](const std::string& call) {
    if (call != last) return;
    stop.request_stop();
    throw Error(ErrorKind::unreachable, "opening an SSH session to c1", "it did not end in time");
  };
  error_of([&] { injector.inject({rig.planned("kill", {"c1"})}); });
  CHECK_THAT(rig.recorded().problem, Catch::Contains("the rehearsal is to stop"));
  CHECK(injector.undo_all(60s));
  CHECK(journal.close());
}

TEST_CASE("undo: a dead-man that fired is a problem of the record: the fault ended earlier than thought") {
  Rig rig;
  rig.inject({"c1"});
  rig.nodes.set("c1", [](auto& machine) { machine.fired = "2026-11-21T07:12:03Z"; });
  CHECK(rig.injector.undo_all(60s));
  const auto problems = read_record(rig.run).problems;
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0], Catch::Contains("kill on c1: the dead-man undid it") && Catch::Contains("2026-11-21T07:12:03Z"));
}

TEST_CASE("undo: neither a record nor a journal that can't be written keeps it from being done") {
  Rig rig;
  rig.inject();
  const int full = ::open("/dev/full", O_WRONLY);
  SECTION("the record") { REQUIRE(redirect(rig.run / "events.jsonl", full)); }
  SECTION("the journal") { REQUIRE(redirect(rig.state.path / "journal" / "r1.jsonl", full)); }
  SECTION("both") {
    REQUIRE(redirect(rig.run / "events.jsonl", full));
    REQUIRE(redirect(rig.state.path / "journal" / "r1.jsonl", full));
  }
  ::close(full);
  CHECK(rig.injector.undo_all(60s));
  CHECK((rig.nodes.get("c1").runs && rig.nodes.get("c2").runs));
  CHECK_FALSE(rig.nodes.get("c1").armed);
  CHECK(rig.said_something_with("NOT RECORDED"));
}

TEST_CASE("a record that can't be written stops an injection, and what was armed is undone") {
  Rig rig;
  const int full = ::open("/dev/full", O_WRONLY);
  REQUIRE(redirect(rig.run / "events.jsonl", full));
  ::close(full);
  CHECK_THROWS_AS(rig.inject(), Error);
  CHECK(std::none_of(rig.script.calls.begin(), rig.script.calls.end(),
                     [](const std::string& call) { return call.starts_with("fire"); }));
  CHECK(rig.injector.undo_all(60s));
  CHECK(rig.open_entries().empty());
}

TEST_CASE("work at the same time is at the same time, and each trouble is told at its place") {
  std::latch all(4);
  const Names problems = at_the_same_time(4, [&](std::size_t i) {
    all.arrive_and_wait();
    if (i == 2) throw std::runtime_error("two");
  });
  CHECK(problems == Names{"", "", "two", ""});
  CHECK(at_the_same_time(0, [](std::size_t) { FAIL("nothing to do"); }).empty());
}

}  // namespace
}  // namespace blackstart
