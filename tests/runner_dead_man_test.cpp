// The dead-man on the runner's machine: what it does, with a clock that is cranked by hand; and the process that it is, with
// the program itself.
#include "runner/dead_man_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/process.h"
#include "lab/tcp_socket.h"
#include "runner/state.h"
#include "tests/support/error_of.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_nodes.h"
#include "tests/support/small_cloud.h"
#include "tests/support/state_folder.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

JournalEntry entry(const std::string& id) { return {id, "stop", {"service.running", "c1", {{"unit", "a.service"}}}, false}; }

struct Watching {
  StateFolder state;
  Cloud cloud = small_cloud({"c1"});
  FakeNodes nodes;
  FakeClock clock;
  Journal journal{"r1", cloud, state.path / "runs" / "r1"};
  std::stop_source hurry;
  Names said;

  Watching() { journal.arm(entry("r1-1-stop-c1")); }
  int watch(Duration after = 60s, const std::string& id = "r1-1-stop-c1") {
    return keep_watch(journal.file(), id, after, {nodes.remote, clock, cloud}, hurry.get_token(),
                      [this](const std::string& line) { said.push_back(line); });
  }
  JournalEntry now() const { return read_journal(journal.file()).entries.at(0); }
};

TEST_CASE("dead-man process: it undoes when its time has come, not before, and writes it down") {
  Watching watching;
  watching.nodes.set("c1", [](auto& machine) { machine.runs = false; });
  watching.clock.on_pause = [&](Duration) {
    if (watching.clock.now() < 1060s) CHECK_FALSE(watching.nodes.get("c1").runs);
  };
  CHECK(watching.watch() == kPassed);
  CHECK(watching.nodes.get("c1").runs);
  CHECK(watching.clock.now() >= 1060s);
  CHECK(watching.clock.now() < 1070s);
  CHECK((watching.now().undone && watching.now().fired.size() == 24 && watching.now().fired.ends_with("Z")));
}

TEST_CASE("dead-man process: it ends within a second when somebody else has undone it, and touches nothing") {
  Watching watching;
  watching.clock.on_pause = [&](Duration) {
    if (watching.clock.now() >= 1010s && !watching.now().undone) watching.journal.undone("r1-1-stop-c1");
  };
  CHECK(watching.watch() == kPassed);
  CHECK(watching.clock.now() <= 1011s);
  CHECK(watching.nodes.remote.calls().empty());
  CHECK(watching.now().fired.empty());
}

TEST_CASE("dead-man process: what is undone for another entry is no reason to end") {
  Watching watching;
  watching.journal.arm(entry("r1-2-stop-c1"));
  watching.journal.undone("r1-2-stop-c1");
  watching.nodes.set("c1", [](auto& machine) { machine.runs = false; });
  CHECK(watching.watch() == kPassed);
  CHECK(watching.nodes.get("c1").runs);
}

TEST_CASE("dead-man process: it ends when the journal is gone") {
  Watching watching;
  watching.clock.on_pause = [&](Duration) { fs::remove(watching.journal.file()); };
  CHECK(watching.watch() == kPassed);
  CHECK(watching.clock.now() <= 1001s);
  CHECK(watching.nodes.remote.calls().empty());
}

TEST_CASE("dead-man process: a journal that can't be read for a while is no reason to end") {
  Watching watching;
  const std::string text = TextFolder::read(watching.journal.file());
  bool damaged = false;
  watching.clock.on_pause = [&](Duration) {
    if (!damaged) watching.state.write("journal/r1.jsonl", "torn\nto\npieces\n");
    if (damaged && watching.clock.now() > 1030s) watching.state.write("journal/r1.jsonl", text);
    damaged = true;
  };
  watching.nodes.set("c1", [](auto& machine) { machine.runs = false; });
  CHECK(watching.watch() == kPassed);
  CHECK(watching.nodes.get("c1").runs);
  CHECK_THAT(watching.said.front(), Catch::Contains("it does not begin as a journal does"));
}

TEST_CASE("dead-man process: an undo that fails is tried again, for ten minutes at most") {
  Watching watching;
  watching.nodes.set("c1", [](auto& machine) { machine.runs = false; });
  watching.nodes.remote.cut_off("c1");
  SECTION("the node comes back") {
    watching.clock.on_pause = [&](Duration) {
      if (watching.clock.now() >= 1300s) watching.nodes.remote.reconnect("c1");
    };
    CHECK(watching.watch() == kPassed);
    CHECK(watching.nodes.get("c1").runs);
    CHECK(watching.now().undone);
  }
  SECTION("somebody else undoes it meanwhile") {
    watching.clock.on_pause = [&](Duration) {
      if (watching.clock.now() >= 1200s && !watching.now().undone) watching.journal.undone("r1-1-stop-c1");
    };
    CHECK(watching.watch() == kPassed);
    CHECK(watching.clock.now() < 1260s);
    CHECK(watching.now().fired.empty());
  }
  SECTION("it stays away") {
    CHECK(watching.watch() == kUndoPending);
    CHECK((watching.clock.now() >= 1660s && watching.clock.now() < 1720s));
    CHECK_FALSE(watching.now().undone);
    CHECK_THAT(watching.said.back(), Catch::Contains("blackstart recover"));
  }
}

TEST_CASE("dead-man process: told to end, it undoes at once instead") {
  Watching watching;
  watching.nodes.set("c1", [](auto& machine) { machine.runs = false; });
  watching.clock.on_pause = [&](Duration) { watching.hurry.request_stop(); };
  CHECK(watching.watch() == kPassed);
  CHECK(watching.nodes.get("c1").runs);
  CHECK(watching.clock.now() < 1010s);
}

TEST_CASE("dead-man process: an entry that is not in the journal is an error") {
  Watching watching;
  const Error error = error_of([&] { watching.watch(60s, "another"); });
  CHECK(error.kind() == ErrorKind::bad_file);
  CHECK_THAT(error.what(), Catch::Contains("it has no entry another"));
}

// --- the process itself; its node answers at no port, so that nothing is ever undone here ---

struct Armed {
  StateFolder state;
  Cloud cloud = small_cloud({"c1"});
  const std::string id = "r1-1-stop-c1";
  fs::path log = state.path / "dead-man" / (id + ".log");
  std::optional<Journal> journal;

  Armed() {
    run_checked("making a key", {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", (state.path / "key").string()}, 10s);
    cloud.nodes[0].address = "127.0.0.1";
    cloud.nodes[0].ssh_port = 1;
    cloud.ssh.key = (state.path / "key").string();
    cloud.ssh.known_hosts = state.write("known_hosts", "").string();
    journal.emplace("r1", cloud, state.path / "runs" / "r1");
    journal->arm(entry(id));
  }
  ~Armed() {
    if (const auto process = dead_man_process(id)) ::kill(*process, SIGKILL);
  }
  void start(Duration after = 60s, const fs::path& program = BLACKSTART_BINARY) {
    start_dead_man_process(program, journal->file(), id, after, Deadline(real_clock(), 10s));
  }
  bool ends_within(Duration length) {
    return wait_until([&] { return !dead_man_process(id); }, Deadline(real_clock(), length), 10ms);
  }
};

TEST_CASE("the process is detached from whoever started it") {
  Armed armed;
  CHECK_FALSE(dead_man_process(armed.id));
  const Descriptor ours(::open("/dev/zero", O_RDONLY));  // stays open in a child that does not see to it
  armed.start();
  const auto process = dead_man_process(armed.id);
  REQUIRE(process);
  CHECK(::getsid(*process) != ::getsid(0));
  CHECK(::getpgid(*process) != ::getpgid(0));
  const fs::path files = "/proc/" + std::to_string(*process) + "/fd";
  const auto leads_to = [&](const fs::path& link) {
    std::error_code gone;  // it opens and closes files of its own meanwhile
    return fs::read_symlink(link, gone).string();
  };
  CHECK(leads_to(files / "0") == "/dev/null");
  CHECK(leads_to(files / "2") == armed.log);
  CHECK(wait_until([&] { return leads_to(files / "1") == armed.log; }, Deadline(real_clock(), 5s), 10ms));
  for (const auto& each : fs::directory_iterator(files)) CHECK(leads_to(each) != "/dev/zero");
  CHECK(::waitpid(*process, nullptr, WNOHANG) == -1);  // no child of ours
  CHECK_THAT(TextFolder::read(armed.log), Catch::Contains("waits for 1min"));
}

TEST_CASE("the process ends within a second when its entry is undone, and its file goes") {
  Armed armed;
  armed.start();
  armed.journal->undone(armed.id);
  CHECK(armed.ends_within(1s));
  settle_dead_man(entry("another"), real_clock());
  CHECK(fs::exists(armed.log));
  settle_dead_man(entry(armed.id), real_clock());
  CHECK_FALSE(fs::exists(armed.log));
}

TEST_CASE("the process ends within a second when the journal is gone") {
  Armed armed;
  armed.start();
  fs::remove(armed.journal->file());
  CHECK(armed.ends_within(1s));
}

TEST_CASE("a process that does not end by itself is ended by force") {
  Armed armed;
  armed.start();
  end_dead_man_process(armed.id, Deadline(real_clock(), 50ms));
  CHECK(armed.ends_within(1s));
  CHECK_FALSE(fs::exists(armed.log));
}

TEST_CASE("SIGTERM makes the process undo at once; it does not leave before it has") {
  Armed armed;
  armed.start();
  ::kill(*dead_man_process(armed.id), SIGTERM);
  CHECK(
      wait_until([&] { return TextFolder::read(armed.log).find("nobody has undone stop on c1 in time") != std::string::npos; },
                 Deadline(real_clock(), 5s), 10ms));
  CHECK(dead_man_process(armed.id));
  armed.journal->undone(armed.id);
  CHECK(armed.ends_within(5s));
}

// --- with an effect on this machine: a file, which the user's own command takes away ---

struct LocalEffect : Armed {
  const fs::path effect = state.path / "effect";
  const JournalEntry local{
      "r1-2-touch-c1",
      "touch",
      {"command.local",
       "c1",
       {{"undo", "rm -f " + effect.string()}, {"evidence", "test -e " + effect.string()}, {"timeout-ms", "5000"}}},
      false};
  FakeNodes nodes;

  LocalEffect() {
    journal->arm(local);
    state.write("effect", "");
  }
  void start_local(Duration after) {
    start_dead_man_process(BLACKSTART_BINARY, journal->file(), local.id, after, Deadline(real_clock(), 10s));
  }
  Undone undo() { return undo_entry(journal->file(), local, {nodes.remote, real_clock(), cloud}, Deadline(real_clock(), 10s)); }
};

TEST_CASE("the process undoes, writes it down and ends; whoever undoes later is told") {
  LocalEffect effect;
  effect.start_local(300ms);
  CHECK(wait_until([&] { return !dead_man_process(effect.local.id); }, Deadline(real_clock(), 10s), 10ms));
  CHECK_FALSE(fs::exists(effect.effect));
  const JournalEntry now = read_journal(effect.journal->file()).entries.at(1);
  CHECK((now.undone && !now.fired.empty()));
  const Undone undone = effect.undo();
  CHECK(undone.problem.empty());
  CHECK(undone.dead_man == "the dead-man undid it at " + now.fired);
  CHECK(effect.nodes.remote.calls().empty());  // the node is not asked: it may be off
}

TEST_CASE("undone in time: the process goes, and there is nothing to tell of it") {
  LocalEffect effect;
  effect.start_local(60s);
  const Undone undone = effect.undo();
  CHECK((undone.problem.empty() && undone.dead_man.empty()));
  CHECK_FALSE(fs::exists(effect.effect));
  effect.journal->undone(effect.local.id);
  settle_dead_man(effect.local, real_clock());
  CHECK_FALSE(dead_man_process(effect.local.id));
  CHECK_FALSE(fs::exists(effect.state.path / "dead-man" / (effect.local.id + ".log")));
}

TEST_CASE("an undo whose dead-man is not there says so, and one that fails says that instead") {
  LocalEffect effect;
  CHECK_THAT(effect.undo().dead_man, Catch::Contains("the dead-man did not run when the undo began"));
  JournalEntry stuck = effect.local;
  stuck.undo.facts["evidence"] = "true";
  const Undone undone =
      undo_entry(effect.journal->file(), stuck, {effect.nodes.remote, real_clock(), effect.cloud}, Deadline(real_clock(), 1s));
  CHECK_FALSE(undone.problem.empty());
  CHECK(undone.dead_man.empty());
}

TEST_CASE("a process that can't do its work is not taken for one that waits") {
  Armed armed;
  auto refusal = [&](const fs::path& program) { return error_of([&] { armed.start(60s, program); }); };
  SECTION("no way to the nodes") {
    fs::remove(armed.state.path / "key");
    CHECK_THAT(refusal(BLACKSTART_BINARY).what(), Catch::Contains(armed.id) && Catch::Contains("key"));
  }
  SECTION("another program") { CHECK_THAT(refusal("/bin/true").what(), Catch::Contains("did not say that it waits")); }
  SECTION("no program") { CHECK_THAT(refusal("/nowhere").what(), Catch::Contains("could not be started")); }
  SECTION("one that claims it") { CHECK(refusal("/bin/echo").kind() == ErrorKind::unmet); }
  CHECK_FALSE(fs::exists(armed.log));
}

}  // namespace
}  // namespace blackstart
