// Enough file numbers for all that a probe may have open in an outage.
#pragma once

#include <cstdint>
#include <string>

namespace blackstart {

// `most` connections at one time, and what the rest of the process needs; raises our own limit where it may.
// Throws Error(unmet) with `whose` ("a ledger with these rates"). Any thread, one at a time.
void require_open_files(std::int64_t most, const std::string& whose);

}  // namespace blackstart
