// The command line as a user meets it: exit codes and messages; nothing here needs a cloud.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/process.h"
#include "runner/journal.h"
#include "runner/state.h"
#include "tests/support/small_cloud.h"
#include "tests/support/state_folder.h"
#include "tests/support/text_folder.h"

using namespace blackstart;
namespace fs = std::filesystem;

namespace {

struct Place : TextFolder {
  ProcessResult run(std::vector<std::string> arguments, const std::vector<std::string>& environment = {}) const {
    arguments.insert(arguments.begin(), BLACKSTART_BINARY);
    ProcessOptions options;
    options.extra_environment = environment;
    options.extra_environment.push_back("BLACKSTART_STATE=" + (path / "state").string());
    return run_process(arguments, 30s, options);
  }
};

const char* const kSmoke = BLACKSTART_SOURCE_DIR "/scenarios/smoke/writer-kill.yaml";

}  // namespace

TEST_CASE("a wrong command line is told with a hint, exit code 64") {
  Place place;
  struct Wrong {
    std::vector<std::string> arguments;
    const char* message;
  };
  const auto wrong = GENERATE(
      Wrong{{}, "subcommand"}, Wrong{{"rn"}, "did you mean 'run'"}, Wrong{{"run"}, "scenario"},
      Wrong{{"run", kSmoke, "--repeat", "0"}, "0"}, Wrong{{"run", kSmoke, "--sed", "3"}, "--sed"},
      Wrong{{"schema", "clod"}, "did you mean 'cloud'"}, Wrong{{"faults", "service.kil"}, "did you mean 'service.kill'"},
      Wrong{{"probes", "leger"}, "did you mean 'ledger'"}, Wrong{{"halt", "x"}, "reason"}, Wrong{{"lab"}, "subcommand"});
  const auto result = place.run(wrong.arguments);
  CHECK(result.exit_code == 64);
  CHECK_THAT(result.err, Catch::Contains(wrong.message));
  CHECK(result.out.empty());
}

TEST_CASE("a wrong file is told with its place, exit code 65") {
  Place place;
  CHECK(place.run({"check", (place.path / "none.yaml").string()}).exit_code == 65);
  const auto neither = place.run({"check", place.write("x.yaml", "what: is this\n").string()});
  CHECK(neither.exit_code == 65);
  CHECK_THAT(neither.err, Catch::Contains("x.yaml:1:1: this is no cloud, scenario, lab or defect file"));
  const auto both = place.run({"check", kSmoke, place.write("y.yaml", "cloud: a\nsites: 3\n").string()});
  CHECK(both.exit_code == 65);
  CHECK_THAT(both.out, Catch::Contains("writer-kill.yaml: good"));
  CHECK_THAT(both.err, Catch::Contains("y.yaml:2:8: 'sites' must be a list"));
  CHECK(place.run({"run", kSmoke, "--cloud", (place.path / "none.yaml").string()}).exit_code == 65);
  CHECK(place.run({"judge", place.path.string()}).exit_code == 65);
}

TEST_CASE("a repeated scenario without jitter is good, with a warning") {
  Place place;
  std::string text = Place::read(kSmoke);
  text.erase(text.find(", jitter: 2s"), std::string(", jitter: 2s").size());
  const auto once = place.run({"check", place.write("once.yaml", text).string()});
  CHECK((once.exit_code == 0 && once.err.empty()));
  const auto thrice = place.run({"check", place.write("thrice.yaml", text + "\nrepeat: 3\n").string()});
  CHECK(thrice.exit_code == 0);
  CHECK_THAT(thrice.out, Catch::Contains("thrice.yaml: good"));
  CHECK_THAT(thrice.err, Catch::Contains("thrice.yaml: warning: 'kill-writer' comes at the same moment of each repetition"));
  CHECK(place.run({"check", place.write("jitter.yaml", Place::read(kSmoke) + "\nrepeat: 3\n").string()}).err.empty());
}

TEST_CASE("an objective on connections that nobody need answer is good, with a warning") {
  Place place;
  const auto checked = [&](const std::string& banner, const std::string& probe) {
    return place.run({"check", place
                                   .write("s.yaml",
                                          "scenario: s\nclaim: c\nprobes:\n"
                                          "  ssh: {kind: tcp, host: 10.0.0.1, port: 22" +
                                              banner +
                                              "}\n"
                                              "  web: {kind: http, url: \"http://10.0.0.1/\"}\n"
                                              "steps:\n  - inject: {id: a, fault: power.off, on: {nodes: [c1]}}\n"
                                              "objectives:\n  - rto: {probe: " +
                                              probe + ", at-most: 5s}\n")
                                   .string()});
  };
  const auto open = checked("", "ssh");
  CHECK(open.exit_code == 0);
  CHECK_THAT(open.err, Catch::Contains("s.yaml: warning: the probe 'ssh', which an objective is on, has no 'banner'"));
  const auto greets = checked(", banner: SSH-2.0-", "ssh"), other = checked("", "web");
  CHECK((greets.exit_code == 0 && greets.err.empty()));
  CHECK((other.exit_code == 0 && other.err.empty()));
}

TEST_CASE("without libvirt all works that needs no lab, and a lab's commands say what is missing") {
  Place place;
  place.write("libvirt.so.0", "");  // found first, and no library
  const std::vector<std::string> environment = {"LD_LIBRARY_PATH=" + place.path.string()};
  CHECK(place.run({"check", kSmoke}, environment).exit_code == 0);
  const auto result = place.run({"lab", "down", BLACKSTART_SOURCE_DIR "/lab/three-sites.yaml"}, environment);
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.err, Catch::Contains("loading libvirt") && Catch::Contains("lab/prepare-host lab"));
}

TEST_CASE("what standard output does not take is told, and such a command has not passed") {
  const auto shell = [](const std::string& command) { return run_process({"sh", "-c", command, BLACKSTART_BINARY}, 30s); };
  for (const char* command : {"schema cloud", "faults", "probes", "--help", "check "}) {
    CAPTURE(command);
    const std::string line = "\"$0\" " + std::string(command) + (command == std::string("check ") ? kSmoke : "");
    const auto full = shell(line + " > /dev/full");
    CHECK(full.exit_code == 70);
    CHECK_THAT(full.err, Catch::Contains("writing to standard output: "));
    CHECK(shell(line + " >&-").exit_code == 70);
    const auto piped = shell("{ sleep 0.3; " + line + "; echo \"code $?\" >&2; } | true");
    CHECK(piped.err == "code 0\n");
  }
  CHECK(shell("\"$0\" check /no/such.yaml >&-").exit_code == 65);
  const auto graver = shell("\"$0\" check " + std::string(kSmoke) + " /no/such.yaml > /dev/full");
  CHECK(graver.exit_code == 65);
  CHECK_THAT(graver.err, Catch::Contains("writing to standard output"));
}

TEST_CASE("schemas are JSON, and every file of ours is good") {
  Place place;
  for (const char* kind : {"cloud", "scenario", "lab", "defect"}) {
    const auto result = place.run({"schema", kind});
    CHECK(result.exit_code == 0);
    CHECK(nlohmann::json::parse(result.out).at("$schema") == "http://json-schema.org/draft-07/schema#");
  }
  for (const char* folder : {"scenarios", "lab", "tests/rehearsal"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(BLACKSTART_SOURCE_DIR) / folder))
      // Under lab/services there are templates of nodes' own files.
      if (entry.path().extension() == ".yaml" && entry.path().string().find("/services/") == std::string::npos) {
        INFO(entry.path());
        CHECK(place.run({"check", entry.path().string()}).exit_code == 0);
      }
}

TEST_CASE("each fault and probe describes itself") {
  Place place;
  const auto list = place.run({"faults"});
  CHECK(list.exit_code == 0);
  std::istringstream lines(list.out);
  std::string family;
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    if (!line.starts_with("  ")) {
      family = line;
      continue;
    }
    const std::string name = line.substr(2, line.find(' ', 2) - 2);
    CHECK((name == family || name.starts_with(family + ".")));
    const std::string text = place.run({"faults", name}).out;
    for (const char* part : {"hits: ", "established connections: ", "evidence: ", "undo: ", "needs: ", "parameters:\n"})
      CHECK_THAT(text, Catch::Contains(part));
    ++count;
  }
  CHECK(count >= 3);
  CHECK_THAT(place.run({"probes"}).out, Catch::StartsWith("ledger "));
  CHECK_THAT(place.run({"probes", "ledger"}).out, Catch::Contains("parameters:"));
}

TEST_CASE("the page of the faults is the one that the program prints: blackstart faults --markdown > docs/fault-catalogue.md") {
  Place place;
  CHECK(place.run({"faults", "--markdown"}).out == TextFolder::read(BLACKSTART_SOURCE_DIR "/docs/fault-catalogue.md"));
}

TEST_CASE("with nothing left behind, recover and status say so") {
  Place place;
  CHECK_THAT(place.run({"recover"}).out, Catch::Contains("nothing to recover"));
  CHECK_THAT(place.run({"status"}).out, Catch::Contains("nothing runs, nothing is halted, nothing is left to undo"));
  CHECK(place.run({"halt", "north", "the quarter closes"}).exit_code == 0);
  CHECK_THAT(place.run({"status"}).out, Catch::Contains("cloud north: halted: the quarter closes"));
  CHECK_THAT(place.run({"resume", "north"}).out, Catch::Contains("lifted"));
  CHECK_THAT(place.run({"resume", "north"}).out, Catch::Contains("was not halted"));
}

namespace {

// What a run that died has left: an entry that is open, and one that this version can't undo.
struct Left : StateFolder {
  Journal journal{"r1", small_cloud({"c1"}), path / "runs" / "r1"};
  Left() {
    journal.arm({"r1-1-stop-c1",
                 "stop",
                 {"service.running", "c1", {{"unit", "a.service"}}},
                 false,
                 "2026-11-21T07:12:03Z",
                 "2026-11-21T07:14:03Z"});
    journal.arm({"r1-2-odd-c1", "odd", {"no.such", "c1", {}}, false});
    journal.arm({"r1-3-past-c1", "past", {"no.such", "c1", {}}, false});
    journal.undone("r1-3-past-c1");
  }
  ProcessResult run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), BLACKSTART_BINARY);
    return run_process(arguments, 30s);
  }
};

}  // namespace

TEST_CASE("status tells what is open: what, where, since when, the dead-man's time, and what to do") {
  const Left left;
  const std::string text = left.run({"status"}).out;
  for (const char* part : {"cloud lab: run r1 has ended and left behind:",
                           "stop on c1 since 2026-11-21T07:12:03Z: not yet confirmed: the service is active",
                           "service.running: unit a.service", "dead-man: a timer on c1, was due at 2026-11-21T07:14:03Z",
                           "odd on c1: this version knows no undo no.such", "now: blackstart recover --run r1"})
    CHECK_THAT(text, Catch::Contains(part));
  CHECK_THAT(text, !Catch::Contains("past"));
  const Lease lease("lab", "a test");
  const std::string alive = left.run({"status"}).out;
  CHECK_THAT(alive, Catch::Contains("run r1 still goes on") && !Catch::Contains("recover"));
}

TEST_CASE("recover leaves alone what it was not asked for, and says so") {
  const Left left;
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"recover", "north"}, {"recover", "--run", "r2"}, {"recover", "north", "--run", "r1"}}) {
    const auto result = left.run(arguments);
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out, Catch::Contains("nothing to recover") && Catch::Contains("left alone: run r1"));
    CHECK(open_journals().size() == 1);
  }
}

namespace {

// All of it is undone; only the run's folder makes trouble.
struct AllUndone : StateFolder {
  fs::path run_folder = path / "runs" / "r1";
  AllUndone() {
    fs::create_directories(run_folder);
    Journal journal("r1", small_cloud({"c1"}), run_folder);
    journal.arm({"r1-1-past-c1", "past", {"no.such", "c1", {}}, false});
    mark_undone(read_journal(journal.file()), "r1-1-past-c1");
  }
  ProcessResult recover() const { return run_process({BLACKSTART_BINARY, "recover"}, 30s); }
};

}  // namespace

TEST_CASE("recover ends although the run's record can't be read: nothing is left to undo, and that is told") {
  const AllUndone undone;
  undone.write("runs/r1/events.jsonl", GENERATE(as<std::string>(), "", std::string(4096, '\0')));
  const auto result = undone.recover();
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.out, Catch::Contains("the run's record could not be told") && Catch::Contains("events.jsonl") &&
                             Catch::Contains("nothing is left to undo") && !Catch::Contains("pending"));
  CHECK(open_journals().empty());
  CHECK(read_journal(undone.run_folder / "journal.jsonl").entries.size() == 1);
  CHECK(undone.recover().exit_code == 0);
}

TEST_CASE("recover never takes a damaged line of the journal for one that was not carried out") {
  const AllUndone undone;
  const fs::path file = journal_files().at(0);
  std::ofstream(file, std::ios::app) << "\n{\"type\" \"armed\"}\n";
  const auto result = undone.recover();
  CHECK(result.exit_code == 3);
  CHECK_THAT(result.out, Catch::Contains("can't be read, and may be of something that is not undone") &&
                             !Catch::Contains("nothing is left"));
  CHECK(fs::exists(file));
  CHECK_THAT(run_process({BLACKSTART_BINARY, "status"}, 30s).out, Catch::Contains("can't be read"));
}

TEST_CASE("recover ends although the journal can't be copied into the run's folder") {
  const AllUndone undone;
  fs::create_directories(undone.run_folder / "journal.jsonl" / "in the way");
  const auto result = undone.recover();
  CHECK(result.exit_code == 2);
  CHECK_THAT(result.out, Catch::Contains("without a copy in the run folder") && Catch::Contains("nothing is left to undo"));
  CHECK(open_journals().empty());
  CHECK_FALSE(fs::exists(undone.run_folder / "journal.jsonl.new"));
  CHECK(undone.recover().exit_code == 0);
}

TEST_CASE("halt tells who stops, or that nothing does: the name may be wrong, or the user") {
  const StateFolder state;
  const auto halt = [](const std::string& cloud) { return run_process({BLACKSTART_BINARY, "halt", cloud, "a fire"}, 30s); };
  const auto nothing = halt("norht");
  CHECK(nothing.exit_code == 0);
  CHECK_THAT(nothing.out, Catch::Contains("NOTHING WAS STOPPED: no rehearsal of cloud norht runs in the state folder " +
                                          state.path.string()) &&
                              Catch::Contains("another user") && !Catch::Contains("is the name right"));
  CHECK(halt_reason("norht") == "a fire");
  const Lease lease("north", "process 7 with scenario s");
  CHECK_THAT(halt("norht").out, Catch::Contains("is the name right? cloud north is in use by process 7 with scenario s"));
  const std::string stopped = halt("north").out;
  CHECK_THAT(stopped, Catch::Contains("cloud north is halted: process 7 with scenario s stops and undoes") &&
                          !Catch::Contains("NOTHING"));
  const Lease other("south", "blackstart recover");
  CHECK_THAT(halt("south").out, Catch::Contains("no rehearsal runs there; 'blackstart recover' does, and goes on"));
}

TEST_CASE("halt takes a reason without quotes: whoever needs it is in a hurry") {
  const StateFolder state;
  CHECK(run_process({BLACKSTART_BINARY, "halt", "north", "broken", "network"}, 30s).exit_code == 0);
  CHECK(halt_reason("north") == "broken network");
}

TEST_CASE("halt and resume take no path for a cloud's name") {
  const StateFolder state;
  for (const char* name : {"../escape", ".hidden", ""}) {
    CAPTURE(name);
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"halt", name, "x"}, {"resume", name}}) {
      std::vector<std::string> arguments = command;
      arguments.insert(arguments.begin(), BLACKSTART_BINARY);
      const auto result = run_process(arguments, 30s);
      CHECK(result.exit_code == 64);
      CHECK_THAT(result.err, Catch::Contains("is no name of a cloud"));
    }
  }
  CHECK(fs::is_empty(state.path));
}
