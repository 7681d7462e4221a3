#include "reports/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/crc.hpp>
#include <cerrno>
#include <fstream>
#include <iterator>

#include "base/error.h"

namespace blackstart {

std::string read_whole(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::error_code error;
  if (!stream || !std::filesystem::is_regular_file(file, error))
    throw Error(ErrorKind::bad_file, "reading " + file.string(), "there is no such file, or it may not be read");
  std::string text(std::filesystem::file_size(file, error), '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (stream.bad()) throw Error(ErrorKind::bad_file, "reading " + file.string(), "the disk reports an error");
  return text;
}

bool write_atomically(const std::filesystem::path& file, std::string_view text) {
  bool changes = std::filesystem::exists(file) && read_whole(file) != text;
  std::filesystem::path beside = file.string() + ".new";
  std::error_code ignored;
  std::filesystem::remove(beside, ignored);
  AppendFile fresh(beside, AppendFile::Open::must_not_exist);
  if (int error = fresh.append(text)) throw_errno("writing " + beside.string(), error);
  if (int error = fresh.sync()) throw_errno("writing " + beside.string(), error);
  std::error_code error;
  std::filesystem::rename(beside, file, error);
  if (error) throw_errno("renaming " + beside.string() + " to " + file.string(), error.value());
  return changes;
}

std::string file_name_of(const std::string& name) {
  std::string result;
  for (unsigned char c : name) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                 (c == '.' && !result.empty());
    result += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  }
  return result.empty() ? "%" : result;
}

std::uint32_t crc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

AppendFile::AppendFile(const std::filesystem::path& file, Open open)
    : descriptor_(
          ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | (open == Open::must_not_exist ? O_EXCL : 0), 0644)) {
  if (descriptor_ < 0) throw_errno("opening " + file.string() + " for writing", errno);
}

AppendFile::~AppendFile() { ::close(descriptor_); }

int AppendFile::append(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int AppendFile::sync() noexcept { return ::fsync(descriptor_) == 0 ? 0 : errno; }

}  // namespace blackstart
