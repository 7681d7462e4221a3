// Files as the record needs them: read whole, append in one write, replace atomically.
//
// Purpose: one place for the care that a crash or a full disk asks for. Ownership: an AppendFile owns its descriptor.
// Thread rule: an AppendFile belongs to one thread at a time; the functions are independent of each other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace blackstart {

// The whole file; throws Error(bad_file) when it can't be read.
std::string read_whole(const std::filesystem::path& file);

// Writes `text` beside `file` and renames it over `file`, so that a reader sees the old or the new one, never a part.
// Returns true when a file was there whose content was another. Throws Error(internal).
bool write_atomically(const std::filesystem::path& file, std::string_view text);

// A file name for a user's name: letters, digits, '-', '_' and '.' stay, all else becomes %XX; never "", "." or "..".
std::string file_name_of(const std::string& name);

// CRC-32C (Castagnoli, RFC 3720) of `bytes`, which follow on those whose checksum is `before` (0: on none).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);
// What crc32c() does where the processor has no instruction for it.
std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before = 0);
std::uint32_t crc32c_by_table(std::uint64_t word, unsigned length, std::uint32_t before);  // as in crc_word.h

// A file that only grows. Every descriptor is close-on-exec.
class AppendFile {
 public:
  enum class Open { must_not_exist, may_exist };
  // Throws Error(internal) that says `what` could not be opened and why.
  AppendFile(const std::filesystem::path& file, Open open);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  // All of `bytes`, in one write(2) unless the kernel takes less; returns errno, 0 when all went well.
  int append(std::string_view bytes) noexcept;
  // Waits until the disk has it; returns errno or 0.
  int sync() noexcept;

 private:
  int descriptor_;
};

}  // namespace blackstart
