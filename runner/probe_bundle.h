// The program for vantage points, and the libraries that it needs beside glibc: what a node gets.
//
// Purpose: a node of a cloud has neither our build nor its libraries; nothing is installed there. Ownership, thread rule: plain
// values and functions.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace blackstart {

struct ProbeBundle {
  std::string hash;                          // of all of them, by name and content: 16 hexadecimal digits
  std::vector<std::filesystem::path> files;  // the program first
};

// `blackstart-probe` beside the running program or one folder above it, where the tests find it. Throws Error(unmet).
std::filesystem::path probe_program();
// Asks ldd. Throws Error(unmet) when a library is missing here.
ProbeBundle probe_bundle(const std::filesystem::path& program);
// All files side by side, as tar and gzip make them.
std::string archive_of(const ProbeBundle& bundle);

}  // namespace blackstart
