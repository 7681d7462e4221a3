// Writes the record of a long rehearsal, for the benchmark start_report.
//
//   write_run FOLDER OPERATIONS
#include <iostream>

#include "base/error.h"
#include "tests/support/long_run.h"

int main(int count, char** words) {
  if (count != 3) {
    std::cerr << "write_run FOLDER OPERATIONS\n";
    return blackstart::kUsage;
  }
  try {
    blackstart::trace::write_long_run(words[1], std::stoull(words[2]));
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
