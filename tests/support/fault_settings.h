// A fault's parameters out of YAML, as a scenario would give them; for unit tests of faults.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "faults/fault.h"
#include "tests/support/error_of.h"

namespace blackstart {

inline std::unique_ptr<FaultSettings> parse(const std::string& name, const std::string& yaml) {
  for (const FaultKind& kind : fault_kinds())
    if (kind.name == name) {
      auto settings = kind.settings();
      read_text(yaml, "scenario.yaml", [&](Fields& f) { settings->describe(f); });
      return settings;
    }
  throw std::logic_error("no fault " + name);
}

// What the reader says about parameters that are wrong.
inline std::string wrong(const std::string& name, const std::string& yaml) {
  return error_of([&] { parse(name, yaml); }).what();
}

}  // namespace blackstart
