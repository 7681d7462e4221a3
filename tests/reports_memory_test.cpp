// How much memory the report of a long rehearsal takes.
#include <malloc.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "reports/bad_times.h"
#include "reports/reports.h"
#include "tests/support/folder.h"
#include "tests/support/long_run.h"

using namespace blackstart;

namespace {

// What /proc/self/status tells of this process, in bytes.
std::uint64_t status(const std::string& what) {
  std::ifstream lines("/proc/self/status");
  for (std::string line; std::getline(lines, line);)
    if (line.rfind(what + ":", 0) == 0) return 1024 * std::stoull(line.substr(what.size() + 1));
  FAIL("/proc/self/status does not tell " << what);
  return 0;
}

// By how much this process grew at the most.
template <class Action>
std::uint64_t growth(Action action) {
  ::malloc_trim(0);  // what is free is given back, so that it does not hide what is taken
  std::ofstream reset("/proc/self/clear_refs");
  reset << 5 << std::flush;  // proc(5): resets the peak
  REQUIRE(reset);
  const std::uint64_t before = status("VmRSS");
  action();
  return status("VmHWM") - before;
}

constexpr std::uint64_t kMegabyte = 1 << 20;

// With a sanitizer memory grows by what it keeps for itself: only the numbers are looked at then.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kOwnMemory = false;
#else
constexpr bool kOwnMemory = true;
#endif

}  // namespace

TEST_CASE("the report of a long rehearsal takes no memory for its operations") {
  const Folder folder;
  trace::write_long_run(folder.path / "short", 500'000);
  trace::write_long_run(folder.path / "long", 5'000'000);
  const std::uint64_t less = growth([&] { judge_folder(folder.path / "short"); });
  const std::uint64_t more = growth([&] {
    const Judged judged = judge_folder(folder.path / "long");
    const SeriesMeasures& transfers = judged.judgement.probes.at(0).series.at(0);
    CHECK(transfers.operations == 2'500'000);
    CHECK(transfers.outages.size() == 1);
    CHECK(transfers.problem.empty());
  });
  // In memory they would be 360 MB, and again as many for each copy. What is kept up to a number is there in the longer one
  // only.
  INFO(less / kMegabyte << " MB, " << more / kMegabyte << " MB");
  CHECK((!kOwnMemory || (more < 64 * kMegabyte && more < less + 32 * kMegabyte)));
  CHECK(std::filesystem::file_size(folder.path / "long" / "report.html") < 2'000'000);
}

TEST_CASE("failures without end take no more memory") {
  const Folder folder;
  trace::write_long_run(folder.path / "run", 3'000'000, 24h);
  const std::uint64_t most = growth([&] {
    const Judged judged = judge_folder(folder.path / "run");
    const SeriesMeasures& transfers = judged.judgement.probes.at(0).series.at(0);
    CHECK(transfers.budget.bad > BadTimes::kMostKept);
    CHECK(transfers.outages.at(0).censored);
  });
  INFO(most / kMegabyte << " MB");
  CHECK((!kOwnMemory || most < 64 * kMegabyte));
}
