// Inventories in the form of an INI file, as kolla-ansible's `multinode` is.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "base/fields.h"
#include "lab/inventory_groups.h"

namespace blackstart::inventory {
namespace {

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r"), last = text.find_last_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

// The value without the quotes around it.
std::string unquoted(const std::string& text) {
  const bool quoted = text.size() > 1 && (text[0] == '"' || text[0] == '\'') && text.back() == text[0];
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// What stands before the first '=', ':' or blank. No message tells more of a line: a password may stand behind it.
std::string head_of(const std::string& text) { return text.substr(0, text.find_first_of("=: \t")); }

// Takes ":2222" off the end of a host's name; "" when there is none. Colons within brackets are of a range, and where there are
// several others it is an IPv6 address.
std::string take_port(std::string& pattern) {
  std::size_t colon = std::string::npos;
  bool within = false;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '[' || pattern[at] == ']') within = pattern[at] == '[';
    if (pattern[at] != ':' || within) continue;
    if (colon != std::string::npos) return "";
    colon = at;
  }
  if (colon == std::string::npos) return "";
  const std::string port = pattern.substr(colon + 1);
  pattern.resize(colon);
  return port;
}

class Ini {
 public:
  Ini(const std::string& text, std::string file) : text_(text), file_(std::move(file)) { groups_.file = file_; }

  Groups read() {
    std::istringstream lines(text_);
    for (std::string line; std::getline(lines, line);) {
      ++line_;
      line = trimmed(line);
      if (line.empty() || line[0] == '#' || line[0] == ';') continue;
      if (!header(line)) entry(line);
    }
    check_names();
    return std::move(groups_);
  }

 private:
  enum class Kind { hosts, children, variables };

  [[noreturn]] void bad(const std::string& why, const std::string& hint = "") const { bad_at(line_, why, hint); }
  [[noreturn]] void bad_at(int line, const std::string& why, const std::string& hint) const {
    throw Error(ErrorKind::bad_file, "", fmt::format("{}: {}", place(file_, line), why), hint);
  }

  // "[name]", "[name:children]", "[name:vars]"; a host's name may begin with a range.
  bool header(const std::string& line) {
    const std::string bare = trimmed(line.substr(0, line.find('#')));
    if (bare[0] != '[' || bare.back() != ']') return false;
    const std::string inner = bare.substr(1, bare.size() - 2);
    const std::size_t colon = inner.rfind(':');
    group_ = trimmed(inner.substr(0, colon));
    const std::string kind = colon == std::string::npos ? "" : trimmed(inner.substr(colon + 1));
    if (group_.empty() || group_.find_first_of(" \t[]") != std::string::npos)
      bad(fmt::format("'{}' is no group's name", group_));
    if (kind != "" && kind != "children" && kind != "vars")
      bad(fmt::format("'{}' is no kind of section", kind), "known are [group], [group:children] and [group:vars]");
    kind_ = kind == "vars" ? Kind::variables : kind == "children" ? Kind::children : Kind::hosts;
    if (kind_ == Kind::variables)
      wanted_.push_back({group_, line_});
    else
      groups_.group(group_);
    return true;
  }

  void entry(const std::string& line) {
    if (kind_ == Kind::variables) return variable(line);
    const std::vector<std::string> words = split(line);
    if (words.empty()) return;
    if (kind_ == Kind::hosts) return host(words);
    if (words.size() != 1)
      bad(fmt::format("'{}…' is no group's name", head_of(line)), "a section of children has one group a line");
    groups_.group(group_).children.push_back(words[0]);
    wanted_.push_back({words[0], line_});
  }

  void variable(const std::string& line) {
    const std::size_t equals = line.find('=');
    const std::string key = trimmed(line.substr(0, equals));
    if (equals == std::string::npos || key.empty())
      bad(fmt::format("'{}' is no variable", head_of(line)), "as in ansible_user=kolla");
    variables_[group_][key] = unquoted(trimmed(line.substr(equals + 1)));
  }

  void host(const std::vector<std::string>& words) {
    std::string pattern = words[0];
    if (pattern.find('=') != std::string::npos)
      bad(fmt::format("'{}' is a variable where a host's name must stand", head_of(pattern)), "as in c1 ansible_user=kolla");
    Inventory::Variables variables;
    if (const std::string port = take_port(pattern); !port.empty()) variables["ansible_port"] = checked_port(pattern, port);
    for (std::size_t i = 1; i < words.size(); ++i) {
      const std::size_t equals = words[i].find('=');
      if (equals == std::string::npos || equals == 0)
        bad(fmt::format("word {} behind '{}' is no variable", i, head_of(words[0])), "as in ansible_host=10.0.0.11");
      variables[words[i].substr(0, equals)] = words[i].substr(equals + 1);
    }
    for (const std::string& name : expand_hosts(pattern, place(file_, line_))) {
      groups_.host(name, line_);
      groups_.group(group_).hosts.push_back(name);
      for (const auto& [key, value] : variables) groups_.host_variables[name][key] = value;
    }
  }

  std::string checked_port(const std::string& host, const std::string& port) const {
    if (port.find_first_not_of("0123456789") != std::string::npos)
      bad(fmt::format("what stands behind '{}:' is no port", head_of(host)), "as in c1:2222");
    return port;
  }

  // Words as a shell splits them; '#' outside of quotes ends the line.
  std::vector<std::string> split(const std::string& line) const {
    std::vector<std::string> words;
    std::optional<std::string> word;
    char quote = 0;
    for (std::size_t at = 0; at < line.size(); ++at) {
      const char c = line[at];
      if (quote != 0 ? c == quote : c == '"' || c == '\'') {
        quote = quote != 0 ? 0 : c;
        if (!word) word.emplace();
      } else if (quote == 0 && c == '#') {
        break;
      } else if (quote == 0 && (c == ' ' || c == '\t')) {
        if (word) words.push_back(*word);
        word.reset();
      } else {
        if (!word) word.emplace();
        *word += c == '\\' && quote != '\'' && at + 1 < line.size() ? line[++at] : c;
      }
    }
    if (quote != 0) bad("a quotation mark is not closed");
    if (word) words.push_back(*word);
    return words;
  }

  // As with Ansible: children and variables are of groups that the file has.
  void check_names() {
    for (const auto& [name, line] : wanted_) {
      if (name == "all" || name == "ungrouped") groups_.group(name);
      if (!groups_.groups.contains(name))
        bad_at(line, fmt::format("there is no group '{}'", head_of(name)), suggestion(name, groups_.order));
    }
    for (const auto& [name, variables] : variables_) groups_.groups.at(name).variables = variables;
  }

  const std::string& text_;
  const std::string file_;
  int line_ = 0;
  std::string group_ = "ungrouped";
  Kind kind_ = Kind::hosts;
  Groups groups_;
  std::map<std::string, Inventory::Variables> variables_;
  struct Wanted {
    std::string name;
    int line;
  };
  std::vector<Wanted> wanted_;  // groups that must be there, and where that is said
};

}  // namespace

Groups read_ini(const std::string& text, const std::string& file) { return Ini(text, file).read(); }

}  // namespace blackstart::inventory
