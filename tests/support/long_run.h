// The record of a rehearsal as long as is wanted, on disk.
#pragma once

#include "reports/record.h"

namespace blackstart::trace {

// Of the sample's, with so many operations: half of them transfers and half inquiries, 500/s each. Transfers fail for `outage`
// after the fault. The operations go to the file one by one, however many they are.
void write_long_run(const std::filesystem::path& folder, std::uint64_t operations, Duration outage = 4400ms);

}  // namespace blackstart::trace
