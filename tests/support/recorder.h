// A sink that keeps what it is given. To be read when the probe has stopped.
#pragma once

#include <algorithm>
#include <vector>

#include "reports/operation.h"

namespace blackstart {

struct Recorder : OperationSink {
  void record(const Operation& operation) override { operations.push_back(operation); }
  void flush() override {}
  std::vector<Operation> operations;

  // Of one series, or of all.
  std::size_t count(Outcome outcome, int series = -1) const {
    return static_cast<std::size_t>(std::count_if(operations.begin(), operations.end(), [&](const Operation& o) {
      return o.outcome == outcome && (series < 0 || o.series == series);
    }));
  }
};

}  // namespace blackstart
