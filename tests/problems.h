// What tests find outside of their test cases, where Catch has no assertions: it fails the whole executable.
//
// Purpose: the way from listeners to main(). Ownership: none. Thread rule: Catch's thread.
#pragma once

#include <string>

namespace blackstart {

// Prints it at once; the executable ends with 1, whatever its assertions say.
void count_problem(const std::string& problem);

}  // namespace blackstart
