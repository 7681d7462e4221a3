// A test's own folder with text files in it.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/folder.h"

namespace blackstart {

struct TextFolder : Folder {
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path / name).parent_path());
    std::ofstream(path / name, std::ios::binary) << text;
    return path / name;
  }
  static std::string read(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
  }
};

}  // namespace blackstart
