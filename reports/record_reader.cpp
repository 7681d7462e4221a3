#include <algorithm>
#include <utility>

#include "base/error.h"
#include "reports/files.h"
#include "reports/record.h"
#include "reports/record_events.h"

namespace blackstart {
namespace {

events::Events read_events(const std::filesystem::path& folder) {
  events::Events events;
  std::string text = read_whole(folder / "events.jsonl");
  bool unsealed = false;  // something follows the end
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    const bool behind = !line.empty() && std::exchange(events.sealed, false);
    if (!line.empty() && !events::apply(line, events)) ++events.record.torn_events;
    unsealed = !events.sealed && (unsealed || behind);
    events.crc32c = crc32c(std::string_view(text).substr(at, end + 1 - at), events.crc32c);
    at = end + 1;
  }
  if (unsealed) events.record.problems.push_back("lines follow the end of events.jsonl that no checksum covers");
  return events;
}

void give_evidence(events::Events& events) {
  for (Evidence& evidence : events.evidence) {
    auto& all = events.record.injections;
    auto owner = std::find_if(all.begin(), all.end(), [&](const Injection& i) { return i.id == evidence.injection; });
    if (owner == all.end())
      events.record.problems.push_back("there is evidence for '" + evidence.injection +
                                       "', an injection that isn't in the record");
    else
      owner->evidence.push_back(std::move(evidence));
  }
}

void find_operations_of(const std::filesystem::path& folder, ProbeRecord& probe, std::vector<std::string>& problems) {
  try {
    probe.operations = Operations::in_file(operations_path(folder, probe.info.name));
    probe.damaged_bytes = probe.operations.damaged_bytes();
  } catch (const Error& error) {
    problems.push_back(error.what());
  }
}

ReplicaSnapshot read_rows(const std::filesystem::path& folder, const std::string& probe, const std::string& replica) {
  ReplicaSnapshot snapshot;
  try {
    snapshot = open_snapshot(rows_path(folder, probe, replica));
    if (snapshot.replica == replica) return snapshot;
    snapshot.problem = "the file holds the rows of '" + snapshot.replica + "'";
  } catch (const Error& error) {
    snapshot.problem = error.what();
  }
  snapshot.replica = replica;
  snapshot.complete = false;
  return snapshot;
}

void read_resources(const std::filesystem::path& folder, const std::vector<std::string>& controllers, ProbeRecord& probe) {
  probe.resources.emplace().book = read_book(book_path(folder, probe.info.name));
  for (const std::string& controller : controllers)
    probe.resources->listings.push_back(read_listing(listing_path(folder, probe.info.name, controller), controller));
}

}  // namespace

Record read_record(const std::filesystem::path& run_folder) {
  events::Events events = read_events(run_folder);
  Record& record = events.record;
  if (record.run.id.empty())
    throw Error(ErrorKind::bad_file, "reading the record in " + run_folder.string(),
                "events.jsonl does not say which run it is", "is this a run folder of this version of Blackstart?");
  give_evidence(events);
  for (ProbeRecord& probe : record.probes) {
    find_operations_of(run_folder, probe, record.problems);
    for (const std::string& replica : events.replicas[probe.info.name])
      probe.snapshots.push_back(read_rows(run_folder, probe.info.name, replica));
    if (auto found = events.controllers.find(probe.info.name); found != events.controllers.end())
      read_resources(run_folder, found->second, probe);
  }
  return std::move(events.record);
}

}  // namespace blackstart
