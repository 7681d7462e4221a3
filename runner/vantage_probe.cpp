#include "runner/vantage_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <random>
#include <thread>

#include "base/error.h"
#include "base/units.h"
#include "probes/vantage_spec.h"
#include "reports/operation_journal.h"
#include "reports/stream.h"
#include "runner/vantage_keep.h"
#include "runner/vantage_node.h"

namespace blackstart {
namespace {

constexpr Duration kInstall = 60s, kCall = 10s, kCheck = 30s, kBegin = 30s, kRemove = 10s;
constexpr Duration kEvery = 500ms;  // between two polls, each of which is a ping, too
constexpr Duration kPoll = 5s;

std::string new_token() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

// The probe's part of the scenario, as it was written.
yaml::Value part_of(const Scenario& scenario, const std::string& key) {
  std::vector<yaml::Problem> problems;
  const yaml::Value tree = yaml::parse(scenario.file_text, "the scenario", problems);
  const yaml::Value* probes = tree.find("probes");
  const yaml::Value* own = probes ? probes->find(key) : nullptr;
  if (!own) throw Error(ErrorKind::internal, "sending probe '" + key + "' elsewhere", "the scenario's text does not have it");
  return *own;
}

class Vantage final : public VantageProbe {
 public:
  Vantage(const VantageInput& input, std::unique_ptr<Remote> remote);

  ProbeInfo info() const override;
  void preflight(const Deadline& deadline) override;
  void prepare(const Deadline& deadline) override;
  Duration prepare_limit() const override { return inner_->prepare_limit(); }
  void keep_in(const std::filesystem::path& run_folder) override { run_folder_ = run_folder; }
  Time start(Clock& clock, Time zero, OperationSink& sink) override;
  Time seen_until() const override { return Time(seen_); }
  Stopped stop() override;
  void complete(RecordWriter& record) override;
  std::vector<Redundancy> await_redundancy(Time since, const Deadline& deadline, const std::stop_token& stop) override {
    return inner_->await_redundancy(since, deadline, stop);
  }
  std::vector<ReplicaSnapshot> snapshots(const Deadline& deadline) override {
    inner_->keep_rows([this](const std::string& replica) { return rows_file(replica); });
    return inner_->snapshots(deadline);
  }
  void clean_up(const Deadline& deadline) override { inner_->clean_up(deadline); }
  Duration clean_up_limit() const override { return inner_->clean_up_limit(); }

 private:
  VantageFiles told() const;
  void check_there(const Deadline& deadline);
  Time await_start(const Deadline& deadline);
  void watch(const std::stop_token& stop);
  bool look(const Deadline& deadline);
  [[noreturn]] void give_up(const Error& why);
  bool ask_to_stop(const Deadline& deadline);

  const ProbeStep step_;
  Cloud cloud_;
  const VantageSpec spec_;
  const std::string spec_text_;
  const std::filesystem::path program_;
  const Duration patience_;
  std::unique_ptr<Remote> remote_;
  std::unique_ptr<Probe> inner_;
  ProbeBundle bundle_;
  std::unique_ptr<VantageNode> node_;
  std::unique_ptr<VantageKeep> keep_;
  std::filesystem::path run_folder_;
  Clock* clock_ = nullptr;
  OperationSink* sink_ = nullptr;
  std::atomic<std::int64_t> seen_{-1};
  std::string unreached_;  // why the last look got no answer; of the thread that looks
  bool whole_ = false;
  std::jthread thread_;
};

// Rates times the longest time, and a quarter more: what is beyond that is a defect of ours.
std::int64_t most_bytes(const ProbeInfo& info, Duration longest) {
  double rate = 0;
  for (const SeriesInfo& series : info.series) rate += series.rate;
  const double operations = 1.25 * rate * std::chrono::duration<double>(longest).count();
  return static_cast<std::int64_t>(std::ceil(operations) * kJournalRecord) + (1 << 20);
}

VantageSpec spec_of(const VantageInput& input, const ProbeInfo& info) {
  VantageSpec spec;
  spec.name = input.step.name;
  spec.vantage = input.step.vantage;
  spec.kind = input.step.kind;
  spec.lifetime = longest_run(input.scenario);
  for (const SeriesInfo& series : info.series) spec.lifetime += hold_of(info, series);  // each is waited for in full
  spec.most_bytes = most_bytes(info, spec.lifetime);
  return spec;
}

Vantage::Vantage(const VantageInput& input, std::unique_ptr<Remote> remote)
    : step_(input.step),
      cloud_(input.cloud),
      spec_(spec_of(input, input.step.settings->make(input.step.name, input.cloud)->info())),
      spec_text_(write_spec(spec_, part_of(input.scenario, input.step.key))),
      program_(input.program),
      patience_(input.patience),
      remote_(std::move(remote)),
      inner_(input.step.settings->make(input.step.name, input.cloud)),
      bundle_(probe_bundle(program_)) {
  const std::string token = new_token();
  node_ = std::make_unique<VantageNode>(
      *remote_, VantagePlace{step_.name, step_.vantage, fmt::format("{}/vantage/{}", input.home, token),
                             fmt::format("{}/probe-{}", input.home, bundle_.hash), "blackstart-vantage-" + token});
}

ProbeInfo Vantage::info() const {
  ProbeInfo info = inner_->info();
  info.vantage = step_.vantage;
  info.description += ", sent from " + step_.vantage;
  return info;
}

// Only what a node needs: a password goes where only its owner can read it.
VantageFiles Vantage::told() const {
  VantageFiles files;
  Cloud cloud = cloud_;
  if (std::string& file = cloud.database.password_file; cloud.database.present() && !file.empty()) {
    files.push_back({vantage_folder::kPassword, yaml::slurp(file)});
    file = vantage_folder::kPassword;
  }
  files.push_back({vantage_folder::kCloud, write_cloud(cloud)});
  files.push_back({vantage_folder::kSpec, spec_text_});
  return files;
}

// Nothing of it may stay on the node: until the start the run has no word of where to look for it.
void Vantage::check_there(const Deadline& deadline) {
  try {
    node_->check(told(), deadline);
  } catch (const Error& error) {
    try {  // the node has done it by itself, unless it was the node that failed
      node_->remove(Deadline(deadline.clock(), kRemove));
    } catch (const Error&) {
      throw Error(
          error.kind(), error.doing(), error.why(),
          fmt::format("what the probe was told for the check, a password perhaps, may be left on {} in {}: remove that by hand",
                      step_.vantage, node_->place().folder));
    }
    throw;
  }
}

void Vantage::preflight(const Deadline& deadline) {
  if (inner_->info().audited) inner_->preflight(deadline);  // what is audited from here must be reached from here
  node_->install(bundle_, Deadline(deadline.clock(), kInstall));
  check_there(Deadline(deadline.clock(), kCheck));
}

void Vantage::prepare(const Deadline& deadline) {
  inner_->tell([this](const std::string& line) { say(line); });
  inner_->prepare(deadline);
}

Time Vantage::start(Clock& clock, Time zero, OperationSink& sink) {
  clock_ = &clock;
  sink_ = &sink;
  // First: whatever is put there from here on, fetch knows where.
  keep_ = std::make_unique<VantageKeep>(vantage_path(run_folder_, step_.name), node_->place(), zero);
  const Time start = await_start(Deadline(clock, kBegin));
  thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
  return start;
}

// Whatever keeps it from starting, it is told to stop: it may have started unseen.
Time Vantage::await_start(const Deadline& deadline) {
  const std::string doing = fmt::format("starting {} on {}", step_.name, step_.vantage);
  VantageState state;
  const auto begun = [&] {
    state = node_->poll(0, deadline.sooner(kPoll)).state;
    return state.started || state.ended;
  };
  try {
    node_->put(told(), deadline.sooner(kCall));
    node_->launch(deadline.sooner(kCall));
    if (!wait_until(begun, deadline, 50ms)) throw Error(ErrorKind::unmet, doing, "it did not begin in time");
    if (!state.started) throw Error(ErrorKind::unmet, doing, state.ended->trouble);
    if (!look(deadline)) throw Error(ErrorKind::unreachable, doing, unreached_);
  } catch (const Error& error) {
    ask_to_stop(Deadline(*clock_, kCall));
    give_up(error);
  }
  return keep_->about(*state.started);
}

// Says what is left there, too, where the node can't be rid of it.
void Vantage::give_up(const Error& why) {
  try {
    node_->remove(Deadline(*clock_, kRemove));
    keep_->note_removed();
  } catch (const Error& left) {
    throw Error(why.kind(), why.doing(), why.why(), left.hint().empty() ? why.hint() : left.hint());
  }
  throw Error(why);
}

bool Vantage::look(const Deadline& deadline) {
  try {
    const VantageAnswer answer = node_->poll(keep_->bytes(), deadline.sooner(kPoll));
    for (Operation operation : keep_->take(answer)) {
      for (Time* time : {&operation.scheduled, &operation.sent, &operation.done})
        if (time->count() >= 0) *time = keep_->about(*time);
      sink_->record(operation);
    }
    if (keep_->bytes() >= answer.state.size) seen_ = keep_->about(answer.state.now).count();
    unreached_.clear();
    return true;
  } catch (const std::exception& error) {
    unreached_ = error.what();
    return false;
  }
}

void Vantage::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    look(Deadline(*clock_, kPoll));
    clock_->pause(kEvery, stop);
  }
}

// False: it could not be reached.
bool Vantage::ask_to_stop(const Deadline& deadline) {
  try {
    node_->ask_to_stop(deadline.sooner(kPoll));
    return true;
  } catch (const Error& error) {
    unreached_ = error.what();
    return false;
  }
}

Probe::Stopped Vantage::stop() {
  thread_ = {};  // asks it to end, and waits
  Duration outstanding{0};
  for (const SeriesInfo& series : inner_->info().series) outstanding = std::max(outstanding, series.deadline);
  const Deadline deadline(*clock_, patience_ + outstanding);
  bool asked = false;
  const auto fetched = [&] {
    asked = asked || ask_to_stop(deadline);
    return asked && look(deadline) && keep_->whole();
  };
  whole_ = wait_until(fetched, deadline, 100ms);
  if (!whole_)
    throw Error(ErrorKind::unreachable, fmt::format("fetching the operations of {}", step_.name),
                unreached_.empty() ? "it has not ended" : unreached_,
                fmt::format("they lie on {} in {}: 'blackstart fetch {}' brings them when it can be reached", step_.vantage,
                            node_->place().folder, run_folder_.string()));
  return {};  // complete() knows
}

void Vantage::complete(RecordWriter& record) {
  if (!whole_) return;
  keep_->complete(record, info());
  node_->remove(Deadline(*clock_, kRemove));
  keep_->note_removed();
}

}  // namespace

std::unique_ptr<VantageProbe> make_vantage_probe(const VantageInput& input, std::unique_ptr<Remote> remote) {
  return std::make_unique<Vantage>(input, std::move(remote));
}

// Each step's own work, and that of everything before and behind the steps, takes minutes at most: ten beyond all of it.
Duration longest_run(const Scenario& scenario) {
  Duration length = scenario.steady.within + 2 * scenario.settle + 10min;
  for (const ScenarioStep& step : scenario.steps) {
    length += step.length + 5min;
    for (const InjectStep& injection : step.injections) length += injection.jitter;
  }
  return length;
}

}  // namespace blackstart
