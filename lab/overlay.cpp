#include "lab/overlay.h"

#include <fmt/format.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

#include "base/error.h"
#include "base/yaml.h"

namespace blackstart {
namespace {

// The kernel writes blanks and backslashes in paths as \ooo.
std::string unescape(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string> mounted_now(const std::filesystem::path& folder) {
  return mounts_below(yaml::slurp("/proc/self/mountinfo"), folder.string());
}

}  // namespace

std::vector<std::string> mounts_below(const std::string& mountinfo, const std::string& folder) {
  std::vector<std::string> found;
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string id, parent, device, root, point;
    words >> id >> parent >> device >> root >> point;
    point = unescape(point);
    if (point == folder || point.starts_with(folder + "/")) found.push_back(point);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return found;
}

bool mount_overlay(const std::filesystem::path& lower, const std::filesystem::path& node) {
  const auto root = node / "root", upper = node / "upper", work = node / "work";
  for (const auto& folder : {root, upper, work}) std::filesystem::create_directories(folder);
  if (!mounted_now(root).empty()) return false;
  const std::string options = fmt::format("lowerdir={},upperdir={},workdir={}", lower.string(), upper.string(), work.string());
  if (mount("overlay", root.c_str(), "overlay", 0, options.c_str()) != 0)
    throw_errno(fmt::format("mounting the file system of a node at {} ({})", root.string(), options), errno);
  return true;
}

void unmount_below(const std::filesystem::path& folder) {
  for (const std::string& point : mounted_now(folder))
    if (umount2(point.c_str(), 0) != 0 && errno == EBUSY) umount2(point.c_str(), MNT_DETACH);
  if (const auto left = mounted_now(folder); !left.empty())
    throw Error(ErrorKind::internal, fmt::format("unmounting {}", left.front()), "it is still mounted",
                "see who uses it: fuser -vm " + left.front());
}

}  // namespace blackstart
