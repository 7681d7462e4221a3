#include "tests/rehearsal/crash_walk.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "lab/ssh.h"
#include "runner/dead_man_process.h"
#include "runner/injector.h"
#include "tests/support/fault_settings.h"

namespace blackstart::rehearsal {
namespace {

constexpr int kNeverCrashed = 42, kThrew = 43;

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  ::pause();
  ::_exit(kNeverCrashed);
}

// Lets each undo, which has a thread of its own, come to its second call (the first only reads), then ends the process: all of
// them are in the middle.
class UndoCrash {
 public:
  void begin(std::size_t undos) {
    const std::lock_guard lock(mutex_);
    undos_ = undos;
  }
  void called() {
    std::unique_lock lock(mutex_);
    if (undos_ == 0 || ++calls_[std::this_thread::get_id()] < 2) return;
    ++reached_;
    changed_.notify_all();
    changed_.wait_for(lock, 3s, [&] { return reached_ >= undos_; });
    die();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t undos_ = 0, reached_ = 0;  // 0: they have not begun
  std::map<std::thread::id, int> calls_;
};

class WatchedRemote final : public Remote {
 public:
  WatchedRemote(Remote& remote, UndoCrash& crash) : remote_(remote), crash_(crash) {}
  CommandResult run(const std::string& node, const std::string& command, const Deadline& deadline) override {
    CommandResult result = remote_.run(node, command, deadline);
    crash_.called();
    return result;
  }

 private:
  Remote& remote_;
  UndoCrash& crash_;
};

class WatchedPower final : public Power {
 public:
  explicit WatchedPower(UndoCrash& crash) : crash_(crash) {}
  PowerState state(const Node& node, const Deadline& deadline) override {
    const PowerState state = real_power().state(node, deadline);
    crash_.called();
    return state;
  }
  void order(const Node& node, PowerOrder order, const Deadline& deadline) override {
    real_power().order(node, order, deadline);
    crash_.called();
  }

 private:
  UndoCrash& crash_;
};

// The real fault, up to the point.
class CrashingFault final : public TargetFault {
 public:
  CrashingFault(std::unique_ptr<TargetFault> fault, CrashPoint point) : fault_(std::move(fault)), point_(point) {}
  void preflight(const Deadline& deadline) override { fault_->preflight(deadline); }
  UndoRecord undo_record() const override {
    if (point_ == CrashPoint::before_arm) die();
    return fault_->undo_record();
  }
  void stage(const Deadline& deadline) override {
    if (point_ == CrashPoint::after_arm) die();
    fault_->stage(deadline);
  }
  void fire(const Deadline& deadline) override { fault_->fire(deadline); }
  std::vector<Evidence> confirm(const Deadline& deadline) override {
    if (point_ == CrashPoint::after_inject) die();
    return fault_->confirm(deadline);
  }

 private:
  std::unique_ptr<TargetFault> fault_;
  const CrashPoint point_;
};

std::unique_ptr<FaultSettings> settings_of(const Walked& walked) {
  return parse(walked.fault, walked.parameters.empty() ? "{}" : walked.parameters);
}

class CrashingSettings final : public FaultSettings {
 public:
  CrashingSettings(const Walked& walked, CrashPoint point) : settings_(settings_of(walked)), point_(point) {}
  void describe(Fields&) override {}
  std::string summary() const override { return settings_->summary(); }
  std::vector<std::pair<std::string, std::string>> parameters() const override { return settings_->parameters(); }
  bool names_targets() const override { return settings_->names_targets(); }
  std::vector<std::string> targets(const Cloud& cloud) const override { return settings_->targets(cloud); }
  std::unique_ptr<TargetFault> make(const Node& node, FaultContext context) const override {
    return std::make_unique<CrashingFault>(settings_->make(node, context), point_);
  }

 private:
  std::unique_ptr<FaultSettings> settings_;
  const CrashPoint point_;
};

std::vector<std::unique_ptr<InjectStep>> steps_of(const std::vector<Walked>& faults, CrashPoint point) {
  std::vector<std::unique_ptr<InjectStep>> steps;
  for (const Walked& walked : faults) {
    steps.push_back(std::make_unique<InjectStep>());
    steps.back()->id = fmt::format("walk-{}", steps.size());
    steps.back()->fault = walked.fault;
    steps.back()->settings = std::make_shared<CrashingSettings>(walked, point);
    steps.back()->on.nodes = {walked.node};
  }
  return steps;
}

// Undoes all at once, as the injector does with the targets of one injection.
void undo_together(const Journal& journal, UndoCrash& crash, FaultContext context) {
  const OpenJournal open = read_journal(journal.file());
  crash.begin(open.entries.size());
  at_the_same_time(open.entries.size(),
                   [&](std::size_t i) { undo_entry(journal.file(), open.entries[i], context, Deadline(real_clock(), 60s)); });
}

void walk(const Workplace& workplace, const std::vector<Walked>& faults, Duration dead_man, CrashPoint point) {
  const Cloud all = racked_cloud();
  const auto ssh = make_ssh(all);
  UndoCrash crash;
  WatchedRemote remote(*ssh, crash), local(local_shell(), crash);
  WatchedPower power(crash);
  // Dead-men that were disarmed are remembered by their id.
  const std::string id = fmt::format("{}-{}", workplace.path.filename().string(), name_of(point));
  const auto folder = workplace.path / "runs" / id;
  RecordWriter record(folder);
  RunInfo run;
  run.id = id;
  record.run(run);
  Journal journal(id, all, folder);
  const auto say = [](const std::string& line) { std::puts(line.c_str()); };
  Injector injector(Injector::Context{
      all, remote, real_clock(), real_clock().now(), id, journal, record, say, say, {}, BLACKSTART_BINARY, power, local});
  const auto steps = steps_of(faults, point);
  std::vector<PlannedInjection> together;
  for (const auto& step : steps)
    together.push_back({step.get(), step->settings->names_targets() ? step->settings->targets(all) : step->on.nodes, dead_man});
  injector.inject(together);
  undo_together(journal, crash, {remote, real_clock(), all, real_tcp(), power, local});
}

}  // namespace

Cloud racked_cloud() {
  Cloud all = cloud();
  for (Node& node : all.nodes) node.rack = "rack-" + node.name;
  return all;
}

bool Walked::names_targets() const { return settings_of(*this)->names_targets(); }

const char* name_of(CrashPoint point) {
  switch (point) {
    case CrashPoint::before_arm: return "before-arm";
    case CrashPoint::after_arm: return "after-arm";
    case CrashPoint::after_inject: return "after-inject";
    case CrashPoint::during_undo: return "during-undo";
  }
  return "?";
}

void crash_runner(const Workplace& workplace, const std::vector<Walked>& faults, Duration dead_man, CrashPoint point) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("BLACKSTART_STATE", (workplace.path / "state").c_str(), 1);
    try {
      walk(workplace, faults, dead_man, point);
    } catch (const std::exception& problem) {
      std::fprintf(stderr, "%s\n", problem.what());
      ::_exit(kThrew);
    }
    ::_exit(kNeverCrashed);
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGKILL);
}

bool all_look(const std::vector<Walked>& faults, bool broken) {
  std::vector<std::string> seen(faults.size());
  const auto problems = at_the_same_time(faults.size(), [&](std::size_t i) {
    const Walked& walked = faults[i];
    seen[i] = walked.from.empty() ? run_checked("looking", {"sh", "-c", walked.look}, 20s) : on_node(walked.from, walked.look);
  });
  bool all = true;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const std::string& wanted = broken ? faults[i].broken : faults[i].whole;
    if (problems[i].empty() && seen[i] == wanted) continue;
    std::printf("%s: %s: %s%s", faults[i].fault.c_str(), faults[i].look.c_str(), problems[i].c_str(), seen[i].c_str());
    all = false;
  }
  return all;
}

}  // namespace blackstart::rehearsal
