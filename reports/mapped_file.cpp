#include "reports/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "reports/bus_guard.h"

namespace blackstart {
namespace {

constexpr std::size_t kFetched = 64 << 10;  // bytes at once

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& file)
    : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) throw_errno("opening " + file.string() + " for writing", errno);
  if (const auto guard = bus_guard::take()) {
    guard_ = *guard;
    return;
  }
  ::close(descriptor_);
  throw_errno("opening " + file.string() + " beside all others that are written", EMFILE);
}

MappedFile::~MappedFile() {
  bus_guard::give_back(guard_);
  if (window_ != nullptr) ::munmap(window_, kWindow);
  ::close(descriptor_);
}

bool MappedFile::lost() const noexcept { return bus_guard::hit(guard_); }

int MappedFile::advance() noexcept {
  const std::uint64_t next = window_ == nullptr ? 0 : offset_ + kWindow;
  int error = 0;
  // Where a file system can't do it, the C library writes a byte into each block instead.
  do error = ::posix_fallocate(descriptor_, static_cast<off_t>(next), kWindow);
  while (error == EINTR);
  if (error != 0) return error;
  void* fresh = ::mmap(nullptr, kWindow, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, static_cast<off_t>(next));
  if (fresh == MAP_FAILED) return errno;
  bus_guard::watch(guard_, fresh, kWindow);
  if (window_ != nullptr) ::munmap(window_, kWindow);
  window_ = static_cast<char*>(fresh);
  offset_ = next;
  return 0;
}

// What can't be written here can't be stored there either, and is told by lost(). A write is all that makes one piece of it: to
// read ahead, or to populate the window (madvise(2)), goes by 4096 bytes as faults do.
void MappedFile::fetch(const char* at, std::size_t bytes) noexcept {
  static constexpr char kZeros[kFetched] = {};
  for (std::size_t done = 0; done < bytes; done += kFetched) {
    const auto place = static_cast<off_t>(offset_ + static_cast<std::uint64_t>(at - window_) + done);
    [[maybe_unused]] const ssize_t written = ::pwrite(descriptor_, kZeros, std::min(kFetched, bytes - done), place);
  }
}

int MappedFile::cut(std::uint64_t length) noexcept {
  return ::ftruncate(descriptor_, static_cast<off_t>(length)) == 0 ? 0 : errno;
}

int MappedFile::sync() noexcept { return ::fsync(descriptor_) == 0 ? 0 : errno; }

}  // namespace blackstart
