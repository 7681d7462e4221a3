// The drift check around every test case that uses a lab: each node is afterwards as it was before, whatever the test looked
// at.
#define CATCH_CONFIG_EXTERNAL_INTERFACES  // listeners
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>

#include "tests/problems.h"
#include "tests/rehearsal/drift.h"

namespace blackstart::rehearsal {
namespace {

// Test cases that make labs of their own have none when they begin.
bool has_lab(const Catch::TestCaseInfo& test) {
  return std::none_of(test.lcaseTags.begin(), test.lcaseTags.end(),
                      [](const std::string& tag) { return tag == "lab-itself" || tag == "own-lab"; });
}

// Catch has no assertions outside of test cases, so what is found is told here and counted for main().
struct DriftCheck : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;

  void testCaseStarting(const Catch::TestCaseInfo& test) override {
    before_.reset();
    if (has_lab(test)) check(test.name, [&] { before_.emplace(); });
  }

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    if (!before_) return;
    check(stats.testInfo.name, [&] {
      for (const auto& [node, differences] : before_->differences())
        count_problem("DRIFT on " + node + " by '" + stats.testInfo.name + "', before (-) and now (+):\n" + differences);
    });
  }

 private:
  template <typename Work>
  static void check(const std::string& test, const Work& work) {
    try {
      work();
    } catch (const std::exception& error) {
      count_problem("DRIFT of '" + test + "' is not known: " + error.what());
    }
  }

  std::optional<Drift> before_;
};

CATCH_REGISTER_LISTENER(DriftCheck)

}  // namespace
}  // namespace blackstart::rehearsal
