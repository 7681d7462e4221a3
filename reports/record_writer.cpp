#include <fstream>
#include <mutex>

#include "base/error.h"
#include "reports/files.h"
#include "reports/record.h"
#include "reports/record_events.h"

namespace blackstart {
namespace {

std::filesystem::path make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw_errno("making the run folder " + folder.string(), error.value());
  return folder;
}

bool ends_within_a_line(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream || stream.tellg() == std::streampos(0)) return false;
  stream.seekg(-1, std::ios::end);
  return stream.get() != '\n';
}

}  // namespace

struct RecordWriter::Impl {
  explicit Impl(const std::filesystem::path& where)
      : folder(make_folder(where)),
        path(folder / "events.jsonl"),
        torn(ends_within_a_line(path)),
        crc(std::filesystem::exists(path) ? crc32c(read_whole(path)) : 0),
        file(path, AppendFile::Open::may_exist) {
    make_folder(folder / "ops");
    make_folder(folder / "audit");
    if (torn) append("\n");  // what a crash left behind stays apart from what comes now
  }

  void append(const std::string& line, bool durable = false) {
    std::lock_guard lock(mutex);
    append_locked(line, durable);
  }

  // Nothing may come between its checksum and itself.
  void finish(Time ended) {
    std::lock_guard lock(mutex);
    append_locked(events::finished(ended, crc), true);
  }

  void append_locked(const std::string& line, bool durable) {
    std::error_code unknown;
    const std::uintmax_t before = std::filesystem::file_size(path, unknown);
    int error = file.append(line);
    if (error && !unknown) std::filesystem::resize_file(path, before, unknown);  // a full disk takes a part of a line
    if (!error) crc = crc32c(line, crc);
    if (!error && durable) error = file.sync();
    if (error) throw_errno("writing the record to " + path.string(), error);
  }

  std::filesystem::path folder, path;
  bool torn;
  std::uint32_t crc;  // of all that is in the file
  std::mutex mutex;
  AppendFile file;
};

RecordWriter::RecordWriter(std::filesystem::path run_folder) : impl_(std::make_unique<Impl>(run_folder)) {}
RecordWriter::~RecordWriter() = default;
const std::filesystem::path& RecordWriter::folder() const { return impl_->folder; }

void RecordWriter::run(const RunInfo& info) { impl_->append(events::line(info)); }
void RecordWriter::calibration(const Calibration& calibration) { impl_->append(events::line(calibration)); }
void RecordWriter::phase(const Phase& phase) { impl_->append(events::line(phase)); }
void RecordWriter::step(const Step& step) { impl_->append(events::line(step)); }
void RecordWriter::objectives(const std::vector<ObjectiveSpec>& objectives) { impl_->append(events::line(objectives)); }
void RecordWriter::probe_started(const ProbeInfo& info, Time started) { impl_->append(events::probe_started(info, started)); }
void RecordWriter::probe_stopped(const std::string& probe, Time stopped, const std::vector<std::uint64_t>& planned) {
  impl_->append(events::probe_stopped(probe, stopped, planned));
}
void RecordWriter::holders(const Holders& holders) { impl_->append(events::line(holders)); }
void RecordWriter::clock(const VantageClock& clock) { impl_->append(events::line(clock)); }
void RecordWriter::steady(const SteadyCheck& check) { impl_->append(events::line(check)); }
// Durable, as is what follows from it: after a power cut of the runner's own host, what it may have broken must still be known.
void RecordWriter::injection(const Injection& injection) { impl_->append(events::line(injection), true); }
void RecordWriter::evidence(const Evidence& evidence) { impl_->append(events::line(evidence), evidence.stage == "undo"); }
void RecordWriter::guard(const GuardTrip& trip) { impl_->append(events::line(trip)); }
void RecordWriter::redundancy(const Redundancy& redundancy) { impl_->append(events::line(redundancy)); }
void RecordWriter::live_settings(const LiveSettings& settings) { impl_->append(events::line(settings)); }
void RecordWriter::problem(const std::string& problem) { impl_->append(events::problem(problem)); }
void RecordWriter::finished(Time ended) { impl_->finish(ended); }

void RecordWriter::snapshots(const std::string& probe, const std::vector<ReplicaSnapshot>& snapshots) {
  std::vector<std::string> replicas;
  for (const ReplicaSnapshot& snapshot : snapshots) {
    const std::filesystem::path path = rows_file(probe, snapshot.replica);
    if (snapshot.file != path) write_snapshot(path, snapshot);
    replicas.push_back(snapshot.replica);
  }
  impl_->append(events::snapshots(probe, replicas));
}

std::filesystem::path RecordWriter::rows_file(const std::string& probe, const std::string& replica) {
  const std::filesystem::path path = rows_path(impl_->folder, probe, replica);
  make_folder(path.parent_path());
  return path;
}

void RecordWriter::resources(const std::string& probe, const ResourceEvidence& evidence) {
  make_folder(listing_path(impl_->folder, probe, "x").parent_path());
  write_book(book_path(impl_->folder, probe), evidence.book);
  std::vector<std::string> controllers;
  for (const ResourceListing& listing : evidence.listings) {
    write_listing(listing_path(impl_->folder, probe, listing.controller), listing);
    controllers.push_back(listing.controller);
  }
  impl_->append(events::resources(probe, controllers));
}

std::vector<SeriesPlan> plans_of(const ProbeInfo& probe) {
  std::vector<SeriesPlan> plans;
  for (const SeriesInfo& series : probe.series) plans.push_back({series.rate, series.posts ? probe.accounts : 0});
  return plans;
}

std::filesystem::path operations_path(const std::filesystem::path& run_folder, const std::string& probe) {
  return run_folder / "ops" / (file_name_of(probe) + ".ops");
}

std::filesystem::path rows_path(const std::filesystem::path& run_folder, const std::string& probe, const std::string& replica) {
  return run_folder / "audit" / file_name_of(probe) / (file_name_of(replica) + ".rows");
}

std::filesystem::path book_path(const std::filesystem::path& run_folder, const std::string& probe) {
  return run_folder / "audit" / (file_name_of(probe) + ".resources");
}

std::filesystem::path listing_path(const std::filesystem::path& run_folder, const std::string& probe,
                                   const std::string& controller) {
  return run_folder / "audit" / file_name_of(probe) / (file_name_of(controller) + ".resources");
}

}  // namespace blackstart
