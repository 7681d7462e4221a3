// What runs on a vantage point: the same probe, with nobody to talk to. All that it is told and all that it tells are files in
// its folder (probes/vantage_spec.h), so that a cut connection changes nothing.
//
// Purpose: the side of the node; the runner's is runner/vantage_probe.h. Ownership, thread rule: plain functions; serve takes
// over SIGTERM and SIGINT of its process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace blackstart {

// Could it be sent from here? Reads only. Throws Error.
void check_vantage(const std::filesystem::path& folder);
// Sends until the file `stop` is there, its lifetime or its disk is used up. Throws Error; what happened stands in `ended.json`
// too.
void serve_vantage(const std::filesystem::path& folder);

// What the runner asks for again and again: a line of JSON (boot, now, rate, alive, size, started, ended) and, behind it, bytes
// of the operations from `offset` on, at most `most`. `now` is this machine's monotonic clock: the ping; `rate` is how it is
// being corrected (probes/clock_rate.h).
std::string poll_vantage(const std::filesystem::path& folder, std::uint64_t offset, std::uint64_t most);

// The command line of `blackstart-probe`: check, serve and poll. Returns its exit code (base/error.h).
int run_vantage_cli(int argc, char** argv);

}  // namespace blackstart
