// A folder of a test's own, gone with all that is in it when the test ends.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace blackstart {

struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "blackstart-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder for the test could be made");
    path = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path path;
};

// Points this process's open descriptor of `file` at `other`; false when there is none.
inline bool redirect(const std::filesystem::path& file, int other) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    if (std::filesystem::read_symlink(entry, error) == file) return ::dup2(other, std::stoi(entry.path().filename())) >= 0;
  }
  return false;
}

}  // namespace blackstart
