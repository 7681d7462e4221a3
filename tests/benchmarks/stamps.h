// What the C++ sides of the benchmarks leave for the Python ones, and room for all their connections.
// Plain values; any thread.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace blackstart::benchmark {

// Two moments of one request, of CLOCK_MONOTONIC.
struct Stamp {
  Time first{0}, second{0};
};

// For each two whole numbers of 64 bits, nanoseconds, in this machine's byte order. Throws Error(internal).
inline void write_stamps(const std::filesystem::path& file, const std::vector<Stamp>& stamps) {
  std::ofstream out(file, std::ios::binary);
  for (const Stamp& stamp : stamps) {
    const std::int64_t both[] = {stamp.first.count(), stamp.second.count()};
    out.write(reinterpret_cast<const char*>(both), sizeof both);
  }
  out.close();
  if (!out) throw Error(ErrorKind::internal, "writing " + file.string(), "not all of it was taken", "is the disk full?");
}

// As many open files as this process may have.
inline void raise_open_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace blackstart::benchmark
