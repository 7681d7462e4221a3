#include "runner/calibrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>

#include "base/error.h"
#include "probes/http_probe.h"
#include "reports/files.h"
#include "runner/machine.h"
#include "runner/running_probes.h"
#include "runner/state.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProbe = "calibration";
constexpr Duration kFloor = 1s;      // before and after, each
constexpr Duration kAfter = 1500ms;  // what the last outage's hold needs to be seen to its end
constexpr Duration kPreflight = 10s;
constexpr Duration kEarly = 500ms;  // an operation in flight when the server goes was due earlier, by this at most

HttpProbeSettings settings_of(int port, double rate) {
  HttpProbeSettings settings;
  settings.url = fmt::format("http://127.0.0.1:{}/", port);
  settings.contains = "up";
  settings.rate = rate;
  settings.connections = "fresh";
  settings.connect_timeout = settings.limits.good_within = kEarly;
  settings.limits.deadline = 1s;
  settings.promise.hold = kCalibrationHold;
  return settings;
}

std::string name_of_outage(std::size_t at) { return fmt::format("outage-{:02}", at + 1); }

// The truth goes into the record as well: when it began as an injection's effect, when it was over as its parameters.
Injection injection_of(const Standstill& truth, std::size_t at, Time zero) {
  Injection injection;
  injection.id = name_of_outage(at);
  injection.fault = kProbe;
  injection.summary = "the server of the calibration goes out";
  injection.targets = {"127.0.0.1"};
  injection.parameters = {{"back-from", std::to_string((truth.back.from - zero).count())},
                          {"back-to", std::to_string((truth.back.to - zero).count())}};
  injection.effect = {truth.out.from - zero, truth.out.to - zero};
  injection.undone = truth.back.to - zero;  // otherwise the judge would take it for still in effect
  return injection;
}

// A rehearsal without a cloud: its probe runs while the server goes through its plan.
std::vector<Standstill> rehearse_outages(OutageServer& server, double rate, Time zero, RecordWriter& record, Status& status) {
  std::unique_ptr<Probe> probe = settings_of(server.port(), rate).make(kProbe, Cloud{});
  probe->preflight(Deadline(real_clock(), kPreflight));
  std::vector<std::unique_ptr<Probe>> only;
  only.push_back(std::move(probe));
  RunningProbes probes(real_clock(), zero, record);
  probes.take(std::move(only), [&](const std::string& line) { status.line(line); });
  probes.prepare({});
  probes.start();
  std::atomic<std::size_t> done = 0;
  status.pulse([&] { return fmt::format("{} of {} outages", done.load(), server.plan().out.size()); });
  std::vector<Standstill> truth;
  std::exception_ptr problem;
  try {
    truth = server.carry_out([&] { ++done; });
    real_clock().pause(kAfter);
  } catch (...) {
    problem = std::current_exception();
  }
  status.pulse(nullptr);
  probes.stop();  // whatever went wrong: the probe writes to what would go before it does
  if (problem) std::rethrow_exception(problem);
  return truth;
}

std::vector<Standstill> write_record(OutageServer& server, const CalibrationInput& input, Time zero, Status& status) {
  RecordWriter record(input.folder);
  RunInfo run;
  run.id = run.scenario = kProbe;
  run.simulated = true;
  run.seed = input.seed;
  run.zero_wall = real_clock().wall();
  run.version = BLACKSTART_VERSION;
  record.run(run);
  const std::vector<Standstill> truth = rehearse_outages(server, input.rate, zero, record, status);
  for (std::size_t at = 0; at < truth.size(); ++at) record.injection(injection_of(truth[at], at, zero));
  record.finished(real_clock().now() - zero);
  return truth;
}

Spread send_lag_of(const Record& record) {
  std::vector<Duration> lags;
  for (const ProbeRecord& probe : record.probes)
    for (const Operation& operation : probe.operations)
      if (operation.sent.count() >= 0) lags.push_back(std::max(operation.sent - operation.scheduled, Duration(0)));
  return spread_of(std::move(lags));
}

const std::vector<Outage>& outages_of(const Judgement& judgement) {
  static const std::vector<Outage> none;
  const bool any = !judgement.probes.empty() && !judgement.probes[0].series.empty();
  return any ? judgement.probes[0].series[0].outages : none;
}

// Those that began in [from, to).
std::size_t begun(const std::vector<Outage>& outages, Time from, Time to) {
  return static_cast<std::size_t>(std::count_if(
      outages.begin(), outages.end(), [&](const Outage& outage) { return outage.onset.to >= from && outage.onset.to < to; }));
}

void read_off(const Judgement& judgement, const std::string& id, KnownOutage& known) {
  const auto rto = std::find_if(judgement.rtos.begin(), judgement.rtos.end(), [&](const Rto& r) { return r.injection == id; });
  if (rto == judgement.rtos.end() || !rto->impact || rto->censored) {
    known.seen = 0;
    return;
  }
  known.rto = {rto->rto.value, rto->rto.plus_minus};
  known.length = {rto->perceived.value, rto->perceived.plus_minus};
}

}  // namespace

std::vector<KnownOutage> compared(const Judgement& judgement, const std::vector<Standstill>& truth, Time zero) {
  std::vector<KnownOutage> all;
  for (std::size_t at = 0; at < truth.size(); ++at) {
    const Time from = truth[at].out.from - zero - kEarly;
    const Time to = at + 1 < truth.size() ? truth[at + 1].out.from - zero - kEarly : Time::max();
    KnownOutage known;
    known.least = std::max(truth[at].back.from - truth[at].out.to, Duration(0));
    known.most = truth[at].back.to - truth[at].out.from;
    known.seen = static_cast<int>(begun(outages_of(judgement), from, to));
    read_off(judgement, name_of_outage(at), known);
    all.push_back(known);
  }
  return all;
}

Certificate calibrate(OutageServer& server, const CalibrationInput& input, Status& status) {
  const Time began = real_clock().now();
  const ProcessorTime before = processor_time();
  status.phase("calibrating");
  std::vector<Duration> floor = timer_lags(kFloor);
  const Time zero = real_clock().now();
  const std::vector<Standstill> truth = write_record(server, input, zero, status);
  const std::vector<Duration> later = timer_lags(kFloor);
  floor.insert(floor.end(), later.begin(), later.end());
  const ProcessorTime after = processor_time();

  status.phase("judging");
  const Record record = read_record(input.folder);
  const Judgement judgement = judge(record);
  Certificate c = certify(compared(judgement, truth, zero), send_lag_of(record), spread_of(std::move(floor)));
  c.version = BLACKSTART_VERSION;
  c.made = real_clock().wall();
  c.machine = this_machine();
  c.seed = input.seed;
  c.rate = input.rate;
  if (!truth.empty()) c.stray = begun(outages_of(judgement), Time(0), truth[0].out.from - zero - kEarly);
  c.steal = stolen_between(before, after);
  c.took = real_clock().now() - began;
  status.phase("");
  return c;
}

fs::path certificate_file() { return state_folder() / "calibration.json"; }

void write_certificate(const Certificate& certificate) {
  made_state_folder();
  write_atomically(certificate_file(), certificate_text(certificate));
}

void require_certificate_place() {
  made_state_folder();
  const fs::path file = certificate_file();
  const std::string doing = "making sure that a certificate can be kept in " + file.string();
  try {
    if (fs::exists(file)) read_whole(file);
    const fs::path trial = file.string() + ".trial";
    if (const int error = AppendFile(trial, AppendFile::Open::may_exist).append(" "))
      throw_errno("writing " + trial.string(), error);
    fs::remove(trial);
  } catch (const std::exception& problem) {
    throw Error(ErrorKind::unmet, doing, problem.what(), "see to that file and its folder first: calibrating takes a minute");
  }
}

Calibration found_calibration() {
  Calibration found;
  found.machine = this_machine();
  const fs::path file = certificate_file();
  std::error_code error;
  if (!fs::exists(file, error)) {
    if (error) found.damage = fmt::format("looking for {}: {}", file.string(), error.message());
    return found;
  }
  try {
    CertificateRead read = read_certificate(read_whole(file));
    found.certificate = std::move(read.certificate);
    if (!found.certificate) found.damage = fmt::format("{} is damaged: {}", file.string(), read.damage);
  } catch (const Error& problem) {
    found.damage = problem.what();
  }
  return found;
}

}  // namespace blackstart
