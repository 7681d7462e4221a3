#include "probes/vantage_service.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "base/units.h"
#include "lab/tcp_socket.h"
#include "probes/clock_rate.h"
#include "probes/room.h"
#include "probes/vantage_spec.h"
#include "reports/files.h"
#include "reports/operation_journal.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr Duration kCheck = 20s, kJoin = 20s, kLock = 2s, kLook = 50ms;

std::atomic<bool> asked_to_end{false};
void on_signal(int) { asked_to_end = true; }

VantageSpec spec_of(const fs::path& folder) {
  VantageSpec spec;
  read_file((folder / vantage_folder::kSpec).string(), [&](Fields& f) { spec.describe(f); });
  return spec;
}

void take_room(const std::string& name, const Probe& probe) { make_room({{name, probe.room()}}); }

// A container that was restarted has the kernel's boot still, but another first process.
std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id"), first("/proc/1/stat");
  std::string id, stat, began;
  std::getline(file, id);
  std::getline(first, stat);
  std::istringstream after(stat.substr(std::min(stat.rfind(')'), stat.size() - 1) + 1));
  for (int field = 3; field <= 22; ++field) after >> began;  // starttime, the 22nd of proc(5)
  return id + "-" + began;
}

// Not given up before the process ends.
Descriptor take_lock(const fs::path& folder) {
  Descriptor lock(::open((folder / vantage_folder::kLock).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.open()) throw_errno("opening the lock in " + folder.string(), errno);
  // Whoever polls holds it for an instant.
  const auto taken = [&] { return ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0; };
  if (!wait_until(taken, Deadline(real_clock(), kLock), kLook))
    throw Error(ErrorKind::unmet, "serving " + folder.string(), "another process does so already");
  return lock;
}

bool alive(const fs::path& folder) {
  const Descriptor lock(::open((folder / vantage_folder::kLock).c_str(), O_RDWR | O_CLOEXEC));
  return lock.open() && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

// What a file of the folder says; null when it is not there yet.
Json json_in(const fs::path& file) {
  if (!fs::exists(file)) return nullptr;
  return Json::parse(read_whole(file), nullptr, false);
}

void write_end(const fs::path& folder, const Probe::Stopped& stopped, const std::string& trouble) {
  const Json end{{"stopped", stopped.stopped.count()}, {"planned", stopped.planned}, {"trouble", trouble}};
  write_atomically(folder / vantage_folder::kEnded, end.dump() + "\n");
}

void wait_for_end(const fs::path& folder, const VantageSpec& spec) {
  const auto told = [&] { return asked_to_end || fs::exists(folder / vantage_folder::kStop); };
  wait_until(told, Deadline(real_clock(), spec.lifetime), kLook);
}

void serve(const fs::path& folder) {
  const VantageSpec spec = spec_of(folder);
  const auto probe = spec.make(read_cloud(folder / vantage_folder::kCloud));
  take_room(spec.name, *probe);
  probe->join(Deadline(real_clock(), kJoin));
  OperationJournal journal(folder / vantage_folder::kOperations, static_cast<std::uint64_t>(spec.most_bytes));
  const Time start = probe->start(real_clock(), Time(0), journal);
  write_atomically(folder / vantage_folder::kStarted, Json{{"started", start.count()}, {"boot", boot_id()}}.dump() + "\n");
  wait_for_end(folder, spec);
  const Probe::Stopped stopped = probe->stop();
  journal.flush();
  write_end(folder, stopped, journal.trouble());
}

std::string bytes_of(const fs::path& file, std::uint64_t offset, std::uint64_t most) {
  std::ifstream stream(file, std::ios::binary);
  std::string bytes(most, '\0');
  stream.seekg(static_cast<std::streamoff>(offset));
  stream.read(bytes.data(), static_cast<std::streamsize>(most));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  return bytes;
}

std::uint64_t size_of(const fs::path& file) {
  std::error_code none;
  const auto size = fs::file_size(file, none);
  return none ? 0 : size;
}

std::uint64_t number_of(const char* text) {
  const auto number = parse_integer(text);
  if (!number || *number < 0) throw Error(ErrorKind::usage, "reading the command line", fmt::format("'{}' is no number", text));
  return static_cast<std::uint64_t>(*number);
}

int run(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "check" && argc == 3) return check_vantage(argv[2]), std::fputs(vantage_folder::kReady, stdout), kPassed;
  if (command == "serve" && argc == 3) return serve_vantage(argv[2]), kPassed;
  if (command != "poll" || argc != 5)
    throw Error(ErrorKind::usage, "", "usage: blackstart-probe check FOLDER | serve FOLDER | poll FOLDER OFFSET MOST",
                "the runner starts it on vantage points; docs/vantage-points.md");
  const std::string answer = poll_vantage(argv[2], number_of(argv[3]), number_of(argv[4]));
  return std::fwrite(answer.data(), 1, answer.size(), stdout) == answer.size() ? kPassed : kInternal;
}

}  // namespace

void check_vantage(const fs::path& folder) {
  const VantageSpec spec = spec_of(folder);
  const auto probe = spec.make(read_cloud(folder / vantage_folder::kCloud));
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) throw_errno("looking at the disk of " + folder.string(), errno);
  const auto room = static_cast<std::int64_t>(disk.f_bavail * disk.f_frsize);
  if (room < 2 * spec.most_bytes)
    throw Error(ErrorKind::unmet, fmt::format("checking the disk of {}", spec.vantage),
                fmt::format("{} are free for up to {} of operations in {}", format_size(room), format_size(spec.most_bytes),
                            folder.parent_path().string()),
                "twice as much must be free; lower the rates, or make room");
  take_room(spec.name, *probe);
  probe->preflight(Deadline(real_clock(), kCheck));
}

void serve_vantage(const fs::path& folder) {
  for (const int signal : {SIGTERM, SIGINT}) std::signal(signal, on_signal);
  std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  const Descriptor lock = take_lock(folder);
  try {
    serve(folder);
  } catch (const std::exception& error) {
    write_end(folder, {}, error.what());
    throw;
  }
}

std::string poll_vantage(const fs::path& folder, std::uint64_t offset, std::uint64_t most) {
  Json head{{"boot", boot_id()}, {"now", real_clock().now().count()}, {"rate", kernel_clock_rate()}, {"alive", alive(folder)}};
  // In this order: what is told to have ended has all of its operations in the file.
  head["ended"] = json_in(folder / vantage_folder::kEnded);
  head["started"] = json_in(folder / vantage_folder::kStarted);
  head["size"] = size_of(folder / vantage_folder::kOperations);
  return head.dump() + "\n" + bytes_of(folder / vantage_folder::kOperations, offset, most);
}

int run_vantage_cli(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    std::fputs(fmt::format("blackstart-probe: {}\n", error.what()).c_str(), stderr);
    return exit_code_of(error.kind());
  } catch (const std::exception& error) {
    std::fputs(fmt::format("blackstart-probe: internal error: {}\n", error.what()).c_str(), stderr);
    return kInternal;
  }
}

}  // namespace blackstart
