#include "faults/answer.h"

#include <fmt/format.h>

#include <sstream>

#include "base/error.h"
#include "base/units.h"

namespace blackstart {

Answer::Answer(Remote& remote, const std::string& doing, const std::string& node, const std::string& command,
               const Deadline& deadline)
    : doing_(doing) {
  std::istringstream in(remote.check(doing, node, command, deadline));
  for (std::string line; std::getline(in, line);)
    if (const std::size_t equals = line.find('='); equals != std::string::npos)
      lines_.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  if (lines_.empty() || lines_.back() != std::pair<std::string, std::string>("End", "1"))
    throw Error(ErrorKind::unmet, doing, "the answer was cut short");
}

std::string Answer::text(const std::string& name) const {
  for (const auto& [key, value] : lines_)
    if (key == name) return value;
  throw Error(ErrorKind::unmet, doing_, "the answer has no " + name);
}

std::int64_t Answer::number(const std::string& name) const {
  const std::string value = text(name);
  const auto number = parse_integer(value);
  if (!number) throw Error(ErrorKind::unmet, doing_, fmt::format("{} is no number: '{}'", name, value));
  return *number;
}

std::vector<std::string> Answer::all(const std::string& name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : lines_)
    if (key == name) values.push_back(value);
  return values;
}

// FNV-1a: the same on every machine and in every version, as undo records need it.
std::string short_name(const std::string& id) {
  std::uint64_t hash = 14695981039346656037U;
  for (const unsigned char c : id) hash = (hash ^ c) * 1099511628211U;
  return fmt::format("{:012x}", (hash ^ (hash >> 48)) & 0xffffffffffffU);
}

}  // namespace blackstart
