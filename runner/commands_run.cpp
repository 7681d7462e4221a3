// plan, run, judge.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <random>
#include <set>

#include "base/error.h"
#include "base/units.h"
#include "lab/ssh.h"
#include "runner/commands.h"
#include "runner/interrupt.h"
#include "runner/preflight.h"
#include "runner/run_batch.h"
#include "runner/run_place.h"
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

std::uint64_t seed_of(const Scenario& scenario, const RunOptions& options) {
  if (options.seed) return static_cast<std::uint64_t>(*options.seed);
  if (scenario.seed) return static_cast<std::uint64_t>(*scenario.seed);
  return std::random_device{}();
}

void check_live(const Cloud& cloud, const std::string& named) {
  if (cloud.simulated || cloud.name == named) return;
  throw Error(ErrorKind::usage, "starting on cloud " + cloud.name, "it is no lab: what is broken there is really broken",
              named.empty() ? fmt::format("if that is what you want, say --live {}", cloud.name)
                            : fmt::format("--live names '{}'", named));
}

void say_interrupted(const std::string& text) { std::fputs(("\n" + text + "\n").c_str(), stderr); }

int repetitions_of(const Scenario& scenario, const RunOptions& options) {
  return static_cast<int>(options.repeat.value_or(scenario.repeat));
}

void say_changed(const std::vector<std::string>& changed) {
  if (changed.empty()) std::puts("judged from the record: the same as before, bit for bit");
  for (const std::string& file : changed) std::puts(("judged from the record: " + file + " was not the same before").c_str());
}

// Each node that a probe is sent from, once.
std::set<std::string> vantages_of(const std::vector<ProbeInfo>& probes) {
  std::set<std::string> nodes;
  for (const ProbeInfo& probe : probes)
    if (!probe.vantage.empty()) nodes.insert(probe.vantage);
  return nodes;
}

void plan_one(const Scenario& scenario, const Cloud& cloud, std::uint64_t seed, Remote& remote) {
  const Ready ready = preflight(scenario, cloud, seed, {remote, real_clock(), cloud});
  std::puts(
      fmt::format("claim: {}\ncloud: {}{}\nseed:  {}\n", scenario.claim, cloud.name, cloud.simulated ? " (a lab)" : "", seed)
          .c_str());
  for (const ProbeInfo& info : ready.infos) std::puts(fmt::format("probe {}: {}", info.name, info.description).c_str());
  for (const std::string& node : vantages_of(ready.infos))
    std::puts(fmt::format("vantage point {}: blackstart-probe was copied there, unless it was there already", node).c_str());
  for (const Step& step : planned_steps(scenario, ready.plan))
    std::puts(fmt::format("step {}: {}", step.number, step.text).c_str());
  for (const PlannedInjection& planned : ready.plan)
    std::puts(fmt::format("dead-man of {}: undoes it after {} if nobody else does", planned.step->id,
                          format_duration(planned.dead_man))
                  .c_str());
}

// Each of them is planned, whatever the others' preflights say.
int plan_folder(const RunOptions& options) {
  const std::vector<Scenario> scenarios = scenarios_in(options.scenario);
  const Cloud cloud = read_cloud(options.cloud);
  auto remote = make_ssh(cloud);
  int result = kPassed;
  for (const Scenario& scenario : scenarios) try {
      std::puts(fmt::format("scenario {}", scenario.name).c_str());
      plan_one(scenario, cloud, seed_of(scenario, options), *remote);
      std::puts("");
    } catch (const Error& error) {
      std::puts(fmt::format("can't run now: {}\n", error.what()).c_str());
      result = exit_code_of(error.kind());
    }
  std::puts("nothing was disturbed");
  return result;
}

BatchPlan batch_plan(const std::vector<Scenario>& scenarios, const Cloud& cloud, const RunOptions& options) {
  BatchPlan plan;
  plan.name = fs::absolute(options.scenario).lexically_normal().filename().string();
  if (plan.name.empty()) plan.name = fs::absolute(options.scenario).lexically_normal().parent_path().filename().string();
  plan.cloud = cloud.name;
  plan.simulated = cloud.simulated;
  plan.began = real_clock().wall();
  plan.version = BLACKSTART_VERSION;
  for (const Scenario& scenario : scenarios)
    plan.items.push_back({scenario.name, scenario.claim, scenario.source,
                          fmt::format("{:02}-{}", plan.items.size() + 1, scenario.name), repetitions_of(scenario, options)});
  return plan;
}

int run_folder(const RunOptions& options) {
  const std::vector<Scenario> scenarios = scenarios_in(options.scenario);
  const Cloud cloud = read_cloud(options.cloud);
  check_live(cloud, options.live);
  const BatchPlan plan = batch_plan(scenarios, cloud, options);
  const std::string started = folder_time(plan.began);
  Lease lease(cloud.name, fmt::format("process {} with the scenarios {} since {}", ::getpid(), plan.name, started));
  check_free(cloud);
  auto remote = make_ssh(cloud);
  const fs::path folder = new_run_folder(options.out, fmt::format("{}-{}", started, plan.name));
  Interrupt interrupt(say_interrupted);
  const BatchJudged judged =
      run_batch({plan, folder, [&](std::size_t at, const fs::path& own) {
                   const Scenario& scenario = scenarios[at];
                   // Folders of items have the same names in every batch.
                   const std::string id = folder.filename().string() + "-" + plan.items[at].folder;
                   return run_series({scenario, cloud, own, id, seed_of(scenario, options), plan.items[at].repetitions},
                                     *remote, interrupt);
                 }});
  std::puts(judged.summary.c_str());
  std::puts(fmt::format("report: {}", fs::absolute(folder / "index.html").string()).c_str());
  return exit_code_of(judged.verdict);
}

int run_file(const RunOptions& options) {
  const Scenario scenario = read_scenario(options.scenario);
  const Cloud cloud = read_cloud(options.cloud);
  check_live(cloud, options.live);
  const std::string started = folder_time(real_clock().wall());
  Lease lease(cloud.name, fmt::format("process {} with scenario {} since {}", ::getpid(), scenario.name, started));
  check_free(cloud);
  auto remote = make_ssh(cloud);
  const fs::path folder = new_run_folder(options.out, fmt::format("{}-{}", started, scenario.name));
  SeriesEnd end;
  {
    Interrupt interrupt(say_interrupted);
    end = run_series(
        {scenario, cloud, folder, folder.filename().string(), seed_of(scenario, options), repetitions_of(scenario, options)},
        *remote, interrupt);
  }
  std::puts(end.summary.c_str());
  std::puts(fmt::format("report: {}", fs::absolute(folder / "report.html").string()).c_str());
  return exit_code_of(end.verdict);
}

}  // namespace

int plan_command(const RunOptions& options) {
  if (fs::is_directory(options.scenario)) return plan_folder(options);
  const Scenario scenario = read_scenario(options.scenario);
  const Cloud cloud = read_cloud(options.cloud);
  plan_one(scenario, cloud, seed_of(scenario, options), *make_ssh(cloud));
  std::puts("nothing was disturbed");
  return kPassed;
}

int run_command(const RunOptions& options) {
  return fs::is_directory(options.scenario) ? run_folder(options) : run_file(options);
}

int judge_command(const fs::path& folder) {
  if (is_batch(folder)) {
    const BatchJudged judged = judge_batch(folder);
    std::puts(judged.summary.c_str());
    say_changed(judged.changed);
    return exit_code_of(judged.verdict);
  }
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
