// What the bank's customers were told about each posting, sorted to be compared with the replicas' rows.
//
// Purpose: the audit's one side. Ownership: plain values; refers to nothing. Thread rule: plain data.
#pragma once

#include <string>
#include <vector>

#include "reports/stream.h"

namespace blackstart {

struct Postings {
  std::vector<Operation> all;  // by posting, each posting once
  bool whole = false;          // each operation that may have posted is here: only then is an unknown row a phantom
  std::string problem;         // why not
  double rate = 0;             // a second
};

Postings postings_of(const ProbeRecord& probe, const std::vector<Stream>& streams);

// Sums stop at the ends of the range instead of overflowing.
std::int64_t add(std::int64_t a, std::int64_t b);

}  // namespace blackstart
