// A real file system of a few KiB that only the calling code sees, and a limit on the length of files where none can be made.
//
// Purpose: what a full disk does to a file: write(2) takes a part, and then no more. Ownership: the file system goes with the
// thread that made it. Thread rule: run_on_small_disk() has a thread of its own; don't CHECK in what it runs but on return.
#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

namespace blackstart {

class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path folder) : folder_(std::move(folder)) {}
  bool resize(const std::string& size) const {
    return ::mount("tmpfs", folder_.c_str(), "tmpfs", MS_REMOUNT, ("size=" + size).c_str()) == 0;
  }

 private:
  std::filesystem::path folder_;
};

// Calls `action` with a file system of `size` mounted at `folder`, in a mount namespace of its own; false: that takes root.
inline bool run_on_small_disk(const std::filesystem::path& folder, const std::string& size,
                              const std::function<void(const SmallDisk&)>& action) {
  bool made = false;
  std::exception_ptr trouble;
  std::thread([&] {
    made = ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("tmpfs", folder.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
    if (!made) return;
    try {
      action(SmallDisk(folder));
    } catch (...) {
      trouble = std::current_exception();
    }
  }).join();
  if (trouble) std::rethrow_exception(trouble);
  return made;
}

}  // namespace blackstart
