// plan, run, judge.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "base/error.h"
#include "base/units.h"
#include "lab/ssh.h"
#include "runner/commands.h"
#include "runner/interrupt.h"
#include "runner/preflight.h"
#include "runner/rehearsal.h"
#include "runner/state.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

int exit_code_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return kPassed;
    case Verdict::failed: return kFailed;
    case Verdict::inconclusive: return kInconclusive;
    case Verdict::undo_pending: return kUndoPending;
  }
  return kInternal;
}

// "20261121T064628Z"
std::string folder_time(std::int64_t wall) {
  std::string text = format_utc(wall, false);
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '-' || c == ':'; }), text.end());
  return text;
}

std::uint64_t seed_of(const Scenario& scenario, const RunOptions& options) {
  if (options.seed) return static_cast<std::uint64_t>(*options.seed);
  if (scenario.seed) return static_cast<std::uint64_t>(*scenario.seed);
  return std::random_device{}();
}

// A folder that was not there before, under `out`.
fs::path new_folder(const fs::path& out, const std::string& name) {
  std::error_code error;
  fs::create_directories(out, error);
  if (error) throw Error(ErrorKind::unmet, "making the folder " + out.string(), error.message(), "name another with --out");
  for (int i = 1;; ++i) {
    fs::path folder = out / (i == 1 ? name : fmt::format("{}-{}", name, i));
    if (fs::create_directory(folder, error)) return folder;
    if (error)
      throw Error(ErrorKind::unmet, "making the folder " + folder.string(), error.message(), "name another with --out");
  }
}

void link_latest(const fs::path& folder) {
  const fs::path fresh = folder.parent_path() / fmt::format(".latest-{}", ::getpid());
  fs::create_directory_symlink(folder.filename(), fresh);
  fs::rename(fresh, folder.parent_path() / "latest");
}

void check_live(const Cloud& cloud, const std::string& named) {
  if (cloud.simulated || cloud.name == named) return;
  throw Error(ErrorKind::usage, "starting on cloud " + cloud.name, "it is no lab: what is broken there is really broken",
              named.empty() ? fmt::format("if that is what you want, say --live {}", cloud.name)
                            : fmt::format("--live names '{}'", named));
}

void say_interrupted(const std::string& text) { std::fputs(("\n" + text + "\n").c_str(), stderr); }

struct Series {
  const Scenario& scenario;
  const Cloud& cloud;
  fs::path folder;
  std::uint64_t seed;
  int repetitions;
};

Judged rehearse_one(const Series& series, int repetition, Remote& remote, Status& status, const Interrupt& interrupt) {
  RehearsalInput input{series.scenario,
                       series.cloud,
                       remote,
                       real_clock(),
                       status,
                       interrupt.token(),
                       [&] { return interrupt.reason(); },
                       series.folder,
                       series.folder.filename().string(),
                       series.seed,
                       repetition,
                       series.repetitions};
  if (repetition > 0) {
    input.folder = series.folder / fmt::format("repetition-{:02}", repetition);
    input.id += fmt::format("-{:02}", repetition);
    input.seed += static_cast<std::uint64_t>(repetition - 1);
  }
  return rehearse(input);
}

// The next repetition needs a cloud that is whole and a user who still wants it.
bool goes_on(const Series& series, const Judged& judged, const Interrupt& interrupt) {
  return judged.judgement.verdict != Verdict::undo_pending && !interrupt.token().stop_requested() &&
         !halt_reason(series.cloud.name);
}

int run_series(const Series& series, Remote& remote) {
  Interrupt interrupt(say_interrupted);
  for (int i = 1; i <= series.repetitions; ++i) {
    Status status(stdout, real_clock());
    status.line(fmt::format("repetition {} of {}", i, series.repetitions));
    const Judged judged = rehearse_one(series, i, remote, status, interrupt);
    status.line(fmt::format("repetition {}: {}", i, name_of(judged.judgement.verdict)));
    if (!goes_on(series, judged, interrupt)) break;
  }
  const SeriesJudged judged = judge_series(series.folder);
  std::puts(judged.summary.c_str());
  return exit_code_of(judged.verdict);
}

int run_single(const Series& series, Remote& remote) {
  Judged judged;
  {
    Interrupt interrupt(say_interrupted);
    Status status(stdout, real_clock());
    judged = rehearse_one(series, 0, remote, status, interrupt);
  }
  std::puts(("\n" + text_summary(judged.record, judged.judgement)).c_str());
  return exit_code_of(judged.judgement.verdict);
}

void say_changed(const std::vector<std::string>& changed) {
  if (changed.empty()) std::puts("judged from the record: the same as before, bit for bit");
  for (const std::string& file : changed) std::puts(("judged from the record: " + file + " was not the same before").c_str());
}

}  // namespace

int plan_command(const RunOptions& options) {
  const Scenario scenario = read_scenario(options.scenario);
  const Cloud cloud = read_cloud(options.cloud);
  const std::uint64_t seed = seed_of(scenario, options);
  auto remote = make_ssh(cloud);
  const Ready ready = preflight(scenario, cloud, seed, {*remote, real_clock(), cloud});
  std::puts(
      fmt::format("claim: {}\ncloud: {}{}\nseed:  {}\n", scenario.claim, cloud.name, cloud.simulated ? " (a lab)" : "", seed)
          .c_str());
  for (const ProbeInfo& info : ready.infos) std::puts(fmt::format("probe {}: {}", info.name, info.description).c_str());
  for (const Step& step : planned_steps(scenario, ready.plan))
    std::puts(fmt::format("step {}: {}", step.number, step.text).c_str());
  for (const PlannedInjection& planned : ready.plan)
    std::puts(fmt::format("dead-man of {}: undoes it after {} if nobody else does", planned.step->id,
                          format_duration(planned.dead_man))
                  .c_str());
  std::puts("nothing was touched");
  return kPassed;
}

int run_command(const RunOptions& options) {
  const Scenario scenario = read_scenario(options.scenario);
  const Cloud cloud = read_cloud(options.cloud);
  check_live(cloud, options.live);
  const std::string started = folder_time(real_clock().wall());
  Lease lease(cloud.name, fmt::format("process {} with scenario {} since {}", ::getpid(), scenario.name, started));
  check_free(cloud);
  auto remote = make_ssh(cloud);
  const int repetitions = static_cast<int>(options.repeat.value_or(scenario.repeat));
  const fs::path folder = new_folder(options.out, fmt::format("{}-{}", started, scenario.name));
  link_latest(folder);
  const Series series{scenario, cloud, folder, seed_of(scenario, options), repetitions};
  const int code = repetitions > 1 ? run_series(series, *remote) : run_single(series, *remote);
  std::puts(fmt::format("report: {}", fs::absolute(folder / "report.html").string()).c_str());
  return code;
}

int judge_command(const fs::path& folder) {
  if (is_series(folder)) {
    const SeriesJudged judged = judge_series(folder);
    std::puts(judged.summary.c_str());
    say_changed(judged.changed);
    return exit_code_of(judged.verdict);
  }
  const Judged judged = judge_folder(folder);
  std::puts(text_summary(judged.record, judged.judgement).c_str());
  say_changed(judged.changed);
  return exit_code_of(judged.judgement.verdict);
}

}  // namespace blackstart
