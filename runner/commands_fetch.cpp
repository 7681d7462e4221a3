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

const ProbeInfo& info_of(const Record& record, const std::string& probe) {
  const auto found =
      std::find_if(record.probes.begin(), record.probes.end(), [&](const ProbeRecord& p) { return p.info.name == probe; });
  if (found == record.probes.end())
    throw Error(ErrorKind::bad_file, "fetching " + probe, "the record does not say that this probe was started");
  return found->info;
}

void fetch(VantageKeep& keep, const Record& record, const fs::path& run_folder, Remote& remote) {
  const Deadline deadline(real_clock(), kLimit);
  VantageNode node(remote, keep.place());
  node.ask_to_stop(deadline.sooner(kCall));  // first: whatever is wrong here, it must not go on there
  const ProbeInfo& info = info_of(record, keep.place().probe);
  const auto fetched = [&] {
    keep.take(node.poll(keep.bytes(), deadline.sooner(kCall)));
    return keep.whole();
  };
  if (!wait_until(fetched, deadline, kEvery))
    throw Error(ErrorKind::unreachable, "fetching " + info.name, "it has not ended in time", "try again");
  RecordWriter writer(run_folder);
  keep.complete(writer, info, record.finished ? record.ended : Time::max());
  node.remove(deadline.sooner(kCall));
  say(fmt::format("{}: {} bytes of operations are here; nothing is left on {}", info.name, keep.bytes(), keep.place().node));
}

}  // namespace

int fetch_command(const fs::path& folder) {
  const Record record = read_record(folder);
  const Cloud cloud = read_cloud(folder / "cloud.yaml");
  const Lease lease(cloud.name, "blackstart fetch");  // never beside the rehearsal itself
  std::unique_ptr<Remote> remote;                     // made only when there is somebody to ask
  bool any = false;
  std::exception_ptr first;
  for (const fs::path& place : vantages_of(folder)) {
    const auto keep = VantageKeep::open(place);
    if (keep->completed()) continue;
    any = true;
    try {
      if (!remote) remote = make_ssh(cloud);
      fetch(*keep, record, folder, *remote);
    } catch (const std::exception& problem) {  // the others are brought all the same
      say(fmt::format("{}: {}", keep->place().probe, problem.what()));
      if (!first) first = std::current_exception();
    }
  }
  if (first) std::rethrow_exception(first);
  if (!any) say("nothing to fetch: all that vantage points kept of this run is here");
  return judge_command(folder);
}

}  // namespace blackstart
