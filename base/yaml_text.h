// The raw text of a YAML file: what is in it that no reader should be given, and where a byte of it stands.
// Ownership, thread rule: plain data.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"

namespace blackstart::yaml {

// Turns lines and byte offsets within them into what editors show: a column is a character, not a byte.
class Places {
 public:
  explicit Places(std::string_view text);
  // `line` counts from 0, `byte` from 0 within the line; both may lie behind the end.
  Place at(int line, int byte) const;
  Place at_offset(std::size_t offset) const;

 private:
  std::vector<std::size_t> starts_;     // of the lines
  std::vector<std::size_t> continued_;  // offsets of the bytes that only go on with a character
};

struct BadByte {
  std::size_t offset;
  std::string message;
};
// The first place that is not UTF-8, or that holds a control character other than tab and line ends (yaml-cpp takes U+0004 for
// the end of the file and would drop what follows).
std::optional<BadByte> find_bad_byte(std::string_view text);

}  // namespace blackstart::yaml
