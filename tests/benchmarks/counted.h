// A file of operations that counts the outcomes of one series.
// Ownership: refers to the file. Thread rule: as OperationSink.
#pragma once

#include <fmt/format.h>

#include <array>
#include <string>

#include "reports/operation.h"

namespace blackstart::benchmark {

class Counted final : public OperationSink {
 public:
  Counted(OperationSink& file, std::uint16_t series) : file_(file), series_(series) {}
  void record(const Operation& operation) override {
    if (operation.series == series_) ++counts_[static_cast<std::size_t>(operation.outcome)];
    file_.record(operation);
  }
  void flush() override { file_.flush(); }
  // As the Python sides read it.
  std::string told(std::uint64_t planned) const {
    return fmt::format("planned={} ok={} failed={} indeterminate={} unsent={}", planned, of(Outcome::ok), of(Outcome::failed),
                       of(Outcome::indeterminate), of(Outcome::unsent));
  }

 private:
  std::uint64_t of(Outcome outcome) const { return counts_[static_cast<std::size_t>(outcome)]; }

  OperationSink& file_;
  const std::uint16_t series_;
  std::array<std::uint64_t, 4> counts_{};
};

}  // namespace blackstart::benchmark
