// Stores into mapped files that the file system can't keep, and that must not end the process.
//
// Purpose: a window of a file that raises SIGBUS is replaced by plain memory, and marked; any other SIGBUS goes to whoever had
// it before. Ownership: a table for the whole process; the first take() installs the handler. Thread rule: a place of the table
// is used by one thread, different ones by any.
#pragma once

#include <cstddef>
#include <optional>

namespace blackstart::bus_guard {

// A free place; nothing when all 256 are taken.
std::optional<std::size_t> take();
void give_back(std::size_t place) noexcept;
// The window to watch from now on, instead of the one before.
void watch(std::size_t place, void* window, std::size_t bytes) noexcept;
// A store into one of its windows has failed since it was taken.
bool hit(std::size_t place) noexcept;

}  // namespace blackstart::bus_guard
