#include "runner/running_probes.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <functional>

#include "base/error.h"
#include "reports/stream.h"

namespace blackstart {
namespace {

// Generous: it bounds a call to a cloud that is slow, and is not waited for when that answers.
constexpr Duration kAudit = 300s;
constexpr Duration kHastyCleanUp = 30s;  // when somebody has asked to stop
constexpr Duration kLongUnseen = 3s;     // a vantage point is asked twice a second
constexpr Duration kAuditOfOne = 100us;  // more for each operation that may have left rows behind

Duration audit_limit(const ProbeInfo& info, Duration lasted) {
  double rate = 0;
  for (const SeriesInfo& series : info.series) rate += series.posts ? series.rate : 0;
  const auto seconds = [](Duration length) { return std::chrono::duration<double>(length).count(); };
  return kAudit + from_seconds(rate * seconds(lasted) * seconds(kAuditOfOne));
}

template <class Items, class Work>
void for_all(Items& items, Work work) {
  std::exception_ptr first;
  for (auto& item : items) {
    try {
      work(item);
    } catch (...) {
      if (!first) first = std::current_exception();
    }
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace

void RunningProbes::take(std::vector<std::unique_ptr<Probe>> probes, const std::function<void(const std::string&)>& say) {
  say_ = say;
  for (auto& probe : probes) {
    const std::string name = probe->info().name;
    probe->tell([say, name](const std::string& line) { say(fmt::format("  {}: {}", name, line)); });
    probe->report_holders([this, name](Holders seen) {
      seen.probe = name;
      record_.holders(seen);
    });
    probe->keep_rows([this, name](const std::string& replica) { return record_.rows_file(name, replica); });
    auto* far = dynamic_cast<VantageProbe*>(probe.get());
    probes_.push_back({name, nullptr, nullptr, std::move(probe), false, false, false, far});
  }
}

void RunningProbes::prepare(const std::stop_token& stop) {
  for (Running& running : probes_) {
    running.prepared = true;  // from here on there may be something to clean up
    running.probe->prepare(Deadline(clock_, running.probe->prepare_limit(), stop));
  }
}

OperationSink& RunningProbes::file_of(Running& running, const ProbeInfo& info) {
  if (running.far) {
    running.far->keep_in(record_.folder());
    return nowhere_;
  }
  running.file = std::make_unique<OperationFile>(operations_path(record_.folder(), info.name), plans_of(info));
  return *running.file;
}

Time RunningProbes::seen_until(const Running& running) const { return running.far ? running.far->seen_until() : run_time(); }

void RunningProbes::start() {
  for (Running& running : probes_) {
    const ProbeInfo info = running.probe->info();
    running.live = std::make_unique<LiveProbe>(info, file_of(running, info));
    const Time start = running.probe->start(clock_, zero_, *running.live);
    running.started = true;
    running.live->started(start);
    record_.probe_started(info, start);
  }
}

std::vector<SteadyCheck> RunningProbes::steady(const Steady& wanted) const {
  std::vector<SteadyCheck> checks;
  for (const Running& running : probes_)
    for (SteadyCheck& check : running.live->steady(seen_until(running), wanted.length, wanted.success)) {
      check.steady = check.steady && run_time() - seen_until(running) < kLongUnseen;  // what was good once may not be now
      checks.push_back(std::move(check));
    }
  return checks;
}

bool RunningProbes::recovered(Time since, const std::string& name) const {
  return std::all_of(probes_.begin(), probes_.end(), [&](const Running& running) {
    return (!name.empty() && running.name != name) || (running.live->recovered(since) && running.probe->whole(since));
  });
}

Duration RunningProbes::without_success(Time since, const std::string& name) const {
  Duration longest{0};
  for (const Running& running : probes_)
    if (running.name == name) longest = std::max(longest, running.live->without_success(since, seen_until(running)));
  return longest;
}

Duration RunningProbes::longest_hold() const {
  Duration longest{0};
  for (const Running& running : probes_) {
    const ProbeInfo& info = running.live->info();
    for (const SeriesInfo& series : info.series) longest = std::max(longest, hold_of(info, series));
  }
  return longest;
}

std::string RunningProbes::pulse() const {
  std::string text;
  for (const Running& running : probes_) {
    if (running.live->info().series.empty()) continue;
    const auto pulse = running.live->pulse(seen_until(running));
    text += fmt::format("{}{} {:.0f}/s", text.empty() ? "" : " · ", running.name, pulse.rate);
    if (pulse.rate > 0) text += fmt::format(" {:.1f} % good", 100 * pulse.success);  // a slow series often has none
  }
  return text;
}

bool RunningProbes::whole() const {
  return std::all_of(probes_.begin(), probes_.end(), [](const Running& running) { return running.probe->whole(Time(-1)); });
}

std::vector<Redundancy> RunningProbes::await_redundancy(Time since, const Deadline& deadline, const std::stop_token& stop) {
  std::vector<Redundancy> all;
  for (const Running& running : probes_)
    for (Redundancy& seen : running.probe->await_redundancy(since, deadline, stop)) all.push_back(std::move(seen));
  return all;
}

std::vector<Redundancy> RunningProbes::watched_redundancy(Time since) {
  std::vector<Redundancy> all;
  for (const Running& running : probes_)
    if (!running.live->info().components.empty())
      for (Redundancy& seen : running.probe->await_redundancy(since, within(0s), {})) all.push_back(std::move(seen));
  return all;
}

// One that can't be reached is no problem of the record: what is fetched later completes it (the verdict says so until then).
void RunningProbes::stop_far(Running& running) {
  try {
    running.probe->stop();
    running.stopped = true;
  } catch (const Error& error) {
    say_("  " + std::string(error.what()));
    return;
  }
  running.far->complete(record_);
}

void RunningProbes::stop() {
  for_all(probes_, [&](Running& running) {
    if (!running.started) return;
    if (running.far) return stop_far(running);
    const Probe::Stopped stopped = running.probe->stop();
    running.stopped = true;
    running.file->close();
    record_.probe_stopped(running.name, stopped.stopped, stopped.planned);
  });
}

void RunningProbes::audit() {
  for_all(probes_, [&](Running& running) {
    if (!running.stopped) return;
    const ProbeInfo info = running.probe->info();
    if (info.audited) record_.snapshots(running.name, running.probe->snapshots(within(audit_limit(info, run_time()))));
    if (const auto resources = running.probe->resources(within(kAudit))) record_.resources(running.name, *resources);
  });
}

// One that asks for no more than the hasty time has it in any case: half a clean-up leaves more than it saves.
Deadline RunningProbes::clean_up_deadline(const Probe& probe, const std::stop_token& stop) const {
  const Duration limit = probe.clean_up_limit();
  if (limit <= kHastyCleanUp) return within(limit);
  return stop.stop_requested() ? within(kHastyCleanUp) : Deadline(clock_, limit, stop);
}

void RunningProbes::clean_up(const std::stop_token& stop) {
  for_all(probes_, [&](Running& running) {
    if (running.prepared) running.probe->clean_up(clean_up_deadline(*running.probe, stop));
  });
}

}  // namespace blackstart
