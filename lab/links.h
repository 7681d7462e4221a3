// The lab's networks on the host: bridges, and the links between sites, made with `ip` and read back.
//
// Purpose: everything made carries the mark "blackstart lab NAME" as its alias, so that a lab is found again and removed
// without a list, and nothing of others is touched. Ownership: none; state is the kernel's. Thread rule: one lab, one thread.
#pragma once

#include <string>
#include <vector>

#include "lab/lab_file.h"

namespace blackstart {

struct HostLink {
  std::string name;
  std::string alias;
  std::string master;  // the bridge it is a port of
  bool up = false;
  std::vector<std::string> addresses;  // "198.18.10.1/24"
};

// What marks a lab's links and domains as its own.
std::string lab_mark(const std::string& lab);

// What `ip -j -d address show` prints.
std::vector<HostLink> parse_links(const std::string& json);
std::vector<HostLink> read_links();

// Why the lab's ranges or interface names can't be had on this host: one sentence each; empty when they can. `routes_json` is
// what `ip -j route show table all` prints.
std::vector<std::string> conflicts(const LabFile& lab, const std::vector<HostLink>& links, const std::string& routes_json);
// Throws Error(unmet) with all conflicts.
void refuse_conflicts(const LabFile& lab);

// The arguments of `ip -batch` that are still to be done, in order; empty when all is there.
std::vector<std::string> missing_steps(const LabFile& lab, const std::vector<HostLink>& links);
// Makes what is missing and reads it back. Throws Error(internal) if it isn't there then.
void make_links(const LabFile& lab);
// Removes whatever carries the lab's mark; returns how many.
std::size_t remove_links(const std::string& lab);

}  // namespace blackstart
