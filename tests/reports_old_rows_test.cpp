#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.h"
#include "reports/files.h"
#include "reports/snapshot.h"
#include "tests/support/folder.h"
#include "tests/support/old_rows.h"
#include "tests/support/trace.h"

using namespace blackstart;
using Catch::Contains;

namespace {

ReplicaSnapshot some() { return trace::replica(trace::probe(trace::down_between(20s, 30s)), "c1"); }

// Writes a snapshot, changes its text and reads it again.
ReplicaSnapshot changed(const std::function<void(std::string&)>& change) {
  Folder folder;
  std::string text = old_rows(some());
  change(text);
  write_atomically(folder.path / "c1.rows", text);
  return read_snapshot(folder.path / "c1.rows");
}

}  // namespace

TEST_CASE("old rows are read as they were written, also those out of order") {
  Folder folder;
  ReplicaSnapshot snapshot = some();
  snapshot.transfers.push_back({~0ULL, ~0U, 0, INT64_MIN, 7, INT64_MAX, -1});
  snapshot.accounts.push_back({~0U, -5});
  write_atomically(folder.path / "c1.rows", old_rows(snapshot));
  REQUIRE(read_snapshot(folder.path / "c1.rows") == snapshot);
}

TEST_CASE("old rows of a snapshot that could not be taken have its problem") {
  Folder folder;
  ReplicaSnapshot snapshot{"c 2", false, "two lines,\nwith a \\ and a \\n", {}, {}};
  write_atomically(folder.path / "c2.rows", old_rows(snapshot));
  REQUIRE(read_snapshot(folder.path / "c2.rows") == snapshot);
}

TEST_CASE("a file of old rows that is cut short anywhere is not complete") {
  std::size_t size = 0;
  REQUIRE(changed([&](std::string& text) { size = text.size(); }).complete);
  for (std::size_t length : {size - 1, size - 5, size / 2, std::size_t{40}, std::size_t{18}}) {
    ReplicaSnapshot snapshot = changed([&](std::string& text) { text.resize(length); });
    REQUIRE_FALSE(snapshot.complete);
    REQUIRE_THAT(snapshot.problem, Contains("cut short"));
  }
}

TEST_CASE("old rows that were altered, dropped, added or are none make a snapshot incomplete") {
  auto broken = [](const std::function<void(std::string&)>& change) { return !changed(change).complete; };
  REQUIRE(broken([](std::string& text) { text[text.find("\nT ") + 3] ^= 1; }));
  REQUIRE(broken(
      [](std::string& text) { text.erase(text.find("\nA "), text.find('\n', text.find("\nA ") + 1) - text.find("\nA ")); }));
  REQUIRE(broken([](std::string& text) { text.insert(text.find("\nA "), "\nA 77 0"); }));
  REQUIRE(broken([](std::string& text) { text += "A 77 0\n"; }));
  REQUIRE(broken([](std::string& text) { text.insert(text.find("\nA "), "\nT 1 2 3"); }));
  REQUIRE(broken([](std::string& text) { text.insert(text.find("\nA "), "\nT 1 2 3 4 5 6 99999999999999999999999"); }));
  REQUIRE(broken([](std::string& text) { text.insert(text.find("\nA "), "\nwhat is this"); }));
}

TEST_CASE("what is no file of old rows is refused") {
  Folder folder;
  REQUIRE_THROWS_AS(read_snapshot(folder.path / "none.rows"), Error);
  for (const char* text : {"", "\n", "replica c1\n", "blackstart rows 2\nend 0 0 0\n"}) {
    std::ofstream(folder.path / "x.rows") << text;
    REQUIRE_THROWS_WITH(read_snapshot(folder.path / "x.rows"), Contains("no file of a replica's rows"));
  }
}
