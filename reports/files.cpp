#include "reports/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/error.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace blackstart {
namespace {

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  constexpr std::uint32_t kPolynomial = 0x82F63B78;  // Castagnoli's, the lowest bit first
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    table[byte] = byte;
    for (int bit = 0; bit < 8; ++bit) table[byte] = (table[byte] >> 1) ^ ((table[byte] & 1) != 0 ? kPolynomial : 0);
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();

#if defined(__x86_64__)
const bool kCrcInstruction = __builtin_cpu_supports("sse4.2") != 0;

__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_instruction(std::string_view bytes, std::uint32_t before) {
  std::uint64_t crc = ~before;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    crc = _mm_crc32_u64(crc, word);
  }
  for (unsigned char byte : bytes) crc = _mm_crc32_u8(static_cast<std::uint32_t>(crc), byte);
  return ~static_cast<std::uint32_t>(crc);
}
#else
constexpr bool kCrcInstruction = false;
std::uint32_t crc32c_by_instruction(std::string_view bytes, std::uint32_t before) { return crc32c_by_table(bytes, before); }
#endif

}  // namespace

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

std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t before) {
  std::uint32_t crc = ~before;
  for (unsigned char byte : bytes) crc = kCrcTable[(crc ^ byte) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
  return kCrcInstruction ? crc32c_by_instruction(bytes, before) : crc32c_by_table(bytes, before);
}

std::uint32_t crc32c_by_table(std::uint64_t word, unsigned length, std::uint32_t before) {
  char bytes[8];
  for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<char>(word >> (8 * i));
  return crc32c_by_table({bytes, length}, before);
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
