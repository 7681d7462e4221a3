#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <iostream>

#include "tests/problems.h"

namespace {
int problems = 0;
}

void blackstart::count_problem(const std::string& problem) {
  ++problems;
  std::cout << problem << std::endl;
}

int main(int argc, char* argv[]) {
  const int failed = Catch::Session().run(argc, argv);
  return failed == 0 && problems > 0 ? 1 : failed;
}
