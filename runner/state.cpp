#include "runner/state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "base/error.h"
#include "lab/lab_folder.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

fs::path made(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw Error(ErrorKind::unmet, "making the state folder " + folder.string(), error.message(),
                "run as root, or name a folder that you may write in BLACKSTART_STATE");
  return folder;
}

fs::path file_of(const char* kind, const std::string& cloud) {
  if (cloud.empty() || cloud.front() == '.' || cloud.find('/') != std::string::npos)
    throw Error(ErrorKind::usage, "", fmt::format("'{}' is no name of a cloud", cloud),
                "it is what the cloud file says behind 'cloud:', not the file's own name");
  return made(state_folder() / kind) / cloud;
}

std::optional<std::string> first_line(const fs::path& file) {
  std::ifstream in(file);
  if (!in) return std::nullopt;
  std::string line;
  std::getline(in, line);
  return line;
}

// A lock of the open file, not of the process: it goes when the holder does, and can be asked for without being taken.
struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

int open_lock(const std::string& cloud) {
  const fs::path file = file_of("lease", cloud);
  int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) throw_errno("opening the lease " + file.string(), errno);
  return descriptor;
}

}  // namespace

fs::path state_folder() {
  if (const char* named = std::getenv("BLACKSTART_STATE"); named && *named) return named;
  if (::geteuid() == 0) return "/var/lib/blackstart";
  const char* home = std::getenv("HOME");
  return fs::path(home && *home ? home : "/tmp") / ".local/state/blackstart";
}

fs::path made_state_folder() { return made(state_folder()); }

Lease::Lease(const std::string& cloud, const std::string& holder) : descriptor_(open_lock(cloud)) {
  struct flock lock = whole_file();
  if (::fcntl(descriptor_, F_OFD_SETLK, &lock) != 0) {
    ::close(descriptor_);
    throw Error(ErrorKind::unmet, "taking the lease on cloud " + cloud,
                fmt::format("{} is using it", first_line(file_of("lease", cloud)).value_or("another rehearsal")),
                "wait until it is done, or stop it with 'blackstart halt'");
  }
  // The lock is the lease. The holder's name is for people: a full disk must not keep `recover` from its work.
  const std::string text = holder + "\n";
  const bool named = ::ftruncate(descriptor_, 0) == 0 && ::pwrite(descriptor_, text.data(), text.size(), 0) >= 0;
  if (!named) std::fputs(("the holder of the lease on cloud " + cloud + " could not be written\n").c_str(), stderr);
}

Lease::~Lease() { ::close(descriptor_); }

std::optional<std::string> lease_holder(const std::string& cloud) {
  int descriptor = open_lock(cloud);
  struct flock lock = whole_file();
  const int asked = ::fcntl(descriptor, F_OFD_GETLK, &lock);
  const int problem = errno;
  ::close(descriptor);
  if (asked != 0) throw_errno("asking for the lease on cloud " + cloud, problem);
  return lock.l_type != F_UNLCK ? first_line(file_of("lease", cloud)) : std::nullopt;
}

std::vector<std::string> clouds_with(const char* kind) {
  std::vector<std::string> names;
  if (const fs::path folder = state_folder() / kind; fs::is_directory(folder))
    for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

void halt_cloud(const std::string& cloud, const std::string& reason) {
  write_file(file_of("halt", cloud), reason + "\n");  // at once: a rehearsal may look at this very moment, and wants the reason
}

bool lift_halt(const std::string& cloud) { return fs::remove(file_of("halt", cloud)); }

std::optional<std::string> halt_reason(const std::string& cloud) {
  const fs::path file = file_of("halt", cloud);
  if (!fs::exists(file)) return std::nullopt;
  return first_line(file).value_or("(its reason can't be read)");
}

}  // namespace blackstart
