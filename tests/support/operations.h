// Operations as files of operations meet them: of every shape, or like those of a bank at work.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>
#include <vector>

#include "reports/operation.h"
#include "reports/transfer_plan.h"

namespace blackstart {

inline void write_operations(const std::filesystem::path& file, const std::vector<Operation>& operations,
                             const std::vector<SeriesPlan>& plans = {}) {
  OperationFile out(file, plans);
  for (const Operation& operation : operations) out.record(operation);
  out.close();
}

inline void post(Operation& o, const Transfer& t) { o.posting = t.posting, o.from = t.from, o.to = t.to, o.amount = t.amount; }

// What a file keeps of it: times to the microsecond where they follow one another.
inline Operation as_kept(Operation o) {
  constexpr Time kNever{-1}, kLatest{4'000'000'000'000'000'000};
  const Time begun = o.sent == kNever ? o.scheduled : o.sent;
  const bool in_order = o.scheduled >= 0ns && begun >= o.scheduled && (o.done == kNever || o.done >= begun) &&
                        std::max(o.sent, o.done) <= kLatest;
  if (!in_order) return o;
  if (o.sent != kNever) o.sent = o.scheduled + (o.sent - o.scheduled) / 1000 * 1000;
  if (o.done != kNever) o.done = o.scheduled + (o.done - o.scheduled + 999ns) / 1000 * 1000;
  return o;
}

struct Load {
  double rate = 1000;                    // a second
  Duration lag = 100us;                  // the median of a log-normal distribution, as is the next
  Duration latency = 4'500us;            // nearly all within 2 and 10 ms
  double failures = 0.001;               // share
  std::uint64_t accounts = 100;          // 0: it posts nothing
  std::uint16_t error = 1205, good = 0;  // the error of those that failed, and of the others
};

// One series' operations in the order of their outcomes, the same for every caller.
inline std::vector<Operation> operations_of(const Load& load, std::uint64_t count) {
  std::mt19937_64 random(42);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> share;
  const auto spread = [&](Duration median, double sigma) {
    return Duration(static_cast<std::int64_t>(static_cast<double>(median.count()) * std::exp(sigma * normal(random))));
  };
  std::vector<Operation> operations(count);
  for (std::uint64_t k = 0; k < count; ++k) {
    Operation& o = operations[k];
    o.number = k;
    o.scheduled = 10ms + Duration(static_cast<std::int64_t>(static_cast<double>(k) * 1e9 / load.rate));
    o.sent = o.scheduled + spread(load.lag, 0.5);
    o.done = o.sent + spread(load.latency, 0.4);
    const bool failed = share(random) < load.failures;
    o.outcome = failed ? Outcome::failed : Outcome::ok;
    o.error = failed ? load.error : load.good;
    if (load.accounts != 0) post(o, planned_transfer(k, load.accounts));
  }
  std::stable_sort(operations.begin(), operations.end(),
                   [](const Operation& a, const Operation& b) { return a.done < b.done; });
  return operations;
}

}  // namespace blackstart
