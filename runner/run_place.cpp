#include "runner/run_place.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/units.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

void link_latest(const fs::path& folder) {
  const fs::path fresh = folder.parent_path() / fmt::format(".latest-{}", ::getpid());
  fs::create_directory_symlink(folder.filename(), fresh);
  fs::rename(fresh, folder.parent_path() / "latest");
}

[[noreturn]] void not_made(const fs::path& folder, const std::error_code& error) {
  throw Error(ErrorKind::unmet, "making the folder " + folder.string(), error.message(), "name another with --out");
}

}  // namespace

std::string folder_time(std::int64_t wall) {
  std::string text = format_utc(wall, false);
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '-' || c == ':'; }), text.end());
  return text;
}

fs::path new_run_folder(const fs::path& out, const std::string& name) {
  std::error_code error;
  fs::create_directories(out, error);
  if (error) not_made(out, error);
  for (int i = 1;; ++i) {
    fs::path folder = out / (i == 1 ? name : fmt::format("{}-{}", name, i));
    const bool made = fs::create_directory(folder, error);
    if (error) not_made(folder, error);
    if (!made) continue;
    link_latest(folder);
    return folder;
  }
}

}  // namespace blackstart
