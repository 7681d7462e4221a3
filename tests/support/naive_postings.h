// What was sent, by posting, all of it in memory. A part of naive_audit.h.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "reports/record.h"
#include "reports/stream.h"

namespace blackstart::naive {

struct Postings {
  std::vector<Operation> all;  // by posting, each posting once
  bool whole = false;
  std::string problem;
  double rate = 0;
};

inline void collect(const Stream& stream, Postings& result) {
  result.rate += stream.info->rate;
  for (const Operation& o : stream.operations)
    if (o.posting != 0) result.all.push_back(o);
}

inline std::string trouble_of(const Stream& stream) {
  if (!stream.problem.empty()) return stream.info->name + ": " + stream.problem;
  std::uint64_t missing = stream.planned - std::min<std::uint64_t>(stream.planned, stream.operations.size());
  return missing == 0 ? "" : fmt::format("{}: {} operations are not in the record", stream.info->name, missing);
}

// What the record of the probe says about whether it is all there.
inline std::string trouble_of(const ProbeRecord& probe) {
  if (probe.damaged_bytes > 0) return fmt::format("{} bytes of its operations are damaged", probe.damaged_bytes);
  return probe.stopped.count() < 0 ? "it was not seen to stop" : "";
}

inline void sort_by_posting(Postings& result) {
  auto& all = result.all;
  std::stable_sort(all.begin(), all.end(), [](const Operation& a, const Operation& b) { return a.posting < b.posting; });
  auto same = [](const Operation& a, const Operation& b) { return a.posting == b.posting; };
  auto twice = std::adjacent_find(all.begin(), all.end(), same);
  if (twice == all.end()) return;
  if (result.problem.empty()) result.problem = fmt::format("the client used posting {} twice", twice->posting);
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
}

inline Postings postings_of(const ProbeRecord& probe, const std::vector<Stream>& streams) {
  Postings result;
  result.problem = trouble_of(probe);
  for (const Stream& stream : streams) {
    if (!stream.info->posts) continue;
    collect(stream, result);
    if (result.problem.empty()) result.problem = trouble_of(stream);
  }
  sort_by_posting(result);
  result.whole = result.problem.empty();
  return result;
}

}  // namespace blackstart::naive
