// Objectives in words.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/units.h"
#include "reports/objective_check.h"
#include "reports/stream.h"
#include "reports/words.h"

namespace blackstart {
namespace {

using Kind = ObjectiveSpec::Kind;

std::string refuses_text(const ObjectiveSpec& spec) {
  const std::string during = spec.injection.empty() ? "each injection" : spec.injection;
  return fmt::format("writes acknowledged by {} during {} ≤ {}", whose(spec), during, format_number(spec.limit));
}

std::string sides_text(const ObjectiveSpec& spec) {
  std::vector<std::string> sides;
  for (const auto& side : spec.sides) sides.push_back(fmt::format("{}", fmt::join(side, ", ")));
  return fmt::format("{}", fmt::join(sides, " | "));
}

std::string split_brain_text(const ObjectiveSpec& spec) {
  return fmt::format("writes acknowledged on a second side of {} ({}) ≤ {}",
                     spec.injection.empty() ? "each injection" : spec.injection, sides_text(spec), format_number(spec.limit));
}

}  // namespace

std::string whose(const ObjectiveSpec& spec) { return spec.series.empty() ? spec.probe : spec.probe + "/" + spec.series; }

std::string objective_text(const ObjectiveSpec& spec) {
  std::string after = spec.injection.empty() ? "" : " after " + spec.injection;
  if (spec.recovery == ObjectiveSpec::Recovery::any) after += " (our undo counts as the repair)";
  std::string limit = format_duration(from_seconds(spec.limit));
  switch (spec.kind) {
    case Kind::rto:
      return fmt::format("{}RTO of {}{} ≤ {}", spec.impact_required ? "an outage, and " : "", whose(spec), after, limit);
    case Kind::first_success: return fmt::format("first success of {}{} ≤ {}", whose(spec), after, limit);
    case Kind::downtime: return fmt::format("downtime of {} ≤ {}", whose(spec), limit);
    case Kind::rpo: return fmt::format("RPO of {} ≤ {} transfers", whose(spec), format_number(spec.limit));
    case Kind::error_budget: return fmt::format("error budget spent by {} ≤ {}", whose(spec), format_ratio(spec.limit));
    case Kind::refuses: return refuses_text(spec);
    case Kind::stale_reads: return fmt::format("stale reads of {} ≤ {}", whose(spec), format_number(spec.limit));
    case Kind::split_brain: return split_brain_text(spec);
    case Kind::redundancy:
      return fmt::format("redundancy of {} {}restored{}{} ≤ {}", whose(spec), spec.impact_required ? "lost and " : "",
                         spec.injection.empty() ? "" : " after " + spec.injection,
                         spec.recovery == ObjectiveSpec::Recovery::itself ? " by itself" : "", limit);
  }
  return "an objective of an unknown kind";
}

}  // namespace blackstart
