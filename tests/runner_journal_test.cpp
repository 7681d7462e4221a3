#include "runner/journal.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "runner/state.h"
#include "tests/support/error_of.h"
#include "tests/support/state_folder.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

struct Place : StateFolder {
  fs::path run = path / "runs" / "r1";
  fs::path file = path / "journal" / "r1.jsonl";
  Place() { fs::create_directories(run); }
};

Cloud lab(const std::string& name = "lab") {
  Cloud cloud;
  cloud.name = name;
  cloud.sites.push_back({"dc1", ""});
  Node node;
  node.name = "c1";
  node.site = "dc1";
  node.address = "198.18.10.11";
  cloud.nodes.push_back(node);
  cloud.ssh.key = "/lab/key";
  cloud.ssh.known_hosts = "/lab/known_hosts";
  return cloud;
}

JournalEntry entry(const std::string& id) {
  return {id, "kill", {"service.running", "c1", {{"unit", "mariadb.service"}, {"odd", "\"quotes\"\nand a line"}}}, false};
}

std::vector<std::string> open_ids(const OpenJournal& journal) {
  std::vector<std::string> ids;
  for (const auto& each : journal.entries)
    if (!each.undone) ids.push_back(each.id);
  return ids;
}

TEST_CASE("what was armed is found in the journal, with the way to the node") {
  Place place;
  Journal journal("r1", lab(), place.run);
  journal.arm(entry("a"));
  journal.arm(entry("b"));
  journal.undone("a");
  const auto found = open_journals();
  REQUIRE(found.size() == 1);
  CHECK(found[0].file == place.file);
  CHECK(found[0].run == "r1");
  CHECK(found[0].run_folder == place.run);
  CHECK(found[0].torn_lines == 0);
  CHECK(found[0].cloud.name == "lab");
  CHECK(found[0].cloud.nodes.at(0).address == "198.18.10.11");
  CHECK(found[0].cloud.ssh.key == "/lab/key");
  REQUIRE(found[0].entries.size() == 2);
  CHECK(found[0].entries[0].undone);
  CHECK_FALSE(found[0].entries[1].undone);
  CHECK(found[0].entries[1].undo == entry("b").undo);
  CHECK(found[0].entries[1].injection == "kill");
}

TEST_CASE("a journal moves into the run folder only when nothing is left to undo") {
  Place place;
  Journal journal("r1", lab(), place.run);
  journal.arm(entry("a"));
  CHECK_FALSE(journal.close());
  CHECK(fs::exists(place.file));
  journal.undone("a");
  CHECK(journal.close());
  CHECK_FALSE(fs::exists(place.file));
  CHECK(open_journals().empty());
  CHECK(read_journal(place.run / "journal.jsonl").entries.at(0).undone);
}

TEST_CASE("a journal stays open until every entry of many is undone, whatever the order") {
  Place place;
  Journal journal("r1", lab(), place.run);
  for (const char* id : {"a", "b", "c"}) journal.arm(entry(id));
  for (const char* id : {"c", "a"}) journal.undone(id);
  journal.undone("nobody");
  CHECK_FALSE(journal.close());
  CHECK(open_ids(read_journal(place.file)) == std::vector<std::string>{"b"});
}

TEST_CASE("a journal of the same run is never overwritten") {
  Place place;
  Journal journal("r1", lab(), place.run);
  journal.arm(entry("a"));
  CHECK(error_of([&] { Journal second("r1", lab(), place.run); }).kind() == ErrorKind::internal);
  CHECK(open_ids(read_journal(place.file)) == std::vector<std::string>{"a"});
}

TEST_CASE("a journal that can't be written is an error before anything is injected") {
  Place place;
  ::setenv("BLACKSTART_STATE", place.write("file", "").c_str(), 1);
  CHECK_THROWS_AS(Journal("r1", lab(), place.run), Error);
}

TEST_CASE("a full disk is an error of arm, and the entry is not believed to be there") {
  Place place;
  Journal journal("r1", lab(), place.run);
  const int full = ::open("/dev/full", O_WRONLY);
  REQUIRE(redirect(place.file, full));
  ::close(full);
  CHECK_THROWS_AS(journal.arm(entry("a")), Error);
  CHECK(journal.close());
}

TEST_CASE("after kill -9 at any moment each entry whose arm() returned is there") {
  Place place;
  int told[2];
  REQUIRE(::pipe(told) == 0);
  const pid_t runner = ::fork();
  if (runner == 0) {
    Journal journal("r1", lab(), place.run);
    for (int i = 0;; ++i) {
      journal.arm(entry("e" + std::to_string(i)));
      if (::write(told[1], "y", 1) != 1) ::_exit(1);
    }
  }
  ::close(told[1]);
  std::size_t armed = 0;
  for (char byte = 0; armed < 50; ++armed) REQUIRE(::read(told[0], &byte, 1) == 1);
  ::kill(runner, SIGKILL);
  ::waitpid(runner, nullptr, 0);
  for (char byte = 0; ::read(told[0], &byte, 1) == 1;) ++armed;
  ::close(told[0]);
  const OpenJournal journal = read_journal(place.file);
  CHECK(journal.entries.size() >= armed);
  CHECK(journal.entries.size() <= armed + 1);
  CHECK(open_ids(journal).size() == journal.entries.size());
}

// The file as a crash in the middle of its last write leaves it: every length of it is met.
TEST_CASE("a journal that is cut off at any byte still has all its whole lines") {
  Place place;
  std::string text;
  {
    Journal journal("r1", lab(), place.run);
    for (const char* id : {"a", "b"}) journal.arm(entry(id));
    journal.undone("a");
    text = TextFolder::read(place.file);
  }
  for (std::size_t length = 0; length <= text.size(); ++length) {
    place.write("journal/r1.jsonl", text.substr(0, length));
    const OpenJournal journal = read_journal(place.file);
    CAPTURE(length, text.substr(0, length));
    REQUIRE(journal.run == "r1");
    std::size_t lines = 0;  // whole ones; between them are empty ones
    for (std::size_t end = text.find("}\n"); end != std::string::npos && end + 2 <= length; end = text.find("}\n", end + 2))
      ++lines;
    REQUIRE(journal.entries.size() >= std::clamp<std::size_t>(lines, 1, 3) - 1);
    REQUIRE(journal.torn_lines <= 1);
    // And recover's own line does not merge with what is torn.
    mark_undone(journal, "b");
    const OpenJournal after = read_journal(place.file);
    REQUIRE(after.entries.size() == journal.entries.size());
    for (const auto& each : after.entries)
      if (each.id == "b") REQUIRE(each.undone);
  }
}

TEST_CASE("recover marks entries one after the other, then retires the journal") {
  Place place;
  {
    Journal journal("r1", lab(), place.run);
    for (const char* id : {"a", "b"}) journal.arm(entry(id));
  }
  mark_undone(read_journal(place.file), "a");
  CHECK(open_ids(read_journal(place.file)) == std::vector<std::string>{"b"});
  mark_undone(read_journal(place.file), "b");
  CHECK(open_ids(read_journal(place.file)).empty());
  CHECK(copy_journal(read_journal(place.file)).empty());
  remove_journal(read_journal(place.file));
  CHECK(open_journals().empty());
  CHECK(open_ids(read_journal(place.run / "journal.jsonl")).empty());
}

TEST_CASE("a journal whose run folder is gone goes away") {
  Place place;
  { Journal journal("r1", lab(), place.run); }
  fs::remove_all(place.run);
  CHECK(copy_journal(read_journal(place.file)).empty());
  remove_journal(read_journal(place.file));
  CHECK_FALSE(fs::exists(place.file));
}

TEST_CASE("open journals are told by cloud") {
  Place place;
  Journal first("r1", lab("one"), place.run), second("r2", lab("two"), place.run);
  CHECK(open_journals().size() == 2);
  REQUIRE(open_journals("two").size() == 1);
  CHECK(open_journals("two")[0].run == "r2");
  CHECK(open_journals("three").empty());
}

TEST_CASE("a journal of which nothing can be read blocks every cloud: it may have been theirs") {
  Place place;
  place.write("journal/r9.jsonl", "");
  CHECK(open_journals("lab").size() == 1);
}

TEST_CASE("a file that is no journal is refused, not passed over") {
  Place place;
  place.write("journal/x.jsonl", "hello\nworld\n");
  CHECK(error_of([] { open_journals(); }).kind() == ErrorKind::bad_file);
  place.write(
      "journal/x.jsonl",
      "{\"type\":\"armed\",\"id\":\"a\",\"injection\":\"k\",\"kind\":\"service.running\",\"node\":\"c1\",\"facts\":{}}\n");
  CHECK(error_of([] { open_journals(); }).kind() == ErrorKind::bad_file);
  CHECK_THROWS_AS(read_journal(place.path / "journal" / "none.jsonl"), Error);
}

TEST_CASE("a damaged line in the middle is counted, and the rest is read") {
  Place place;
  {
    Journal journal("r1", lab(), place.run);
    journal.arm(entry("a"));
  }
  std::ofstream(place.file, std::ios::app) << "{\"type\":\"armed\",\"id\":7}\n{\"type\":\"amred\"}\n\x01\xFF garbage\n[]\n";
  mark_undone(read_journal(place.file), "nobody");
  const OpenJournal journal = read_journal(place.file);
  CHECK(journal.torn_lines == 0);
  CHECK(journal.damaged_lines.size() == 4);
  CHECK(open_ids(journal) == std::vector<std::string>{"a"});
}

TEST_CASE("a line that was written whole and can't be read is damaged, never one that a crash cut off") {
  Place place;
  {
    Journal journal("r1", lab(), place.run);
    journal.arm(entry("a"));
    journal.arm(entry("b"));
  }
  std::string text = TextFolder::read(place.file);
  const std::size_t colon = text.rfind(':', text.find("\"armed\""));
  text.erase(colon, 1);
  place.write("journal/r1.jsonl", text);
  const OpenJournal journal = read_journal(place.file);
  CHECK(journal.torn_lines == 0);
  CHECK(journal.damaged_lines == std::vector<std::size_t>{4});
  CHECK(open_ids(journal) == std::vector<std::string>{"b"});
  place.write("journal/r1.jsonl", "garbage\n");
  CHECK(error_of([&] { read_journal(place.file); }).kind() == ErrorKind::bad_file);
}

TEST_CASE("many threads arm and undo at once, and every line is whole") {
  Place place;
  Journal journal("r1", lab(), place.run);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 10; ++i) {
          const std::string id = std::to_string(t) + "-" + std::to_string(i);
          journal.arm(entry(id));
          if (i % 2) journal.undone(id);
        }
      });
  }
  const OpenJournal read = read_journal(place.file);
  CHECK(read.torn_lines == 0);
  CHECK(read.entries.size() == 40);
  CHECK(open_ids(read).size() == 20);
}

}  // namespace
}  // namespace blackstart
