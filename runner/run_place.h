// Where runs are written: a folder of their own, named after time and scenario.
//
// Purpose: no run ever writes into another's folder; OUT/latest leads to the newest. Ownership, thread rule: plain functions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace blackstart {

// "20261121T064628Z" of a wall clock in ns since 1970 UTC.
std::string folder_time(std::int64_t wall);

// Makes OUT/NAME, or OUT/NAME-2 and so on when that is there already, and lets OUT/latest lead to it. Throws Error(unmet).
std::filesystem::path new_run_folder(const std::filesystem::path& out, const std::string& name);

}  // namespace blackstart
