// The parts of a lab on its host that can be told without one.
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "base/error.h"
#include "base/yaml.h"
#include "lab/galera.h"
#include "lab/lab.h"
#include "lab/lab_folder.h"
#include "lab/lab_recover.h"
#include "lab/overlay.h"
#include "tests/support/error_of.h"
#include "tests/support/folder.h"

using namespace blackstart;
using Catch::Matchers::Contains;

TEST_CASE("mounts below a folder are found deepest first, and neighbours are not") {
  const std::string text =
      "22 1 254:0 / / rw - ext4 /dev/vda rw\n"
      "90 22 254:0 /x /labs/a rw - ext4 /dev/vda rw\n"
      "91 90 0:50 / /labs/a/nodes/c1/root rw - overlay overlay rw\n"
      "92 90 0:51 / /labs/a\\040b/root rw - overlay overlay rw\n"
      "93 90 0:52 / /labs/ab/root rw - overlay overlay rw\n";
  CHECK(mounts_below(text, "/labs/a") == std::vector<std::string>{"/labs/a/nodes/c1/root", "/labs/a"});
  CHECK(mounts_below(text, "/labs/a b") == std::vector<std::string>{"/labs/a b/root"});
  CHECK(mounts_below(text, "/labs/b").empty());
}

TEST_CASE("Galera's position is read from what galera_recovery prints") {
  CHECK(parse_position("--wsrep_start_position=190c6cad-e57f-11f1-a3ce-dff2e8ff59b6:165\n") == 165);
  CHECK(parse_position("--wsrep_start_position=190c6cad-e57f-11f1-a3ce-dff2e8ff59b6:165,0-1-165\n") == 165);
  CHECK(parse_position("00000000-0000-0000-0000-000000000000:-1") == -1);
  CHECK(parse_position("") == -1);
  CHECK(parse_position("mariadbd: not found") == -1);
}

TEST_CASE("a new cluster is made from the node that is farthest, or from none") {
  CHECK(most_advanced({{"c1", 7}, {"c2", 9}, {"c3", 9}}) == "c2");
  CHECK(most_advanced({{"c1", -1}, {"c2", 0}}) == "c2");
  CHECK(error_of([] { most_advanced({{"c1", -1}, {"c2", -1}}); }).kind() == ErrorKind::unreachable);
  CHECK_THROWS_AS(most_advanced({}), Error);
}

TEST_CASE("files are replaced whole, with the permissions asked for") {
  const Folder folder;
  const auto file = folder.path / "secret";
  write_file(file, "one", 0600);
  write_file(file, "two", 0600);
  CHECK(yaml::slurp(file) == "two");
  struct stat status {};
  REQUIRE(stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
  CHECK_THAT(error_of([&] { write_file(folder.path / "none" / "x", ""); }).what(), Contains("writing"));
}

TEST_CASE("passwords are long, of plain letters, and never the same") {
  const std::string one = random_word(24), other = random_word(24);
  CHECK(one.size() == 24);
  CHECK(one != other);
  CHECK(std::all_of(one.begin(), one.end(), [](unsigned char c) { return std::isalnum(c); }));
  CHECK_THAT(bank_statements(one), Contains("GRANT ALL ON bank.* TO bank@'%'") && Contains("IDENTIFIED BY '" + one + "'"));
}

TEST_CASE("a database that nobody serves is told, not thrown") {
  const GaleraStatus status = ask_galera("127.0.0.1", "no", 1s);
  CHECK_FALSE(status.answered);
  CHECK_FALSE(status.synced());
  CHECK_FALSE(status.state.empty());
  CHECK(sql_trouble("127.0.0.1", "no", 1s).has_value());
}

TEST_CASE("a lab that isn't there is a mistake of usage; a path is never a lab's name") {
  CHECK(error_of([] { lab_status("no-such-lab"); }).kind() == ErrorKind::usage);
  CHECK(error_of([] { lab_ssh_command("no-such-lab", "c1", {}); }).kind() == ErrorKind::usage);
  for (const char* name : {"", ".", "..", "../x", "a/b"})
    CHECK(error_of([&] { lab_down(name, [](auto&) {}); }).kind() == ErrorKind::usage);
}
