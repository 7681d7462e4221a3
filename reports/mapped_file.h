// A file that is written by storing into memory.
//
// Purpose: what is stored is the kernel's at once and survives the end of this process at whatever instruction, without a
// system call. Its room on the disk is taken before it is mapped: a full disk is an error code, not a signal in the middle of a
// store. Ownership: owns its descriptor and its window. Thread rule: one thread.
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
  // Null before the first advance().
  char* window() const { return window_; }
  // Where the window begins in the file.
  std::uint64_t offset() const { return offset_; }
  // Gives the room back that is beyond `length`; returns errno or 0. The window stays.
  int cut(std::uint64_t length) noexcept;
  // Waits until the disk has it; returns errno or 0.
  int sync() noexcept;

 private:
  int descriptor_;
  char* window_ = nullptr;
  std::uint64_t offset_ = 0;
};

}  // namespace blackstart
