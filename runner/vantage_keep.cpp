#include "runner/vantage_keep.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "probes/clock_rate.h"
#include "reports/operation_journal.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char *kPlace = "place.json", *kOperations = "operations", *kPings = "pings", *kDone = "completed",
                     *kRemoved = "removed";
// In the file of that name; runs of before noted no removal, and have an empty line there.
constexpr const char* kNotesRemoval = "removal is noted\n";

fs::path make(const fs::path& folder, bool anew) {
  std::error_code error;
  if (anew && fs::exists(folder)) throw Error(ErrorKind::internal, "keeping a vantage point", folder.string() + " exists");
  if (anew) fs::create_directories(folder, error);
  if (error) throw_errno("making " + folder.string(), error.value());
  return folder;
}

std::string boot_of_this_machine() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

Operation in_run_time(Operation operation, const VantageClock& clock) {
  for (Time* time : {&operation.scheduled, &operation.sent, &operation.done})
    if (time->count() >= 0) *time = run_time_of(clock, *time);
  return operation;
}

}  // namespace

fs::path vantage_path(const fs::path& run_folder, const std::string& probe) {
  return run_folder / "vantage" / file_name_of(probe);
}

VantageKeep::VantageKeep(const fs::path& folder, bool anew)
    : folder_(make(folder, anew)),
      operations_(folder / kOperations, anew ? AppendFile::Open::must_not_exist : AppendFile::Open::may_exist),
      pings_file_(folder / kPings, anew ? AppendFile::Open::must_not_exist : AppendFile::Open::may_exist) {}

VantageKeep::VantageKeep(const fs::path& folder, const VantagePlace& place, Time zero) : VantageKeep(folder, true) {
  place_ = place;
  zero_ = zero;
  write_place(zero);
}

// A full disk takes a part of what is written. It goes before the next try, which brings all of it again: nothing ever stands
// behind a torn piece.
void VantageKeep::keep(AppendFile& file, const char* name, std::uint64_t whole, std::string_view bytes) {
  const fs::path path = folder_ / name;
  if (fs::file_size(path) != whole) fs::resize_file(path, whole);
  if (const int error = bytes.empty() ? 0 : file.append(bytes)) throw_errno("writing to " + path.string(), error);
}

void VantageKeep::write_place(Time zero) {
  const Json place{{"probe", place_.probe},         {"node", place_.node}, {"folder", place_.folder},
                   {"program", place_.program},     {"unit", place_.unit}, {"zero", zero.count()},
                   {"boot", boot_of_this_machine()}};
  write_atomically(folder_ / kPlace, place.dump(1) + "\n");
}

std::unique_ptr<VantageKeep> VantageKeep::open(const fs::path& folder) {
  if (!fs::exists(folder / kPlace))
    throw Error(ErrorKind::bad_file, "reading " + folder.string(), std::string("it has no ") + kPlace);
  std::unique_ptr<VantageKeep> keep(new VantageKeep(folder, false));
  try {
    keep->read_place();
    keep->read_pings();
  } catch (const std::exception& error) {
    throw Error(ErrorKind::bad_file, "reading " + folder.string(), error.what());
  }
  return keep;
}

void VantageKeep::read_place() {
  const Json place = Json::parse(read_whole(folder_ / kPlace));
  place_ = {place.at("probe"), place.at("node"), place.at("folder"), place.at("program"), place.at("unit")};
  zero_ = Time(place.at("zero").get<std::int64_t>());
  pings_count_ = place.at("boot") == boot_of_this_machine();
  // What was cut off within a record is fetched again from where the whole ones end: its bytes are dropped here.
  bytes_ = fs::file_size(folder_ / kOperations) / kJournalRecord * kJournalRecord;
  fs::resize_file(folder_ / kOperations, bytes_);
  for (const Operation& o : read_journal(read_whole(folder_ / kOperations)).operations)
    last_scheduled_ = std::max(last_scheduled_, o.scheduled);
}

// Each line: the node's boot, asked and answered in run time, the stamp, and, but in runs of before, how far corrections go
// beyond what is assumed. One that was cut off is dropped.
void VantageKeep::read_pings() {
  const std::string text = read_whole(folder_ / kPings);
  pings_bytes_ = text.rfind('\n') + 1;  // npos + 1 is 0
  std::istringstream lines(text.substr(0, pings_bytes_));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string boot;
    std::int64_t asked = 0, answered = 0, stamp = 0;
    if (!(words >> boot >> asked >> answered >> stamp)) continue;
    double beyond = 0;
    words >> beyond;
    if (boot_.empty()) boot_ = boot;
    if (boot == boot_) pings_.push_back({Time(asked), Time(answered), Time(stamp), beyond});
  }
}

void VantageKeep::note(const VantageAnswer& answer) {
  const VantageState& state = answer.state;
  if (boot_.empty()) boot_ = state.boot;
  if (state.started) started_ = *state.started;
  if (state.boot != boot_) trouble_ = fmt::format("{} was restarted, and its clock began anew", place_.node);
  if (state.boot != boot_ || !pings_count_) return;
  const ClockPing ping{answer.asked - zero_, answer.answered - zero_, state.now, beyond_drift(state.rate, kernel_clock_rate())};
  pings_.push_back(ping);
  const std::string line =
      fmt::format("{} {} {} {} {}\n", boot_, ping.asked.count(), ping.answered.count(), ping.stamp.count(), ping.beyond);
  keep(pings_file_, kPings, pings_bytes_, line);
  pings_bytes_ += line.size();
  if (const Duration trip = ping.answered - ping.asked; trip < best_trip_) {
    best_trip_ = trip;
    offset_ = ping.asked + trip / 2 - ping.stamp;
  }
}

std::vector<Operation> VantageKeep::take(const VantageAnswer& answer) {
  note(answer);
  keep(operations_, kOperations, bytes_, answer.bytes);
  bytes_ += answer.bytes.size();
  size_ = answer.state.size;
  ended_ = answer.state.ended;
  over_ = ended_ || !answer.state.alive;
  tail_ += answer.bytes;
  JournalPart part = read_journal(tail_);
  tail_.erase(0, part.bytes);
  for (const Operation& operation : part.operations) last_scheduled_ = std::max(last_scheduled_, operation.scheduled);
  return std::move(part.operations);
}

VantageClock VantageKeep::clock(const std::string& probe, Time last) const {
  VantageClock clock = fit_clock(pings_, started_, std::max(last, started_));
  clock.probe = probe;
  if (!trouble_.empty()) clock.trouble = trouble_;
  return clock;
}

std::vector<std::uint64_t> VantageKeep::write_operations(RecordWriter& record, const ProbeInfo& info, const VantageClock& clock,
                                                         Time until) const {
  const fs::path file = operations_path(record.folder(), info.name);
  fs::remove(file);  // what an earlier attempt has left
  OperationFile operations(file, plans_of(info));
  std::ifstream kept(folder_ / kOperations, std::ios::binary);
  std::string bytes(kJournalRecord << 14, '\0');
  std::uint64_t damaged = 0;
  std::vector<std::uint64_t> due(info.series.size());
  while (kept.read(bytes.data(), static_cast<std::streamsize>(bytes.size())) || kept.gcount() > 0) {
    const auto count = static_cast<std::size_t>(kept.gcount());
    const JournalPart part = read_journal(std::string_view(bytes).substr(0, count));
    for (const Operation& there : part.operations) {
      const Operation operation = in_run_time(there, clock);
      if (operation.scheduled >= until) continue;
      operations.record(operation);
      if (operation.series < due.size()) due[operation.series] = std::max(due[operation.series], operation.number + 1);
    }
    damaged += part.damaged + (count - part.bytes);
  }
  operations.close();
  if (damaged > 0)
    record.problem(fmt::format("{} bytes of the operations of {} were damaged on {}", damaged, info.name, place_.node));
  return due;
}

void VantageKeep::complete(RecordWriter& record, const ProbeInfo& info, Time until) {
  const VantageClock clock = this->clock(info.name, ended_ && !ended_->planned.empty() ? ended_->stopped : last_scheduled_);
  const std::vector<std::uint64_t> due = write_operations(record, info, clock, until);
  record.clock(clock);
  record.probe_started(info, run_time_of(clock, started_));  // by the same line as its operations; at first it was a guess
  if (ended_ && ended_->planned.size() == info.series.size()) {
    const Time stopped = run_time_of(clock, ended_->stopped);
    record.probe_stopped(info.name, std::min(stopped, until), stopped > until ? due : ended_->planned);
  } else
    record.problem(fmt::format("the process of {} on {} was gone before it was asked to stop{}", info.name, place_.node,
                               ended_ && !ended_->trouble.empty() ? ": " + ended_->trouble : ""));
  if (ended_ && !ended_->planned.empty() && !ended_->trouble.empty())
    record.problem(fmt::format("{} on {}: {}", info.name, place_.node, ended_->trouble));
  if (until != Time::max()) record.finished(until);  // what came after the end is sealed as the rest was
  write_atomically(folder_ / kDone, kNotesRemoval);
}

bool VantageKeep::completed() const { return fs::exists(folder_ / kDone); }
void VantageKeep::note_removed() { write_atomically(folder_ / kRemoved, "\n"); }
bool VantageKeep::removed() const {
  return fs::exists(folder_ / kRemoved) || (completed() && read_whole(folder_ / kDone) != kNotesRemoval);
}

}  // namespace blackstart
