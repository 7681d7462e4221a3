// An Ansible inventory: its hosts, the groups they are in, and their variables.
//
// Purpose: INI and YAML as people write them, and the JSON that `ansible-inventory --list` prints, become one plain value. Only
// what stands in the file itself is known: host_vars/, group_vars/, plugins and templates are Ansible's business (its JSON has
// them). Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace blackstart {

struct Inventory {
  using Variables = std::map<std::string, std::string>;
  struct Host {
    std::string name;
    int line = 0;                     // where it first stands, from 1; 0: not known (JSON)
    std::vector<std::string> groups;  // it is in these, by itself or through their children; never "all" or "ungrouped"
    Variables variables;              // its own over its groups', deeper groups' over their parents'
    bool in(const std::string& group) const;
    std::string variable(const std::string& name) const;  // "" when there is none
  };
  std::vector<Host> hosts;          // in the order of the file
  std::vector<std::string> groups;  // likewise
};

// `file` is the name in messages; its ending and the text tell the form. Throws Error(bad_file) with "file:line: what is
// wrong".
Inventory parse_inventory(const std::string& text, const std::string& file);

// "node[01:03]" → node01, node02, node03; as Ansible counts: letters too, a step as third part, both ends included. Throws
// Error(bad_file) that starts with `where`; so do more than 20,000 names.
std::vector<std::string> expand_hosts(const std::string& pattern, const std::string& where);

}  // namespace blackstart
