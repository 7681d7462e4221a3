// Reads a file of operations page by page.
//
// Purpose: a file may be larger than memory; whoever reads it needs room for one page. Ownership: owns its open file and the
// page that was read last. Thread rule: one thread; several readers of a file may be used in several threads.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "reports/operation_page.h"

namespace blackstart {

class OperationReader {
 public:
  // Throws Error(bad_file) when the file is missing or is none of ours.
  explicit OperationReader(const std::filesystem::path& file);

  // What the next page holds that holds any, in the order of the file; none at its end. Valid until the next call. Throws
  // Error(bad_file) when the disk fails.
  const std::vector<Operation>& next();
  // Of all that was read so far, as OperationLog has it.
  std::uint64_t damaged_bytes() const { return damaged_; }

 private:
  std::string_view take(std::size_t bytes);  // fewer at the end of the file
  bool read_page();                          // false: the file has ended
  bool read_old();

  std::filesystem::path file_;
  std::ifstream stream_;
  std::string bytes_;
  std::vector<Operation> operations_;
  operation_page::PageReader pages_;
  bool old_ = false;             // version 1
  bool first_ = true;            // the page that shares its bytes with the file's head
  std::uint64_t unwritten_ = 0;  // bytes of pages that are empty: damaged when one follows that is not
  std::uint64_t damaged_ = 0;
};

}  // namespace blackstart
