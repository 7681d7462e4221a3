#include "faults/script.h"

#include <fmt/format.h>

#include <cstdint>

namespace blackstart {
namespace {

// RFC 4648, section 4.
std::string base64(const std::string& text) {
  constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) bits = bits << 8 | (i + j < text.size() ? static_cast<unsigned char>(text[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j) out += i + j <= text.size() ? kDigits[bits >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

}  // namespace

// Not by a pipe into the shell: a command of the script that reads its input would swallow the rest of the script.
std::string plain_command(const std::string& script) {
  return fmt::format("/bin/sh -c \"`echo {} | base64 -d`\" </dev/null", base64(script));
}

}  // namespace blackstart
