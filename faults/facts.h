// The facts of an undo record, checked when they are used: they come from a file.
//
// Purpose: each reader throws Error(bad_file) that names the undo and the fact. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "faults/fault.h"

namespace blackstart {

// "undoing service.running on c1"
std::string undoing(const UndoRecord& record);
[[noreturn]] void bad_fact(const UndoRecord& record, const std::string& name, const std::string& why);
// Empty when it isn't there.
std::string fact_or_none(const UndoRecord& record, const std::string& name);
std::string fact(const UndoRecord& record, const std::string& name);
std::int64_t number_fact(const UndoRecord& record, const std::string& name, std::int64_t least);
// A dead-man's id: fit for names of units and files.
std::string id_fact(const UndoRecord& record);
// An absolute path as is_plain_path() wants it.
std::string path_fact(const UndoRecord& record, const std::string& name);

// Absolute, of letters, digits and -_./+: only, without "//", "." and ".." as parts: means the same in every shell and unit.
bool is_plain_path(const std::string& path);

}  // namespace blackstart
