// What resource.io and resource.disk want to know of a folder's file system.
//
// Purpose: refuse what they can't or mustn't touch. Pure functions and one round trip; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "faults/fault.h"

namespace blackstart {

struct FileSystem {
  std::string mount, type;          // "/var", "ext4"
  std::int64_t size = 0, free = 0;  // bytes; free: to users other than root
  bool is_system = false;           // it is the one of /, /run or /tmp: what the node and our undo live on
};

// Throws Error(unmet) when the folder isn't there.
FileSystem read_file_system(FaultContext context, const std::string& node, const std::string& folder, const Deadline& deadline);

// The field `path`: an absolute folder.
void describe_folder(Fields& f, std::string& folder, const char* doc);

}  // namespace blackstart
