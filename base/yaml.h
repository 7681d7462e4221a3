// The one YAML reader: a file becomes a tree of plain values that know where they stand.
//
// Purpose: places for messages, and refusal of what YAML lets slip: duplicate keys, aliases that explode, several documents,
// control characters, text that is not UTF-8.
// Ownership: a Value owns its children. Thread rule: plain data.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace blackstart::yaml {

// 1-based, as editors count.
struct Place {
  int line = 1;
  int column = 1;
};

struct Problem {
  std::string file;
  Place place;
  std::string message;
  std::string hint;  // may be empty
};
// "file:line:col: message (hint)"
std::string format(const Problem& problem);

struct Value {
  enum class Kind { null, scalar, list, map } kind = Kind::null;
  Place place;
  std::string scalar;  // as written, quotes removed
  std::vector<Value> items;
  struct Entry;
  std::vector<Entry> entries;  // in the order of the file; keys are unique

  const Value* find(const std::string& key) const;
};
struct Value::Entry {
  std::string key;
  Place place;
  Value value;
};

// Problems are appended to; the tree is as much as could be read. Limits: 4 MiB of text, 16 MiB
// with aliases copied, 64 levels, 200,000 values.
Value parse(const std::string& text, const std::string& file, std::vector<Problem>& problems);

// The file's text; throws Error(bad_file) when it can't be read.
std::string slurp(const std::filesystem::path& file);

}  // namespace blackstart::yaml
