// Inventories in YAML, and the JSON that `ansible-inventory --list` prints.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/yaml.h"
#include "lab/inventory_groups.h"

namespace blackstart::inventory {
namespace {

using yaml::Value;
using Json = nlohmann::ordered_json;

class Yaml {
 public:
  explicit Yaml(const std::string& file) { groups_.file = file; }

  Groups read(const std::string& text) {
    std::vector<yaml::Problem> problems;
    const Value root = yaml::parse(text, groups_.file, problems);
    if (!problems.empty()) throw Error(ErrorKind::bad_file, "", yaml::format(problems.front()));
    expect(root, "the inventory", Value::Kind::map);
    for (const auto& entry : root.entries) group(entry);
    return std::move(groups_);
  }

 private:
  [[noreturn]] void bad(const yaml::Place& at, const std::string& why, const std::string& hint = "") const {
    throw Error(ErrorKind::bad_file, "", yaml::format({groups_.file, at, why, hint}));
  }

  void expect(const Value& value, const std::string& what, Value::Kind kind) const {
    if (value.kind == Value::Kind::null) return;
    if (value.kind != kind)
      bad(value.place, what + " must be a map of names", "hosts, children and vars have names with ':' behind them");
  }

  void group(const Value::Entry& entry) {
    groups_.group(entry.key);
    expect(entry.value, "the group '" + entry.key + "'", Value::Kind::map);
    for (const auto& part : entry.value.entries) {
      expect(part.value, "'" + part.key + "' of the group '" + entry.key + "'", Value::Kind::map);
      if (part.key == "hosts")
        for (const auto& host : part.value.entries) hosts(entry.key, host);
      else if (part.key == "children")
        children(entry.key, part.value);
      else if (part.key == "vars")
        variables(part.value, groups_.group(entry.key).variables);
      else
        bad(part.place, fmt::format("'{}' is no part of a group", part.key), "known are hosts, children and vars");
    }
  }

  void children(const std::string& parent, const Value& value) {
    for (const auto& child : value.entries) {
      groups_.group(parent).children.push_back(child.key);
      group(child);
    }
  }

  void hosts(const std::string& group, const Value::Entry& entry) {
    const std::string where = fmt::format("{}:{}:{}", groups_.file, entry.place.line, entry.place.column);
    expect(entry.value, "the host '" + entry.key + "'", Value::Kind::map);
    for (const std::string& name : expand_hosts(entry.key, where)) {
      groups_.host(name, entry.place.line);
      groups_.group(group).hosts.push_back(name);
      variables(entry.value, groups_.host_variables[name]);
    }
  }

  // Lists and maps are for Ansible's roles; nothing of ours is among them.
  static void variables(const Value& value, Inventory::Variables& into) {
    for (const auto& entry : value.entries)
      if (entry.value.kind == Value::Kind::scalar) into[entry.key] = entry.value.scalar;
  }

  Groups groups_;
};

void json_variables(const Json& json, Inventory::Variables& into) {
  for (const auto& [key, value] : json.items()) {
    if (value.is_string())
      into[key] = value.get<std::string>();
    else if (value.is_number() || value.is_boolean())
      into[key] = value.dump();
  }
}

void json_group(const std::string& name, const Json& json, Groups& groups) {
  Group& group = groups.group(name);
  if (!json.is_object()) throw std::runtime_error("the group '" + name + "' is no object");
  for (const Json& host : json.value("hosts", Json::array())) {
    groups.host(host.get<std::string>(), 0);
    group.hosts.push_back(host.get<std::string>());
  }
  for (const Json& child : json.value("children", Json::array())) group.children.push_back(child.get<std::string>());
  if (json.contains("vars")) json_variables(json.at("vars"), group.variables);
}

}  // namespace

Groups read_yaml(const std::string& text, const std::string& file) { return Yaml(file).read(text); }

Groups read_json(const std::string& text, const std::string& file) {
  Groups groups;
  groups.file = file;
  try {
    const Json json = Json::parse(text);
    for (const auto& [name, group] : json.items())
      if (name != "_meta") json_group(name, group, groups);
    const Json variables = json.value("_meta", Json::object()).value("hostvars", Json::object());
    for (const auto& [host, of_host] : variables.items()) json_variables(of_host, groups.host_variables[host]);
  } catch (const Json::parse_error& error) {
    // Its what() shows the text around the place: a password may stand there.
    throw Error(ErrorKind::bad_file, "reading the inventory " + file, fmt::format("it is no sound JSON at byte {}", error.byte),
                "as JSON it must be what ansible-inventory --list prints");
  } catch (const std::exception& error) {
    throw Error(ErrorKind::bad_file, "reading the inventory " + file, error.what(),
                "as JSON it must be what ansible-inventory --list prints");
  }
  return groups;
}

}  // namespace blackstart::inventory
