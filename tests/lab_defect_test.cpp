#include "lab/defect.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "base/error.h"
#include "lab/lab_file.h"
#include "lab/node_files.h"
#include "lab/openstack_secrets.h"
#include "lab/service.h"
#include "tests/support/error_of.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

namespace fs = std::filesystem;

const fs::path kSource = BLACKSTART_SOURCE_DIR;

std::vector<fs::path> defect_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kSource / "lab/defects")) files.push_back(entry.path());
  return files;
}

Defect parse(const std::string& text) {
  Defect defect;
  read_text(text, "defect.yaml", [&](Fields& f) { defect.describe(f); });
  return defect;
}

const std::string kGood =
    "{defect: d, mistake: m, scenario: s.yaml, report: a/b, services: keepalived, edits: [{file: /etc/a, find: x, with: yy}]}";

}  // namespace

TEST_CASE("defects: each file fits the OpenStack lab, and names scenarios that are there") {
  const LabFile lab = read_lab_file(kSource / "lab/openstack.yaml");
  const NodeKeys keys{"key", "host key", "0123", new_openstack_secrets()};
  REQUIRE(defect_files().size() >= 3);
  for (const fs::path& file : defect_files()) {
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
}
