// Who held the virtual IP, and which servers its HAProxy took out.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reports/waterfall.h"
#include "reports/words.h"

namespace blackstart {
namespace {

const ProbeRecord* vip_probe(const Record& record) {
  for (const ProbeRecord& probe : record.probes)
    if (probe.info.two_holders.count() >= 0) return &probe;
  return nullptr;
}

// The first time that somebody else had it; nullptr: never.
struct Move {
  const Holders* seen = nullptr;
  std::string to;
};
Move move_of(const StageSearch& search) {
  const ProbeRecord* probe = vip_probe(search.record);
  const std::string before = holder_before(search);
  Move move;
  if (probe == nullptr || before.empty()) return move;
  for (const Holders& one : search.record.holders) {
    const bool sooner = move.seen == nullptr || one.since.to < move.seen->since.to;
    if (one.probe != probe->info.name || !search.in_time(one.since) || !sooner) continue;
    for (const std::string& name : one.names)
      if (name != before) move = {&one, name};
  }
  return move;
}

// "c2 says DOWN" once for each server that a surviving HAProxy lost, the earliest first.
std::vector<std::pair<Time, std::string>> lost_servers(const StageSearch& search, const Redundancy& by) {
  const std::string holder = holder_after(search);
  std::map<std::string, Time> down;
  for (const Redundancy::Saying& saying : by.sayings) {
    const std::string host = host_of(saying.part);
    const bool there = !search.hits(host) && (holder.empty() || host == holder);
    if (there && search.in_time(saying.since) && !saying.good && saying.says.rfind("DOWN", 0) == 0)
      down.try_emplace(saying.part, saying.since.to);
  }
  std::vector<std::pair<Time, std::string>> all;
  for (const auto& [part, at] : down) all.emplace_back(at, part);
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

std::string holder_before(const StageSearch& search) {
  const ProbeRecord* probe = vip_probe(search.record);
  const Holders* last = nullptr;
  for (const Holders& one : search.record.holders)
    if (probe != nullptr && one.probe == probe->info.name && one.since.to < search.injection.effect.from &&
        (last == nullptr || one.since.to >= last->since.to))
      last = &one;
  return last == nullptr || last->names.size() != 1 ? "" : last->names[0];
}

std::string holder_after(const StageSearch& search) {
  const Move move = move_of(search);
  const std::string holder = move.seen != nullptr ? move.to : holder_before(search);
  return search.hits(holder) ? "" : holder;
}

std::optional<StageResult> vip_moved(const StageSearch& search) {
  const ProbeRecord* probe = vip_probe(search.record);
  if (probe == nullptr) return std::nullopt;
  StageResult moved = empty_stage("vip-moved", "virtual IP moved");
  const std::string before = holder_before(search);
  if (const Move move = move_of(search); move.seen != nullptr)
    search.see(moved, move.seen->since, fmt::format("{} → {} (probe {})", before, move.to, probe->info.name));
  else
    moved.evidence = before.empty() ? fmt::format("probe {} saw no single holder before the fault", probe->info.name)
                                    : fmt::format("it stayed with {} (probe {})", before, probe->info.name);
  return moved;
}

std::optional<BackendsOut> backend_out(const StageSearch& search) {
  const Redundancy* by = watched(search.record, "haproxy");
  if (by == nullptr) return std::nullopt;
  BackendsOut out{empty_stage("backend-out", "backend out"), {}};
  const auto lost = lost_servers(search, *by);
  for (const auto& [at, part] : lost) out.parts.push_back(part);
  if (lost.empty()) {
    out.stage.evidence = fmt::format("no server went down (probe {})", by->probe);
    return out;
  }
  see_first(out.stage, search, *by, [&](const Redundancy::Saying& saying) {
    return saying.part == lost.front().second && saying.says.rfind("DOWN", 0) == 0;
  });
  if (lost.size() > 1) out.stage.evidence += fmt::format("; the last of {} by {}", lost.size(), time_text(lost.back().first));
  return out;
}

}  // namespace blackstart
