// Files of a replica's rows as they were before: text, a line a row. docs/record.md has the format line by line.
//
// Purpose: a record of last year is judged the same. Ownership: plain values. Thread rule: a pure function.
#pragma once

#include <string_view>

#include "reports/snapshot.h"

namespace blackstart {

inline constexpr std::string_view kOldRowsFirstLine = "blackstart rows 1";

// `name` is the file's, for what is told about it; `text` begins with the first line. All its rows are in memory.
ReplicaSnapshot read_old_rows(const std::string& name, std::string_view text);

}  // namespace blackstart
