// Where the run's generator or its record was blind (reports/outages.h), found while the operations go by.
//
// Purpose: needs no operations to be kept. Ownership: refers to the Stream. Thread rule: one thread.
#pragma once

#include <vector>

#include "reports/judgement.h"
#include "reports/stream.h"

namespace blackstart {

class BlindSearch {
 public:
  explicit BlindSearch(const Stream& stream) : stream_(stream), before_(stream.started) {}
  void see(const Operation& operation);  // each of the stream's, once and in order
  std::vector<BlindInterval> found();    // after the last one

 private:
  // Operations of one kind of trouble that follow one another.
  struct Trouble {
    enum class Kind { none, late, unsent, missing, pause } kind = Kind::none;
    Time from{0}, to{0};
    std::uint64_t first = 0, last = 0;
    Duration worst{0};
  };
  static std::string words(const Trouble& trouble);
  void look_for_gap(Time next, std::uint64_t number);
  void add(const Trouble& trouble);
  void merge();  // the trouble that is at an end into what was found

  const Stream& stream_;
  Time before_;  // when the operation before was scheduled
  std::uint64_t expected_ = 0;
  Trouble now_;
  int told_ = 0;  // kinds of trouble of the last interval
  std::vector<BlindInterval> found_;
};

}  // namespace blackstart
