#include "faults/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/units.h"

namespace blackstart {
namespace {

bool only(const std::string& text, const char* others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string(others).find(c) != std::string::npos;
  });
}

}  // namespace

std::string undoing(const UndoRecord& record) { return fmt::format("undoing {} on {}", record.kind, record.node); }

void bad_fact(const UndoRecord& record, const std::string& name, const std::string& why) {
  throw Error(ErrorKind::bad_file, undoing(record), fmt::format("its fact '{}' {}", name, why),
              "the journal was changed or is of another version");
}

std::string fact_or_none(const UndoRecord& record, const std::string& name) {
  const auto found = record.facts.find(name);
  return found == record.facts.end() ? "" : found->second;
}

std::string fact(const UndoRecord& record, const std::string& name) {
  std::string value = fact_or_none(record, name);
  if (value.empty()) bad_fact(record, name, "is missing");
  return value;
}

std::int64_t number_fact(const UndoRecord& record, const std::string& name, std::int64_t least) {
  const std::string text = fact(record, name);
  const auto value = parse_integer(text);
  if (!value || *value < least) bad_fact(record, name, fmt::format("is no number from {}: '{}'", least, text));
  return *value;
}

std::string id_fact(const UndoRecord& record) {
  std::string id = fact(record, "id");
  if (id.size() > 230 || id[0] == '-' || id[0] == '.' || !only(id, "-_."))
    bad_fact(record, "id", fmt::format("names no injection: '{}'", id));
  return id;
}

std::string path_fact(const UndoRecord& record, const std::string& name) {
  std::string path = fact(record, name);
  if (!is_plain_path(path)) bad_fact(record, name, fmt::format("is no plain absolute path: '{}'", path));
  return path;
}

bool is_plain_path(const std::string& path) {
  if (path.empty() || path[0] != '/' || path.size() > 1024 || !only(path, "-_./+:")) return false;
  if (path == "/") return true;
  std::istringstream parts(path.substr(1));
  for (std::string part; std::getline(parts, part, '/');)
    if (part.empty() || part == "." || part == "..") return false;
  return path.back() != '/';
}

}  // namespace blackstart
