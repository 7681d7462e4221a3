// Stages that the cloud's clusters and services show: what each part said of itself.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/units.h"
#include "reports/predict.h"
#include "reports/waterfall.h"
#include "reports/words.h"

namespace blackstart {
namespace {

using Saying = Redundancy::Saying;

std::optional<std::int64_t> size_in(const std::string& says) {
  const std::size_t at = says.rfind("size ");
  return at == std::string::npos ? std::nullopt : parse_integer(says.substr(at + 5));
}

bool primary(const Saying& saying) {
  return saying.says.find("non-Primary") == std::string::npos && saying.says.find("Primary") != std::string::npos;
}

void see_losses(StageResult& stage, const StageSearch& search, const Redundancy& by) {
  for (const Redundancy::Loss& loss : by.losses)
    if (search.in_time(loss.lost)) search.see(stage, loss.lost, fmt::format("{}: {} (probe {})", by.what, loss.what, by.probe));
}

// It may have begun before the next injection did, and was not over when this one had its effect.
bool belongs(const Redundancy::Loss& loss, const StageSearch& search) {
  return loss.lost.from < search.until && (!loss.back.known() || loss.back.to > search.injection.effect.from);
}

// "nova-compute on k1" goes with the unit nova-compute.service and the container nova_compute, and with all of its node.
bool strikes(const Injection& injection, const std::string& part) {
  std::string unit = unit_of(injection);
  std::replace(unit.begin(), unit.end(), '_', '-');
  return unit.empty() || unit.find(part.substr(0, part.find(" on "))) != std::string::npos;
}

}  // namespace

std::optional<StageResult> first_change(const StageSearch& search) {
  StageResult first = empty_stage("detected", "first change seen");
  bool anybody = !search.record.holders.empty();
  for (const Redundancy& by : search.record.redundancy) {
    if (by.probe.empty()) continue;
    anybody = true;
    see_first(first, search, by, [](const Saying& saying) { return !saying.good; });
    if (by.sayings.empty()) see_losses(first, search, by);  // a record of before there were any
  }
  for (const Holders& holders : search.record.holders) {
    const std::string who = holders.names.empty() ? "nobody" : joined(holders.names);
    if (search.in_time(holders.since))
      search.see(first, holders.since, fmt::format("{} held the virtual IP (probe {})", who, holders.probe));
  }
  if (!anybody) return std::nullopt;
  if (!first.when.known()) first.evidence = "nothing that was watched changed";
  return first;
}

std::optional<StageResult> galera_view(const StageSearch& search) {
  const Redundancy* by = watched(search.record, "galera");
  if (by == nullptr) return std::nullopt;
  StageResult view = empty_stage("galera-view", "Galera's view installed");
  std::map<std::string, std::int64_t> sizes;  // of each part's last primary view
  for (const Saying& saying : by->sayings) {
    const auto size = size_in(saying.says);
    if (!size || !primary(saying)) continue;
    const auto before = sizes.find(saying.part);
    const bool smaller = before != sizes.end() && *size < before->second;
    if (smaller && search.in_time(saying.since) && !search.hits(saying.part)) search.see(view, saying.since, told(*by, saying));
    sizes[saying.part] = *size;
  }
  if (!view.when.known()) view.evidence = fmt::format("no smaller one was seen (probe {})", by->probe);
  return view;
}

std::optional<StageResult> rabbitmq_notice(const StageSearch& search) {
  const Redundancy* by = watched(search.record, "rabbitmq");
  if (by == nullptr) return std::nullopt;
  StageResult noticed = empty_stage("rabbitmq-noticed", "RabbitMQ noticed");
  see_first(noticed, search, *by, [&](const Saying& saying) {
    return !saying.good && !search.hits(saying.part) && saying.says.find("does not run") != std::string::npos;
  });
  return noticed;
}

std::optional<StageResult> service_notice(const StageSearch& search, const std::string& component, const std::string& title) {
  const Redundancy* by = watched(search.record, component);
  if (by == nullptr) return std::nullopt;
  StageResult noticed = empty_stage(component + "-noticed", title + " noticed");
  see_first(noticed, search, *by, [&](const Saying& saying) {
    const bool down = saying.says.rfind("down", 0) == 0 || saying.says.rfind("not alive", 0) == 0;
    return !saying.good && down && search.hits(host_of(saying.part));
  });
  return noticed;
}

std::size_t parts_of(const StageSearch& search, const std::string& component, bool hit) {
  std::set<std::string> parts;
  if (const Redundancy* by = watched(search.record, component))
    for (const Saying& saying : by->sayings)
      if (search.hits(host_of(saying.part)) == hit && (!hit || strikes(search.injection, saying.part)))
        parts.insert(saying.part);
  return parts.size();
}

std::optional<StageResult> redundant(const StageSearch& search) {
  StageResult last = empty_stage("redundant", "redundant again");
  bool anybody = false, gone = false;
  for (const Redundancy& by : search.record.redundancy) {
    if (by.probe.empty()) continue;
    anybody = true;
    for (const Redundancy::Loss& loss : by.losses) {
      if (gone || !belongs(loss, search)) continue;
      gone = !loss.back.known() || !by.restored;
      if (!gone && last.when.known() && loss.back.to <= last.when.to) continue;
      last.when = gone ? Bracket{} : loss.back;
      last.evidence =
          fmt::format("{} {} (probe {})", by.what, gone ? "was not seen whole again" : "was the last to be whole", by.probe);
    }
  }
  if (!anybody) return std::nullopt;
  if (last.evidence.empty()) last.evidence = "nothing was seen to be lost";
  return last;
}

}  // namespace blackstart
