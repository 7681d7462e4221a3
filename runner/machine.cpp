#include "runner/machine.h"

#include <fmt/format.h>
#include <openssl/sha.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <fstream>
#include <sstream>
#include <thread>

#include "probes/priority.h"

namespace blackstart {
namespace {

constexpr long kPeriod = 1'000'000;      // ns
constexpr long kSecond = 1'000'000'000;  // ns
constexpr std::size_t kStolen = 7;       // its place in the first line of /proc/stat (proc(5)), from 0
constexpr std::size_t kCounted = 8;      // what comes after it, a guest's time, is counted in others already
constexpr std::size_t kIdBytes = 16;

std::string first_line(const char* file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

// "model name" on x86; other processors have no such line.
std::string processor_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "";
}

// machine-id(5) wants it kept to the machine: others get a hash that is ours alone.
std::string hashed(const std::string& machine_id) {
  if (machine_id.empty()) return "";
  const std::string text = "blackstart calibration " + machine_id;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string hex;
  for (std::size_t i = 0; i < kIdBytes; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

Duration past(const timespec& at) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds(now.tv_sec - at.tv_sec) + Duration(now.tv_nsec - at.tv_nsec);
}

// By the kernel's own timer, not through a Clock: this is what a Clock can at best be.
std::vector<Duration> lags_of_this_thread(Duration length) {
  claim_processor("timer-floor");
  std::vector<Duration> lags(static_cast<std::size_t>(length.count() / kPeriod));
  timespec at{};
  ::clock_gettime(CLOCK_MONOTONIC, &at);
  for (Duration& lag : lags) {
    at.tv_nsec += kPeriod;
    if (at.tv_nsec >= kSecond) ++at.tv_sec, at.tv_nsec -= kSecond;
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
    }
    lag = past(at);
  }
  return lags;
}

}  // namespace

MachineInfo this_machine() {
  MachineInfo machine;
  utsname names{};
  ::uname(&names);
  machine.hostname = names.nodename;
  machine.kernel = names.release;
  machine.cpu = processor_name();
  if (machine.cpu.empty()) machine.cpu = names.machine;
  machine.cores = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  machine.id = hashed(first_line("/etc/machine-id"));
  return machine;
}

ProcessorTime processor_time() {
  std::istringstream line(first_line("/proc/stat"));
  std::string name;
  line >> name;
  ProcessorTime time;
  std::uint64_t ticks = 0;
  for (std::size_t at = 0; at < kCounted && line >> ticks; ++at) {
    time.all += ticks;
    if (at == kStolen) time.stolen = ticks;
  }
  return time;
}

double stolen_between(const ProcessorTime& from, const ProcessorTime& to) {
  if (from.all == 0 || to.all <= from.all || to.stolen < from.stolen) return -1;
  return static_cast<double>(to.stolen - from.stolen) / static_cast<double>(to.all - from.all);
}

std::vector<Duration> timer_lags(Duration length) {
  std::vector<Duration> lags;
  std::thread([&] { lags = lags_of_this_thread(length); }).join();
  return lags;
}

}  // namespace blackstart
