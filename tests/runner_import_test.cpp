// `blackstart cloud import` as a user meets it.
#include <catch2/catch.hpp>

#include "base/process.h"
#include "tests/support/text_folder.h"

using namespace blackstart;
using Catch::Contains;

namespace {

struct Place : TextFolder {
  std::string file(const char* name) const { return (path / name).string(); }
  ProcessResult run(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.begin(), {BLACKSTART_BINARY, "cloud", "import"});
    ProcessOptions options;
    options.input = input;
    return run_process(arguments, 30s, options);
  }
};

}  // namespace

TEST_CASE("an import writes a draft that check refuses, and never replaces a file unasked") {
  Place place;
  const std::string inventory = place.write("multinode", "[control]\nc[1:2] ansible_ssh_pass=hunter2\n").string();
  const auto result = place.run({inventory, "--out", place.file("cloud.yaml")});
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, Contains("2 nodes: 2 controller") && Contains("site (2 nodes)") && Contains("ssh user, ssh key") &&
                             !Contains("hunter2"));
  const std::string draft = TextFolder::read(place.path / "cloud.yaml");
  CHECK_THAT(draft, Contains("cloud: multinode") && !Contains("hunter2"));
  const auto check = run_process({BLACKSTART_BINARY, "check", place.file("cloud.yaml")}, 30s);
  CHECK(check.exit_code == 65);
  CHECK_THAT(check.err, Contains("'site' is missing"));
  const auto again = place.run({inventory, "--name", "north", "--out", place.file("cloud.yaml")});
  CHECK(again.exit_code == 64);
  CHECK_THAT(again.err, Contains("is there already") && Contains("--force"));
  CHECK(TextFolder::read(place.path / "cloud.yaml") == draft);
  CHECK(place.run({inventory, "--name", "north", "--out", place.file("cloud.yaml"), "--force"}).exit_code == 0);
  CHECK_THAT(TextFolder::read(place.path / "cloud.yaml"), Contains("cloud: north"));
}

TEST_CASE("an import that can't be done says why, and writes nothing") {
  Place place;
  const std::string out = place.file("cloud.yaml");
  const std::string bad = place.write("bad", "[control]\nc[1-2]\n").string();
  struct Wrong {
    std::vector<std::string> arguments;
    int code;
    const char* message;
  };
  for (const Wrong& wrong : std::vector<Wrong>{{{}, 64, "there is nothing to import from"},
                                               {{"--sites", "dc1", "--openstack"}, 64, "there is none"},
                                               {{bad}, 65, "bad:2: '[1-2]' is no range"},
                                               {{place.file("none")}, 65, "none"},
                                               {{place.path.string()}, 65, "ansible-inventory -i"},
                                               {{"-"}, 64, "give --name"},
                                               {{"-", "--name", "a b"}, 64, "'a b' is no name"}}) {
    std::vector<std::string> arguments = wrong.arguments;
    arguments.insert(arguments.end(), {"--out", out});
    const auto result = place.run(arguments, "[control]\nc1\n");
    INFO(result.err);
    CHECK(result.exit_code == wrong.code);
    CHECK_THAT(result.err, Contains(wrong.message));
    CHECK_FALSE(std::filesystem::exists(out));
  }
  const auto nowhere =
      place.run({place.write("multinode", "[control]\nc1\n").string(), "--out", place.file("none/cloud.yaml")});
  CHECK(nowhere.exit_code == 64);
  CHECK_THAT(nowhere.err, Contains("there is no folder"));
}
