// fetch: what a rehearsal could not bring home, because a vantage point was out of reach when it ended.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>

#include "base/error.h"
#include "lab/ssh.h"
#include "reports/reports.h"
#include "runner/commands.h"
#include "runner/state.h"
#include "runner/vantage_keep.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

constexpr Duration kLimit = 10min, kCall = 10s, kEvery = 100ms;

void say(const std::string& text) {
  std::puts(text.c_str());
  std::fflush(stdout);
}

std::vector<fs::path> vantages_of(const fs::path& run_folder) {
  std::vector<fs::path> folders;
  if (fs::is_directory(run_folder / "vantage"))
    for (const auto& entry : fs::directory_iterator(run_folder / "vantage")) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  return folders;
}

// nullptr: the record does not say that it was started, so nothing that it may have sent is a part of it.
const ProbeInfo* info_of(const Record& record, const std::string& probe) {
  const auto found =
      std::find_if(record.probes.begin(), record.probes.end(), [&](const ProbeRecord& p) { return p.info.name == probe; });
  return found == record.probes.end() ? nullptr : &found->info;
}

void bring(VantageKeep& keep, VantageNode& node, const Record& record, const ProbeInfo& info, const fs::path& run_folder,
           const Deadline& deadline) {
  const auto fetched = [&] {
    keep.take(node.poll(keep.bytes(), deadline.sooner(kCall)));
    return keep.whole();
  };
  if (!wait_until(fetched, deadline, kEvery))
    throw Error(ErrorKind::unreachable, "fetching " + info.name, "it has not ended in time", "try again");
  RecordWriter writer(run_folder);
  keep.complete(writer, info, record.finished ? record.ended : Time::max());
}

// Each part may be all that an earlier call has left to do.
void fetch(VantageKeep& keep, const Record& record, const fs::path& run_folder, Remote& remote) {
  const Deadline deadline(real_clock(), kLimit);
  VantageNode node(remote, keep.place());
  const std::string& probe = keep.place().probe;
  const ProbeInfo* info = info_of(record, probe);
  if (!keep.completed()) {
    node.ask_to_stop(deadline.sooner(kCall));  // first: whatever is wrong here, it must not go on there
    if (info) bring(keep, node, record, *info, run_folder, deadline);
    say(info ? fmt::format("{}: {} bytes of operations are here", probe, keep.bytes())
             : fmt::format("{}: it was not started as far as the record knows, so nothing of it was recorded", probe));
  }
  node.remove(deadline.sooner(kCall));
  keep.note_removed();
  say(fmt::format("{}: nothing is left on {}", probe, keep.place().node));
}

}  // namespace

int fetch_command(const fs::path& folder) {
  const Record record = read_record(folder);
  const Cloud cloud = read_cloud(folder / "cloud.yaml");
  const Lease lease(cloud.name, "blackstart fetch");  // never beside the rehearsal itself
  std::unique_ptr<Remote> remote;                     // made only when there is somebody to ask
  bool any = false, brought = false;
  std::exception_ptr first;
  for (const fs::path& place : vantages_of(folder)) {
    const auto keep = VantageKeep::open(place);
    if (keep->removed()) continue;
    any = true;
    const bool before = keep->completed();
    try {
      if (!remote) remote = make_ssh(cloud);
      fetch(*keep, record, folder, *remote);
    } catch (const std::exception& problem) {  // the others are brought all the same
      say(fmt::format("{}: {}", keep->place().probe, problem.what()));
      if (!first) first = std::current_exception();
    }
    brought = brought || keep->completed() != before;
  }
  if (first && brought) judge_command(folder);
  if (first) std::rethrow_exception(first);
  if (!any) say("nothing to fetch: all that vantage points kept of this run is here");
  return judge_command(folder);
}

}  // namespace blackstart
