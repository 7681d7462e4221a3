#include "reports/stale_reads.h"

#include <fmt/format.h>

#include "base/units.h"
#include "reports/words.h"

namespace blackstart {
namespace {

std::string when(Time at, const StaleReads& reads, const char* fault) {
  if (reads.fault.count() < 0) return "at " + time_text(at);
  const bool before = at < reads.fault;
  return fmt::format("{} {} {}", format_seconds(before ? reads.fault - at : at - reads.fault, 1), before ? "before" : "after",
                     fault);
}

// "the first 1.2 s before the first fault, the last 30.4 s after it"
std::string span_of(const StaleReads& reads) {
  std::string text = "the first " + when(reads.first, reads, "the first fault");
  if (reads.stale > 1) text += ", the last " + when(reads.last, reads, reads.fault.count() < 0 ? "" : "it");
  return text;
}

}  // namespace

StaleReads stale_reads_of(const Stream& stream, const Bracket& fault) {
  StaleReads reads{stream.probe->name, stream.info->name};
  if (fault.known()) reads.fault = fault.middle();
  for (const Operation& operation : stream.operations) {
    if (operation.outcome != Outcome::ok) continue;  // without both answers nothing is known
    ++reads.reads;
    if (operation.error != kStale) continue;
    if (reads.stale++ == 0) reads.first = operation.sent;
    reads.last = operation.sent;
  }
  return reads;
}

std::string stale_reads_sentence(const StaleReads& reads) {
  return fmt::format("{} of {} reads of {}/{} did not show a mark that had been acknowledged before; {}", grouped(reads.stale),
                     grouped(reads.reads), reads.probe, reads.series, span_of(reads));
}

}  // namespace blackstart
