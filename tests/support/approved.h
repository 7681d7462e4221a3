// Compares a text with an approved file, byte for byte: tests/approved/NAME.
//
// When a difference is meant: run the tests once with BLACKSTART_APPROVE=1, which writes the new text as the approved one,
// and read the difference in `git diff` before it is committed.
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace blackstart {

inline void check_approved(const std::string& name, const std::string& text) {
  std::filesystem::path file = std::filesystem::path(BLACKSTART_SOURCE_DIR) / "tests/approved" / name;
  const char* approve = std::getenv("BLACKSTART_APPROVE");
  if (approve != nullptr && std::string(approve) == "1") {
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.close();
    REQUIRE(out);
    return;
  }
  std::ifstream in(file, std::ios::binary);
  std::ostringstream known;
  known << in.rdbuf();
  INFO("approved: " << file.string() << "; to accept the new text, run with BLACKSTART_APPROVE=1");
  CHECK(text == known.str());
}

}  // namespace blackstart
