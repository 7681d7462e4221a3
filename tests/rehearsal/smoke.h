// What the tests of scenarios/smoke share.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "tests/rehearsal/support.h"

namespace blackstart::rehearsal {

// The scenario as users get it.
inline std::string smoke_scenario(const std::string& name) {
  return Workplace::read(std::filesystem::path(BLACKSTART_SOURCE_DIR) / "scenarios/smoke" / (name + ".yaml"));
}

// The run's first objective of this kind for this probe; requires that there is one.
inline nlohmann::json objective(const Workplace::Run& run, const std::string& kind, const std::string& probe) {
  for (const auto& one : run.record.at("objectives"))
    if (one.at("kind") == kind && one.at("probe") == probe) return one;
  FAIL("no objective " << kind << " of " << probe);
  return {};
}

}  // namespace blackstart::rehearsal
