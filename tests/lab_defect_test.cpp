#include "lab/defect.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/error.h"
#include "base/process.h"
#include "lab/defect_files.h"
#include "lab/lab_file.h"
#include "lab/node_files.h"
#include "lab/openstack_secrets.h"
#include "lab/service.h"
#include "tests/support/error_of.h"
#include "tests/support/folder.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

namespace fs = std::filesystem;

const fs::path kSource = BLACKSTART_SOURCE_DIR;

std::vector<fs::path> defect_files(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kSource / folder))
    if (entry.is_regular_file()) files.push_back(entry.path());
  return files;
}

Defect parse(const std::string& text) {
  Defect defect;
  read_text(text, "defect.yaml", [&](Fields& f) { defect.describe(f); });
  return defect;
}

const std::string kGood =
    "{defect: d, mistake: m, scenario: s.yaml, report: a/b, services: keepalived, edits: [{file: /etc/a, find: x, with: yy}]}";
const std::string kBrings =
    "defect: d\nmistake: m\nscenario: s.yaml\nreport: a/b\nservices: keepalived\nfiles:\n"
    "  - file: /usr/new\n    text: |\n      one\n      two\n  - {file: /usr/other, text: x}\n";

std::string read(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A folder that stands for a node's files, and this machine's shell for its own.
struct ShellNode {
  ShellNode() {
    fs::create_directories(folder.path / "etc/lab");
    fs::create_directories(folder.path / "usr/lib");
    std::ofstream(folder.path / "usr/lib/own") << "sound\n";
    before = all();
  }
  std::string file(const std::string& path) const { return (folder.path / path).string(); }
  std::string notes() const { return file("etc/lab"); }
  std::string run(const std::string& script, const std::string& input = "") const {
    ProcessOptions options;
    options.input = input;
    return run_checked("running " + script, {"/bin/sh", "-c", script}, 10s, options);
  }
  std::set<std::string> all() const {
    std::set<std::string> paths;
    for (const auto& entry : fs::recursive_directory_iterator(folder.path)) paths.insert(entry.path().string());
    return paths;
  }
  Folder folder;
  std::set<std::string> before;
};

}  // namespace

TEST_CASE("defects: each file fits its lab, and names scenarios that are there") {
  const auto [folder, lab_file] = GENERATE(
      table<std::string, std::string>({{"lab/defects", "lab/openstack.yaml"}, {"lab/defects/postgres", "lab/postgres.yaml"}}));
  const LabFile lab = read_lab_file(kSource / lab_file);
  const NodeKeys keys{"key", "host key", "0123", new_openstack_secrets()};
  REQUIRE(defect_files(folder).size() >= 2);
  for (const fs::path& file : defect_files(folder)) {
    INFO(file);
    const Defect defect = read_defect(file);
    CHECK(file.stem() == defect.name);
    for (const std::string& scenario : defect.scenario) CHECK(fs::exists(kSource / scenario));
    for (const Defect::Edit& edit : defect.edits) {
      int changed = 0;
      for (const LabNode& node : nodes_with(lab, defect.services.front()))
        for (const NodeFile& own : node_files(lab, node, keys))
          if (own.path == edit.file) changed += with_mistakes(defect, own.path, own.text) != own.text;
      CHECK(changed == static_cast<int>(nodes_with(lab, defect.services.front()).size()));
    }
    for (const Defect::NewFile& made : defect.files)
      for (const LabNode& node : nodes_with(lab, defect.services.front()))
        for (const NodeFile& own : node_files(lab, node, keys)) CHECK(own.path != made.file);
  }
}

TEST_CASE("defects: every occurrence is replaced, in the file that is meant") {
  const Defect defect = parse(kGood);
  CHECK(with_mistakes(defect, "/etc/a", "x1 x2") == "yy1 yy2");
  CHECK(with_mistakes(defect, "/etc/b", "x1 x2") == "x1 x2");
}

TEST_CASE("defects: one that does not fit the lab's files is refused") {
  const Error error = error_of([] { with_mistakes(parse(kGood), "/etc/a", "nothing of it"); });
  CHECK(error.kind() == ErrorKind::unmet);
  CHECK_THAT(error.what(), Contains("/etc/a does not have 'x'"));
}

TEST_CASE("defects: one may bring files of its own") {
  const Defect defect = parse(kBrings);
  REQUIRE(defect.files.size() == 2);
  CHECK((defect.files[0].file == "/usr/new" && defect.files[0].text == "one\ntwo\n"));
  CHECK(defect.edits.empty());
}

TEST_CASE("defects: a new file is there with its folders, and leaves nothing behind") {
  const ShellNode node;
  const std::string path = node.file("usr/lib/made/deep/new file"), beside = node.file("usr/lib/made/beside");
  CHECK(node.run(tells_whether_there(path)).empty());
  node.run(makes_file(path, node.notes()), "text'\n");
  node.run(makes_file(beside, node.notes()), "");
  CHECK(read(path) == "text'\n");
  CHECK(fs::status(path).permissions() == fs::perms(0644));
  CHECK(node.run(tells_whether_there(path)) == "there\n");
  node.run(takes_file_away(path, node.notes()));
  node.run(takes_file_away(beside, node.notes()));
  CHECK(node.all() == node.before);
}

TEST_CASE("defects: a link that leads nowhere is something that is there") {
  const ShellNode node;
  fs::create_symlink("/nowhere/at all", node.file("usr/link"));
  CHECK(node.run(tells_whether_there(node.file("usr/link"))) == "there\n");
}

TEST_CASE("defects: half of a new file is taken away, too") {
  const ShellNode node;
  const std::string path = node.file("usr/lib/made/new");
  std::string half = makes_file(path, node.notes());
  node.run(half.substr(0, half.rfind("mkdir")));  // its note only
  CHECK_FALSE(fs::exists(path));
  node.run(takes_file_away(path, node.notes()));
  CHECK(node.all() == node.before);
  // And where the planting was tried twice.
  node.run(half, "x");
  node.run(half, "x");
  node.run(takes_file_away(path, node.notes()));
  CHECK(node.all() == node.before);
}

TEST_CASE("defects: a file that the defect did not bring stays when it is taken out") {
  const ShellNode node;
  node.run(takes_file_away(node.file("usr/lib/own"), node.notes()));
  node.run(puts_file_back(node.file("usr/lib/own"), node.notes()));
  CHECK(read(node.file("usr/lib/own")) == "sound\n");
  CHECK(node.all() == node.before);
}

TEST_CASE("defects: a changed file comes back as it was, also after two changes") {
  const ShellNode node;
  const std::string path = node.file("usr/lib/own");
  fs::permissions(path, fs::perms(0640));
  node.run(changes_file(path, node.notes()), "wrong\n");
  node.run(changes_file(path, node.notes()), "worse\n");
  CHECK(read(path) == "worse\n");
  CHECK(fs::status(path).permissions() == fs::perms(0640));
  node.run(puts_file_back(path, node.notes()));
  CHECK(read(path) == "sound\n");
  CHECK(fs::status(path).permissions() == fs::perms(0640));
  CHECK(node.all() == node.before);
}

TEST_CASE("defects: what is wrong in a file is said with its place") {
  const auto words = [](std::string text, const std::string& good, const std::string& bad) {
    text.replace(text.find(good), good.size(), bad);
    return std::string(error_of([&] { parse(text); }).what());
  };
  CHECK_THAT(words(kGood, "keepalived", "keepalive"), Contains("did you mean 'keepalived'?"));
  CHECK_THAT(words(kGood, "keepalived", "[]"), Contains("changes no node"));
  CHECK_THAT(words(kGood, "/etc/a", "etc/a"), Contains("'etc/a' is no absolute path"));
  CHECK_THAT(words(kGood, ", edits: [{file: /etc/a, find: x, with: yy}]", ""), Contains("changes nothing"));
  CHECK_THAT(words(kGood, "mistake: m", "mistak: m"), Contains("mistak"));
  CHECK_THAT(words(kBrings, "/usr/new", "usr/new"), Contains("'usr/new' is no absolute path"));
  CHECK_THAT(words(kBrings, "/usr/other", "/usr/new"), Contains("/usr/new is there twice"));
  CHECK_THAT(words(kBrings, "files:", "edits: [{file: /usr/new, find: x}]\nfiles:"),
             Contains("/usr/new is new, and changed by 'edits' too"));
}
