#include "lab/lab_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "base/clock.h"
#include "base/error.h"
#include "base/yaml.h"

namespace blackstart {
namespace {

const std::filesystem::path kLabs = "/var/lib/blackstart/labs";
constexpr auto kLockPatience = 600s;  // virtual machines on a busy host take minutes to come up

void write_all(int descriptor, const std::string& text, const std::string& doing) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t count = write(descriptor, text.data() + at, text.size() - at);
    if (count < 0 && errno != EINTR) throw_errno(doing, errno);
    if (count > 0) at += static_cast<std::size_t>(count);
  }
}

}  // namespace

LabFolder::LabFolder(const std::string& lab) : path(kLabs / lab) {}

std::vector<std::string> lab_names() {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(kLabs, none))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

LabFile made_lab(const std::string& name) {
  const auto file = LabFolder(name).lab_file();
  if (!std::filesystem::exists(file))
    throw Error(ErrorKind::usage, fmt::format("looking for the lab '{}'", name), "no such lab is up on this host",
                suggestion(name, lab_names()));
  return read_lab_file(file);
}

std::string lab_birth(const std::string& name) {
  const auto file = LabFolder(name).birth();
  return std::filesystem::exists(file) ? yaml::slurp(file) : "";
}

void require_same(const std::string& name, const std::string& birth) {
  if (const std::string now = lab_birth(name); now != birth)
    throw Error(ErrorKind::unmet, fmt::format("bringing up the lab {}", name),
                now.empty() ? "it was taken down meanwhile" : "it was taken down and made anew meanwhile");
}

void check_lab_name(const std::string& name) {
  const bool plain = !name.empty() && name[0] != '.' && name.find('/') == std::string::npos;
  if (!plain) throw Error(ErrorKind::usage, "looking for a lab", fmt::format("'{}' is no name of a lab", name));
}

void require_root(const std::string& doing) {
  if (geteuid() != 0) throw Error(ErrorKind::unmet, doing, "only root may make networks and containers", "run it with sudo");
}

// By read(): an iterator over the buffer throws when the process behind a file of /proc ends meanwhile.
std::string slurp_if_there(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string text;
  for (char block[4096]; in.read(block, sizeof block), in.gcount() > 0;)
    text.append(block, static_cast<std::size_t>(in.gcount()));
  return text;
}

void write_file(const std::filesystem::path& file, const std::string& text, int mode) {
  const std::string doing = fmt::format("writing {}", file.string());
  const std::string fresh = file.string() + ".new";
  const int descriptor = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
  if (descriptor < 0) throw_errno(doing, errno);
  const bool moded = fchmod(descriptor, static_cast<mode_t>(mode)) == 0;
  try {
    write_all(descriptor, text, doing);
  } catch (...) {
    close(descriptor);
    throw;
  }
  close(descriptor);
  if (!moded || rename(fresh.c_str(), file.c_str()) != 0) throw_errno(doing, errno);
}

std::string random_word(std::size_t length, const std::string& letters) {
  std::string word;
  while (word.size() < length) {
    unsigned char byte = 0;
    if (getrandom(&byte, 1, 0) != 1) throw_errno("asking the kernel for random numbers", errno);
    const std::size_t fair = 256 / letters.size() * letters.size();  // the rest would make some letters likelier
    if (byte < fair) word += letters[byte % letters.size()];
  }
  return word;
}

LabLock::LabLock(const std::function<void(const std::string&)>& progress) {
  std::filesystem::create_directories(kLabs);
  descriptor_ = open(kLabs.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor_ < 0) throw_errno("opening " + kLabs.string(), errno);
  const auto take = [this] { return flock(descriptor_, LOCK_EX | LOCK_NB) == 0; };
  if (take()) return;
  progress("another `blackstart lab` works on this host: waiting for its end");
  if (wait_until(take, Deadline(real_clock(), kLockPatience), 100ms)) return;
  close(descriptor_);
  throw Error(ErrorKind::unmet, "locking " + kLabs.string(), "another `blackstart lab up` or `lab down` still runs",
              "wait for it to end");
}

LabLock::~LabLock() { close(descriptor_); }

}  // namespace blackstart
