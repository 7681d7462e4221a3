// What the readers of the three forms of an inventory fill in, and how it becomes an Inventory.
//
// Purpose: groups, children and variables are put together in one place. Ownership: plain values. Thread rule: pure functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lab/inventory.h"

namespace blackstart::inventory {

struct Group {
  std::vector<std::string> hosts, children;
  Inventory::Variables variables;
};

struct Groups {
  std::string file;
  std::vector<std::string> order;       // of groups
  std::map<std::string, Group> groups;  // "all" among them where the file has it
  std::vector<std::string> host_order;
  std::map<std::string, int> host_lines;
  std::map<std::string, Inventory::Variables> host_variables;

  Group& group(const std::string& name);
  void host(const std::string& name, int line);
};

// "file:12", or "file" for line 0.
std::string place(const std::string& file, int line);

// Throws Error(bad_file) when a group contains itself.
Inventory resolve(const Groups& groups);

Groups read_ini(const std::string& text, const std::string& file);
Groups read_yaml(const std::string& text, const std::string& file);
Groups read_json(const std::string& text, const std::string& file);

}  // namespace blackstart::inventory
