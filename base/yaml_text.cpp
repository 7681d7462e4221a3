#include "base/yaml_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace blackstart::yaml {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Bytes of the UTF-8 character at the beginning of `text` (RFC 3629: shortest form, no surrogates, up to U+10FFFF); 0 if it is
// none.
std::size_t length_of_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const unsigned char least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (second < least || second > most) return 0;
  return std::all_of(text.begin() + 2, text.begin() + static_cast<std::ptrdiff_t>(length), continues) ? length : 0;
}

bool control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F; }

}  // namespace

Places::Places(std::string_view text) : starts_{0} {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts_.push_back(i + 1);
    if (continues(text[i])) continued_.push_back(i);
  }
}

Place Places::at(int line, int byte) const {
  if (line < 0 || byte < 0) return {};
  if (static_cast<std::size_t>(line) >= starts_.size()) return {line + 1, byte + 1};
  const std::size_t start = starts_[static_cast<std::size_t>(line)];
  const auto first = std::lower_bound(continued_.begin(), continued_.end(), start);
  const auto last = std::lower_bound(first, continued_.end(), start + static_cast<std::size_t>(byte));
  return {line + 1, byte + 1 - static_cast<int>(last - first)};
}

Place Places::at_offset(std::size_t offset) const {
  const auto line = std::upper_bound(starts_.begin(), starts_.end(), offset) - 1;
  return at(static_cast<int>(line - starts_.begin()), static_cast<int>(offset - *line));
}

std::optional<BadByte> find_bad_byte(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    if (control(text[i])) return BadByte{i, fmt::format("a control character (U+{:04X})", static_cast<int>(text[i]))};
    const std::size_t length = length_of_character(text.substr(i));
    if (length == 0) return BadByte{i, "the file is not UTF-8"};
    i += length;
  }
  return std::nullopt;
}

}  // namespace blackstart::yaml
