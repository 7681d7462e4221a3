// A file that is written by storing into memory.
//
// Purpose: what is stored is the kernel's at once and survives the end of this process at whatever instruction, without a
// system call. Its room on the disk is taken before it is mapped, so that a full disk is an error code. Where a store fails all
// the same (the disk is broken, the file was cut from outside, the file system copies on write), the kernel raises SIGBUS: that
// would end a runner that has a fault to undo, so it is caught here, and lost() tells. Ownership: owns its descriptor and its
// window. Thread rule: one thread; several files may be used in several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace blackstart {

class MappedFile {
 public:
  static constexpr std::size_t kWindow = 1 << 20;  // bytes; a multiple of every usual size of a page of memory

  // Creates `file`, which must not exist yet, without a window. Throws Error(internal).
  explicit MappedFile(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // Moves the window to the next kWindow bytes of the file, all zero. Returns errno, and leaves the window as it was, or 0.
  int advance() noexcept;
  // Has the kernel put `bytes` bytes of the window from `at`, which are zero, into its memory at once. They come there as they
  // are stored into anyhow, but 4096 bytes at a time, each by a fault: that takes four times as long.
  void fetch(const char* at, std::size_t bytes) noexcept;
  // Null before the first advance().
  char* window() const { return window_; }
  // Where the window begins in the file.
  std::uint64_t offset() const { return offset_; }
  // What is stored into the window no longer gets into the file.
  bool lost() const noexcept;
  // Gives the room back that is beyond `length`; returns errno or 0. The window stays.
  int cut(std::uint64_t length) noexcept;
  // Waits until the disk has it; returns errno or 0.
  int sync() noexcept;

 private:
  int descriptor_;
  std::size_t guard_ = 0;  // its place in the table of windows
  char* window_ = nullptr;
  std::uint64_t offset_ = 0;
};

}  // namespace blackstart
