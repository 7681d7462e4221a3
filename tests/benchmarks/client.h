// What our sides of the benchmarks have in common: their options, and what becomes of an error.
// Plain functions; one thread.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "base/clock.h"

namespace blackstart::benchmark {

struct ClientOptions {
  int port = 0;  // of 127.0.0.1
  double rate = 1000, seconds = 10, deadline = 5;
  std::filesystem::path operations;  // the file that they go to

  void describe(CLI::App& app) {
    app.add_option("--port", port)->required();
    app.add_option("--rate", rate);
    app.add_option("--seconds", seconds);
    app.add_option("--deadline", deadline);
    app.add_option("--ops", operations)->required();
  }
};

inline Duration seconds_of(double seconds) { return Duration(static_cast<std::int64_t>(1e9 * seconds)); }

// For main(): reads the options and runs; an error is told, and the exit code is 1.
template <class Options>
int run_client(int count, char** words, void (*run)(const Options&)) {
  try {
    CLI::App app;
    Options options;
    options.describe(app);
    app.parse(count, words);
    run(options);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}

}  // namespace blackstart::benchmark
