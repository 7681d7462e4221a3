// Ranges in the names of hosts: node[01:03], rack[a:c]-[1:40:2].
#include <fmt/format.h>

#include <charconv>
#include <cstdint>

#include "base/error.h"
#include "lab/inventory.h"

namespace blackstart {
namespace {

constexpr std::size_t kMost = 20'000;  // a slip such as [1:1000000] must not fill the memory
constexpr std::size_t kLongest = 1024;

[[noreturn]] void bad(const std::string& where, const std::string& range, const std::string& why) {
  throw Error(ErrorKind::bad_file, "", fmt::format("{}: '[{}]' is no range: {}", where, range, why),
              "as in node[01:03], node[a:c] or node[1:9:2]");
}

std::vector<std::string> parts_of(const std::string& range) {
  std::vector<std::string> parts{""};
  for (char c : range)
    if (c == ':')
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

std::int64_t number(const std::string& where, const std::string& range, const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) bad(where, range, "'" + text + "' is no number");
  return value;
}

bool is_letter(const std::string& text) {
  return text.size() == 1 && ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'));
}

std::vector<std::string> values_of(const std::string& range, const std::string& where) {
  std::vector<std::string> parts = parts_of(range);
  if (parts.size() < 2 || parts.size() > 3) bad(where, range, "it has no ':' between first and last");
  if (parts[0].empty()) parts[0] = "0";
  const std::int64_t step = parts.size() == 3 ? number(where, range, parts[2]) : 1;
  if (step == 0) bad(where, range, "its step is 0");
  const bool letters = is_letter(parts[0]) && is_letter(parts[1]);
  const std::int64_t first = letters ? parts[0][0] : number(where, range, parts[0]);
  const std::int64_t last = letters ? parts[1][0] : number(where, range, parts[1]);
  const bool padded = !letters && parts[0].size() > 1 && parts[0][0] == '0';
  if (padded && parts[0].size() != parts[1].size()) bad(where, range, "both ends must have the same number of digits");
  if (first > last) bad(where, range, "it ends before it begins");
  const std::int64_t steps = (last - first) / step;
  if (steps >= static_cast<std::int64_t>(kMost)) bad(where, range, "that is too many");
  std::vector<std::string> values;
  // Counted by steps: the value after the last one may be greater than any that there is.
  for (std::int64_t i = 0; i <= steps; ++i) {
    const std::int64_t value = first + i * step;
    values.push_back(letters ? std::string(1, static_cast<char>(value))
                             : fmt::format("{:0{}}", value, padded ? parts[0].size() : 0));
  }
  return values;
}

}  // namespace

std::vector<std::string> expand_hosts(const std::string& pattern, const std::string& where) {
  if (pattern.size() > kLongest)
    throw Error(ErrorKind::bad_file, "", fmt::format("{}: a host's name of more than {} characters", where, kLongest));
  const std::size_t open = pattern.find('['), close = pattern.find(']', open == std::string::npos ? 0 : open);
  if (open == std::string::npos) return {pattern};
  if (close == std::string::npos) bad(where, pattern.substr(open + 1), "there is no ']'");
  const std::vector<std::string> rest = expand_hosts(pattern.substr(close + 1), where);
  std::vector<std::string> hosts;
  for (const std::string& value : values_of(pattern.substr(open + 1, close - open - 1), where))
    for (const std::string& tail : rest) {
      hosts.push_back(pattern.substr(0, open) + value + tail);
      if (hosts.size() > kMost)
        throw Error(ErrorKind::bad_file, "", fmt::format("{}: '{}' is more than {} hosts", where, pattern, kMost));
    }
  return hosts;
}

}  // namespace blackstart
