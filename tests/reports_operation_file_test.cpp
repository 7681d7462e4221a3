// Files of operations when something dies or runs full: the process, the disk, the memory.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <functional>

#include "base/error.h"
#include "reports/files.h"
#include "reports/mapped_file.h"
#include "tests/support/folder.h"
#include "tests/support/operations.h"

using namespace blackstart;

namespace {

const std::vector<SeriesPlan> kPlans{{1000, 100}, {3, 0}};

// Number `k` of a long record: of two series, and some of them as nobody expects.
Operation made(std::uint64_t k) {
  Operation o;
  o.series = static_cast<std::uint16_t>(k % 3 == 2);
  o.number = k;
  o.outcome = k % 1000 < 990 ? Outcome::ok : Outcome::indeterminate;
  o.error = k % 1000 < 990 ? std::uint16_t{0} : std::uint16_t{kTimedOut};
  o.scheduled = Time(static_cast<std::int64_t>(k * 1'000'000));
  o.sent = o.scheduled + 100us;
  o.done = o.sent + Duration(static_cast<std::int64_t>(k % 5000)) * 1000;
  if (o.series == 0) post(o, planned_transfer(k, k % 100 == 0 ? 50 : 100));
  return o;
}

// Starts `work` in a process of its own, which exits with 0 when it went well.
pid_t child_of(const std::function<bool()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  bool well = false;
  try {
    well = work();
  } catch (...) {
  }
  ::_exit(well ? 0 : 1);
}

int in_child(const std::function<bool()>& work) {
  const pid_t child = child_of(work);
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

// Files of this process can't grow beyond `bytes`: as a full disk, but for the words.
void limit_files(rlim_t bytes) {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{bytes, bytes};
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

std::string why_not(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Kibibytes of this process that are in memory: "VmRSS" all, "RssAnon" without files.
std::int64_t resident(const std::string& what) {
  std::ifstream status("/proc/self/status");
  for (std::string name; status >> name;) {
    if (name != what + ":") continue;
    std::int64_t kibibytes = 0;
    status >> kibibytes;
    return kibibytes;
  }
  return -1;
}

// A child that records and tells of each operation; killed when it has told of `enough`. Returns of how many it told in all.
std::uint64_t record_until_killed(const std::filesystem::path& file, std::uint64_t enough) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = child_of([&] {
    ::close(ends[0]);
    OperationFile out(file, kPlans);
    for (std::uint64_t k = 0;; ++k) {
      out.record(made(k));
      if (::write(ends[1], "x", 1) != 1) return false;
    }
  });
  ::close(ends[1]);
  std::uint64_t told = 0;
  bool killed = false;
  char bytes[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], bytes, sizeof bytes)) > 0;) {
    told += static_cast<std::uint64_t>(got);
    if (told < enough || killed) continue;
    ::kill(child, SIGKILL);
    killed = true;
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return told;
}

}  // namespace

TEST_CASE("what is recorded is in the file at once, though it was never flushed or closed") {
  Folder folder;
  OperationFile out(folder.path / "bank.ops");
  REQUIRE(read_operations(folder.path / "bank.ops").operations.empty());
  for (std::uint64_t k = 0; k < 3; ++k) {
    out.record(made(k));
    OperationLog log = read_operations(folder.path / "bank.ops");
    REQUIRE(log.operations.size() == k + 1);
    REQUIRE(log.operations.back() == made(k));
    REQUIRE(log.damaged_bytes == 0);
  }
}

TEST_CASE("a file that is closed, or given up, has the length of what it holds") {
  Folder folder;
  { OperationFile(folder.path / "given-up.ops").record(made(0)); }
  OperationFile out(folder.path / "closed.ops");
  out.record(made(0));
  REQUIRE(std::filesystem::file_size(folder.path / "closed.ops") == MappedFile::kWindow);
  out.close();
  REQUIRE(std::filesystem::file_size(folder.path / "closed.ops") < 100);
  REQUIRE(read_whole(folder.path / "closed.ops") == read_whole(folder.path / "given-up.ops"));
  out.record(made(1));  // too late, but no crash
  for (std::uint64_t k = 0; k < 100'000; ++k) out.record(made(k));
  REQUIRE(read_operations(folder.path / "closed.ops").operations.size() == 1);
}

TEST_CASE("a file of operations is never overwritten") {
  Folder folder;
  write_operations(folder.path / "bank.ops", {made(0)});
  REQUIRE_THROWS_AS(OperationFile(folder.path / "bank.ops"), Error);
  REQUIRE(read_operations(folder.path / "bank.ops").operations.size() == 1);
}

TEST_CASE("kill -9 loses nothing of what was recorded") {
  // The last of them is beyond the first window.
  for (std::uint64_t enough : {1UL, 2UL, 100UL, 9999UL, 20'011UL, 400'000UL}) {
    Folder folder;
    const std::uint64_t told = record_until_killed(folder.path / "bank.ops", enough);
    OperationLog log = read_operations(folder.path / "bank.ops");
    INFO("told of " << told);
    REQUIRE(told >= enough);
    REQUIRE(log.damaged_bytes == 0);
    REQUIRE((log.operations.size() == told || log.operations.size() == told + 1));
    for (std::uint64_t k = 0; k < log.operations.size(); ++k)
      if (!(log.operations[k] == made(k))) FAIL("operation " << k << " is another");
  }
}

TEST_CASE("a full disk is told when the file is closed, does not stop the probe, and leaves what was before it") {
  Folder folder;
  const auto file = folder.path / "bank.ops";
  constexpr std::uint64_t kAll = 400'000;
  const int status = in_child([&] {
    limit_files(MappedFile::kWindow + 4096);
    OperationFile out(file, kPlans);
    for (std::uint64_t k = 0; k < kAll; ++k) out.record(made(k));
    const std::string why = why_not([&] { out.close(); });
    return contains(why, "writing the operations to " + file.string()) && contains(why, "File too large");
  });
  REQUIRE(status == 0);
  OperationLog log = read_operations(file);
  REQUIRE(log.damaged_bytes == 0);
  REQUIRE((log.operations.size() > kAll / 10 && log.operations.size() < kAll));
  REQUIRE(std::filesystem::file_size(file) > MappedFile::kWindow - 200);
  for (std::uint64_t k = 0; k < log.operations.size(); ++k)
    if (!(log.operations[k] == made(k))) FAIL("operation " << k << " is another");
}

TEST_CASE("a disk that is full before the first operation is an error with words") {
  Folder folder;
  const int status = in_child([&] {
    limit_files(4096);
    const std::string why = why_not([&] { OperationFile out(folder.path / "bank.ops"); });
    return contains(why, "making room for the operations") && contains(why, "File too large") && contains(why, "--out");
  });
  REQUIRE(status == 0);
}

TEST_CASE("a store that the file can't keep ends nothing, and is told when the file is closed") {
  Folder folder;
  OperationFile out(folder.path / "bank.ops", kPlans);
  for (std::uint64_t k = 0; k < 1000; ++k) out.record(made(k));
  std::filesystem::resize_file(folder.path / "bank.ops", 0);
  for (std::uint64_t k = 1000; k < 3000; ++k) out.record(made(k));  // the kernel raises SIGBUS at the first
  CHECK(contains(why_not([&] { out.close(); }), "writing the operations"));
}

TEST_CASE("a SIGBUS that is none of ours ends the process as ever", "[no-tsan]") {
  Folder folder;
  const int status = in_child([&] {
    OperationFile out(folder.path / "bank.ops", kPlans);  // it catches its own
    const int descriptor = ::open((folder.path / "empty").c_str(), O_RDWR | O_CREAT, 0600);
    void* foreign = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    *static_cast<volatile char*>(foreign) = 1;
    return true;
  });
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGBUS);
}

TEST_CASE("memory stays flat over two million operations", "[no-tsan]") {
  Folder folder;
  OperationFile out(folder.path / "bank.ops", kPlans);
  for (std::uint64_t k = 0; k < 10'000; ++k) out.record(made(k));
  const std::int64_t all = resident("VmRSS"), anonymous = resident("RssAnon");
  REQUIRE(std::min(all, anonymous) > 0);
  for (std::uint64_t k = 10'000; k < 2'000'000; ++k) out.record(made(k));
  CHECK(resident("VmRSS") - all < 4096);
  CHECK(resident("RssAnon") - anonymous < 1024);
  out.close();
  REQUIRE(std::filesystem::file_size(folder.path / "bank.ops") > 5 * MappedFile::kWindow);
}
