#include "reports/certificate.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/words.h"

namespace blackstart {
namespace {

Duration quantile(const std::vector<Duration>& sorted, std::size_t percent) {
  if (sorted.empty()) return Duration(0);
  return sorted[std::max<std::size_t>((sorted.size() * percent + 99) / 100, 1) - 1];
}

Duration error_of(const KnownOutage& known, const KnownOutage::Reading& reading) {
  return std::max(std::chrono::abs(reading.value - known.least), std::chrono::abs(reading.value - known.most));
}

Duration error_of(const KnownOutage& known) {
  return known.seen == 1 ? std::max(error_of(known, known.rto), error_of(known, known.length)) : known.most;
}

// Whatever the truth was between the server's stamps.
bool covers(const KnownOutage::Reading& reading, const KnownOutage& known) {
  return reading.value - reading.plus_minus <= known.least && reading.value + reading.plus_minus >= known.most;
}

bool covered(const KnownOutage& known) { return known.seen == 1 && covers(known.rto, known) && covers(known.length, known); }

void count(const KnownOutage& known, Certificate& c) {
  c.shortest = c.outages == 0 ? known.least : std::min(c.shortest, known.least);
  c.longest = std::max(c.longest, known.most);
  ++c.outages;
  if (known.seen == 0) ++c.missed;
  if (known.seen > 1) ++c.split;
  if (covered(known)) ++c.covered;
}

}  // namespace

bool same_machine(const MachineInfo& one, const MachineInfo& other) {
  const bool nameless = one.id.empty() && other.id.empty();
  return one.cpu == other.cpu && one.cores == other.cores && (nameless ? one.hostname == other.hostname : one.id == other.id);
}

Spread spread_of(std::vector<Duration> values) {
  std::sort(values.begin(), values.end());
  return {quantile(values, 50), quantile(values, 99), values.empty() ? Duration(0) : values.back()};
}

Certificate certify(const std::vector<KnownOutage>& known, const Spread& send_lag, const Spread& floor) {
  Certificate c;
  std::vector<Duration> errors;
  for (const KnownOutage& one : known) {
    count(one, c);
    errors.push_back(error_of(one));
  }
  std::sort(errors.begin(), errors.end());
  c.error_p50 = quantile(errors, 50);
  c.error_p95 = quantile(errors, 95);
  c.error_max = quantile(errors, 100);
  c.send_lag = send_lag;
  c.floor = floor;
  return c;
}

std::vector<std::string> why_bad(const Certificate& c) {
  std::vector<std::string> reasons;
  if (c.outages < kLeastOutages)
    reasons.push_back(fmt::format("{} of known length {} made, and it takes {}", count_text(c.outages, "outage"),
                                  c.outages == 1 ? "was" : "were", kLeastOutages));
  if (c.missed > 0) reasons.push_back(fmt::format("{} of {} outages were not seen to their end", c.missed, c.outages));
  if (c.split > 0) reasons.push_back(fmt::format("{} of {} outages were seen as more than one", c.split, c.outages));
  if (c.stray > 0) reasons.push_back(count_text(c.stray, "outage") + " seen that nobody had made");
  if (c.error_p95 > kMostError)
    reasons.push_back(
        fmt::format("the error's p95 is {}, and {} is allowed", latency_text(c.error_p95), latency_text(kMostError)));
  if (c.covered * 100 < c.outages * kLeastCovered)
    reasons.push_back(
        fmt::format("the stated ± covered {} of {} outages, and {} % must be", c.covered, c.outages, kLeastCovered));
  return reasons;
}

}  // namespace blackstart
