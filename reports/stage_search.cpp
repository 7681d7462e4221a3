#include "reports/stage_search.h"

#include <fmt/format.h>

#include <algorithm>

namespace blackstart {

bool StageSearch::hits(const std::string& node) const {
  return std::find(injection.targets.begin(), injection.targets.end(), node) != injection.targets.end();
}

bool StageSearch::in_time(const Bracket& since) const {
  return since.from.count() >= 0 && since.to >= injection.effect.from && since.from < by_itself;
}

// What the fault brought about did not come before it.
void StageSearch::see(StageResult& stage, const Bracket& since, const std::string& evidence) const {
  if (stage.when.known() && stage.when.to <= since.to) return;
  stage.when = {std::max(since.from, std::min(injection.effect.from, since.to)), since.to};
  stage.evidence = evidence;
}

StageResult empty_stage(const std::string& name, const std::string& title) {
  StageResult stage;
  stage.name = name;
  stage.title = title;
  return stage;
}

const Redundancy* watched(const Record& record, const std::string& component) {
  for (const Redundancy& one : record.redundancy)
    if (one.what == component && !one.probe.empty() && !one.sayings.empty()) return &one;
  return nullptr;
}

std::string host_of(const std::string& part) {
  const std::size_t at = part.rfind(" on ");
  return at == std::string::npos ? part : part.substr(at + 4);
}

std::string told(const Redundancy& by, const Redundancy::Saying& saying) {
  return fmt::format("{}: {} says \"{}\" (probe {})", by.what, saying.part, saying.says, by.probe);
}

void see_first(StageResult& stage, const StageSearch& search, const Redundancy& by,
               const std::function<bool(const Redundancy::Saying&)>& fits) {
  for (const Redundancy::Saying& saying : by.sayings)
    if (search.in_time(saying.since) && fits(saying)) search.see(stage, saying.since, told(by, saying));
}

}  // namespace blackstart
