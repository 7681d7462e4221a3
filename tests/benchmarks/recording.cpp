// What it costs to record an operation: time, bytes on disk, memory over a day of load; and how fast a file is read.
//
//   recording FOLDER [ROUNDS]     FOLDER: on the disk that runs are on, with 500 MB free; ROUNDS: 9 unless told, 6 at least
//
// Each round records a million operations through OperationFile, copies as many of 72 bytes into a buffer that goes to a file
// when it is full, and reads the clock as often, forwards and backwards in turn. Printed are medians with a 95 % confidence
// interval by order statistics. The operations are a bank's at 1000/s: 100 µs late, answers within 2 to 10 ms, one in a
// thousand fails; and those of HTTP probes. The day is 86.4 million of them, as fast as it goes. Exit code 1 when a goal is
// certainly missed, 2 when something could not be measured.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>

#include "base/error.h"
#include "base/units.h"
#include "tests/support/operations.h"

namespace {

using namespace blackstart;

constexpr std::uint64_t kBatch = 4096, kBatches = 256, kRecords = kBatch * kBatches;  // a batch stays in the processor's cache
constexpr double kGoalTime = 10, kGoalBytes = 6;
constexpr std::int64_t kGoalMemory = 1100;  // KiB that it may grow by: a window of the file, and a little

const std::vector<SeriesPlan> kBank{{1000, 100}};

bool missed = false;

struct Interval {
  double low, median, high;
};

// The k-th smallest and the k-th largest hold the median between them but for a chance of twice P(binomial(n, 1/2) < k).
Interval interval_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  double term = std::pow(0.5, static_cast<double>(n)), below = 0;
  std::size_t k = 0;
  for (; below + term <= 0.025; ++k) {
    below += term;
    term *= static_cast<double>(n - k) / static_cast<double>(k + 1);
  }
  k = std::max<std::size_t>(k, 1);
  return {values[k - 1], (values[(n - 1) / 2] + values[n / 2]) / 2, values[n - k]};
}

void print(const std::string& what, const Interval& i, const std::string& unit, double goal = 0) {
  const std::string wanted = goal > 0 ? fmt::format("  goal: at most {:.0f}", goal) : "";
  std::cout << fmt::format("{:<46} {:6.2f} {} ({:.2f} to {:.2f}){}\n", what, i.median, unit, i.low, i.high, wanted);
  if (goal > 0 && i.low > goal) missed = true;
}

double nanoseconds_each(const std::function<void()>& work, std::uint64_t count) {
  const Time began = real_clock().now();
  work();
  return static_cast<double>((real_clock().now() - began).count()) / static_cast<double>(count);
}

double record_time(const std::filesystem::path& file, const std::vector<Operation>& batch,
                   const std::vector<SeriesPlan>& plans) {
  OperationFile out(file, plans);
  const double each = nanoseconds_each(
      [&] {
        for (std::uint64_t b = 0; b < kBatches; ++b)
          for (const Operation& operation : batch) out.record(operation);
      },
      kRecords);
  out.close();
  std::filesystem::remove(file);
  return each;
}

double plain_time(const std::filesystem::path& file, const std::vector<Operation>& batch) {
  constexpr std::size_t kEach = 72;
  static std::array<char, 1024 * kEach> buffer;
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) throw_errno("opening " + file.string(), errno);
  std::size_t used = 0;
  bool written = true;
  const double each = nanoseconds_each(
      [&] {
        for (std::uint64_t b = 0; b < kBatches; ++b)
          for (const Operation& operation : batch) {
            std::memcpy(buffer.data() + used, &operation, kEach);
            used += kEach;
            if (used < buffer.size()) continue;
            written = ::write(descriptor, buffer.data(), used) == static_cast<ssize_t>(used) && written;
            used = 0;
          }
      },
      kRecords);
  ::close(descriptor);
  std::filesystem::remove(file);
  if (!written) throw Error(ErrorKind::internal, "writing " + file.string(), "the disk takes no more");
  return each;
}

double clock_time() {
  return nanoseconds_each(
      [] {
        for (std::uint64_t i = 0; i < kRecords; ++i) {
          timespec now;
          ::clock_gettime(CLOCK_MONOTONIC, &now);
        }
      },
      kRecords);
}

Load http(double rate) {
  Load load;
  load.rate = rate;
  load.latency = 800us;
  load.accounts = 0;
  load.error = 503, load.good = 200;
  return load;
}

void measure_time(const std::filesystem::path& folder, std::size_t rounds) {
  const auto bank = operations_of({}, kBatch), page = operations_of(http(10'000), kBatch);
  std::vector<double> ledger, web, plain, clock;
  const std::function<void()> contestants[] = {
      [&] { ledger.push_back(record_time(folder / "bank.ops", bank, kBank)); },
      [&] { web.push_back(record_time(folder / "http.ops", page, {{10'000}})); },
      [&] { plain.push_back(plain_time(folder / "plain", bank)); },
      [&] { clock.push_back(clock_time()); },
  };
  for (std::size_t round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < std::size(contestants); ++i) contestants[round % 2 == 0 ? i : std::size(contestants) - 1 - i]();
  print("record(), a bank's operations", interval_of(ledger), "ns", kGoalTime);
  print("record(), HTTP at 10,000/s", interval_of(web), "ns", kGoalTime);
  print("72 bytes into a buffer, and that into a file", interval_of(plain), "ns");
  print("clock_gettime()", interval_of(clock), "ns");
}

void measure_bytes(const std::string& what, const std::filesystem::path& file, const Load& load) {
  const auto operations = operations_of(load, 1'000'000);
  write_operations(file, operations, {{load.rate, load.accounts}});
  const double each = static_cast<double>(std::filesystem::file_size(file)) / static_cast<double>(operations.size());
  std::vector<double> speeds;
  for (int i = 0; i < 7; ++i) {
    const double taken = nanoseconds_each(
        [&] {
          if (read_operations(file).operations.size() != operations.size()) std::abort();
        },
        operations.size());
    speeds.push_back(1e3 / taken);
  }
  std::filesystem::remove(file);
  const Interval speed = interval_of(speeds);
  std::cout << fmt::format(
      "{:<46} {:6.2f} bytes an operation  goal: at most {:.0f}; read at {:.1f} million/s ({:.1f} to {:.1f})\n", what, each,
      kGoalBytes, speed.median, speed.low, speed.high);
  if (each > kGoalBytes) missed = true;
}

// Kibibytes of this process that are in memory: "VmRSS" all, "RssAnon" without files.
std::int64_t resident(const std::string& what) {
  std::ifstream status("/proc/self/status");
  std::int64_t kibibytes = -1;
  for (std::string name; status >> name;)
    if (name == what + ":" && status >> kibibytes) return kibibytes;
  throw Error(ErrorKind::internal, "reading /proc/self/status", "it does not tell " + what);
}

void measure_day(const std::filesystem::path& file) {
  constexpr std::uint64_t kDay = 86'400'000, kHour = kDay / 24;
  auto batch = operations_of({}, kBatch);
  OperationFile out(file, kBank);
  std::vector<std::int64_t> all, anonymous;
  const Time began = real_clock().now();
  for (std::uint64_t k = 0, sampled = 0; k < kDay; ++k) {
    Operation& o = batch[k % kBatch];
    out.record(o);
    // The same one again, later.
    o.number += kBatch;
    o.scheduled += kBatch * 1ms, o.sent += kBatch * 1ms, o.done += kBatch * 1ms;
    post(o, planned_transfer(o.number, 100));
    if (k < sampled * kHour + kBatch) continue;
    all.push_back(resident("VmRSS"));
    anonymous.push_back(resident("RssAnon"));
    ++sampled;
  }
  const double taken = std::chrono::duration<double>(real_clock().now() - began).count();
  out.close();
  const auto size = static_cast<double>(std::filesystem::file_size(file));
  std::filesystem::remove(file);
  const auto [least, most] = std::minmax_element(all.begin(), all.end());
  const auto [least_own, most_own] = std::minmax_element(anonymous.begin(), anonymous.end());
  std::cout << fmt::format("a day of 1000/s, {} operations in {:.1f} s: {:.0f} MB, {:.2f} bytes each\n", kDay, taken,
                           size / 1e6, size / static_cast<double>(kDay));
  std::cout << fmt::format(
      "  memory, after the start of each hour: {} to {} KiB, {} to {} KiB of it not the file's  goal: grows by at most {} "
      "KiB\n",
      *least, *most, *least_own, *most_own, kGoalMemory);
  if (*most - *least > kGoalMemory) missed = true;
}

int run(const std::filesystem::path& folder, std::size_t rounds) {
  measure_day(folder / "day.ops");
  measure_time(folder, rounds);
  measure_bytes("a bank at 1000/s", folder / "bank.ops", {});
  Load outage;
  outage.failures = 0.5;
  measure_bytes("a bank at 1000/s, half of it fails", folder / "half.ops", outage);
  measure_bytes("HTTP at 1000/s", folder / "http.ops", http(1000));
  measure_bytes("HTTP at 10,000/s", folder / "fast.ops", http(10'000));
  return missed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t rounds = argc == 3 ? parse_integer(argv[2]).value_or(0) : 9;
  if (argc < 2 || argc > 3 || argv[1][0] == '-' || rounds < 6) {
    std::cerr
        << "usage: recording FOLDER [ROUNDS]\n  what it costs to record an operation: time, bytes, memory over a day of load\n"
           "  FOLDER: on the disk that runs are on, with 500 MB free; ROUNDS: 9 unless told, 6 at least\n";
    return argc == 2 && std::string(argv[1]) == "--help" ? 0 : 64;
  }
  try {
    return run(argv[1], static_cast<std::size_t>(rounds));
  } catch (const std::exception& problem) {
    std::cerr << "recording: " << problem.what() << "\n";
    return 2;
  }
}
