// What came from a vantage point, on a disk that gets full while it is written: nothing of it is ever damaged.
#include "runner/vantage_keep.h"

#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "base/error.h"
#include "reports/operation_journal.h"
#include "tests/support/error_of.h"
#include "tests/support/small_disk.h"
#include "tests/support/text_folder.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kOperations = 2000;  // 144,000 bytes
constexpr std::size_t kPiece = 5000;         // not a multiple of a record's length

const VantagePlace kPlace{"bank@c3", "c3", "/there/1", "/there/p", "u1"};

ProbeInfo info() {
  ProbeInfo info;
  info.name = "bank@c3";
  info.kind = "tcp";
  info.vantage = "c3";
  info.series = {{"connect", 1000, 1s, 1s, false}};
  return info;
}

// What the node has: the journal's bytes.
std::string there() {
  const TextFolder node;
  {
    OperationJournal journal(node.path / "operations", 1 << 24);
    for (std::uint64_t number = 0; number < kOperations; ++number) {
      Operation one;
      one.number = number;
      one.outcome = Outcome::ok;
      one.scheduled = one.sent = 52s + number * 1ms;
      one.done = one.sent + 500us;
      journal.record(one);
    }
    journal.flush();
  }
  return TextFolder::read(node.path / "operations");
}

// The answer to a poll at a moment of the run whose zero is 100 s; the node's clock stands at run time + 50 s.
VantageAnswer answer(const std::string& all, std::uint64_t from, Time at) {
  VantageAnswer one;
  one.asked = 100s + at;
  one.answered = one.asked + 2ms;
  one.state = {"boot-1", 50s + at + 1ms, 0, false, all.size(), Time(52s), VantageState::End{54s, {kOperations}, ""}};
  one.bytes = all.substr(from, kPiece);
  return one;
}

// Polls until all is here or the disk is full; what is wrong then.
std::string fetch(VantageKeep& keep, const std::string& all) {
  try {
    for (Time at = 3s; !keep.whole(); at += 10ms) keep.take(answer(all, keep.bytes(), at));
    return "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

void check_complete(const fs::path& run) {
  const Record record = read_record(run);
  CHECK(record.torn_events == 0);
  CHECK(record.problems.empty());
  REQUIRE(record.probes.size() == 1);
  CHECK(record.probes[0].planned == std::vector<std::uint64_t>{kOperations});
  REQUIRE(record.probes[0].operations.size() == kOperations);
  const VantageClock* clock = clock_of(record, "bank@c3");
  REQUIRE(clock != nullptr);
  CHECK(clock->trouble.empty());
  CHECK(clock->pings > kOperations * kJournalRecord / kPiece);
  for (const Operation& one : std::as_const(record.probes[0].operations))
    REQUIRE(std::chrono::abs(one.done - one.scheduled - 500us) <= 2us);
}

void complete(VantageKeep& keep, const fs::path& run) {
  RecordWriter writer(run);
  RunInfo of;
  of.id = "r1";
  writer.run(of);
  writer.probe_started(info(), Time(0));
  keep.complete(writer, info());
}

TEST_CASE("a runner's disk that gets full damages nothing of what it has fetched: the rest comes once there is room",
          "[vantage]") {
  const TextFolder disk, run;
  const std::string all = there();
  std::string full, again, later;
  const bool root = run_on_small_disk(disk.path, "64k", [&](const SmallDisk& small) {
    const fs::path folder = disk.path / "keep";
    {
      VantageKeep keep(folder, kPlace, 100s);
      full = fetch(keep, all);
      again = fetch(keep, all);  // as the runner does, twice a second
    }
    small.resize("96k");
    {
      const auto keep = VantageKeep::open(folder);  // another process
      again += fetch(*keep, all);
    }
    small.resize("4m");
    const auto keep = VantageKeep::open(folder);
    later = fetch(*keep, all);
    complete(*keep, run.path);
  });
  if (!root) {
    SUCCEED("not root: there is no file system of a test's own");
    return;
  }
  CHECK_THAT(full, Catch::Contains("No space left"));
  CHECK_THAT(again, Catch::Contains("No space left"));
  CHECK(later == "");
  check_complete(run.path);
}

// The same by a limit on the length of files, which needs no root.
TEST_CASE("a write that takes a part and then fails leaves nothing behind", "[vantage]") {
  const TextFolder run;
  const std::string all = there();
  VantageKeep keep(run.path / "keep", kPlace, 100s);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto old = std::signal(SIGXFSZ, SIG_IGN);
  std::vector<std::string> said;
  for (const rlim_t most : {rlim_t{0}, rlim_t{100}, rlim_t{7000}, rlim_t{7001}, rlim_t{60'000}, rlim_t{100'000}}) {
    const rlimit limit{most, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    said.push_back(fetch(keep, all));
    said.push_back(fetch(keep, all));
    ::setrlimit(RLIMIT_FSIZE, &before);
  }
  std::signal(SIGXFSZ, old);
  for (const std::string& one : said) CHECK_THAT(one, Catch::Contains("File too large"));
  CHECK(fetch(keep, all) == "");
  complete(keep, run.path);
  check_complete(run.path);
}

TEST_CASE("what is completed is still on its node, but for runs of before removals were noted", "[vantage]") {
  const TextFolder run;
  VantageKeep keep(run.path / "keep", kPlace, 100s);
  CHECK(fetch(keep, there()) == "");
  CHECK_FALSE((keep.completed() || keep.removed()));
  complete(keep, run.path);
  CHECK((keep.completed() && !keep.removed()));
  run.write("keep/completed", "\n");
  CHECK((keep.completed() && keep.removed()));
}

TEST_CASE("the record's own lines are whole or not there when its disk is full", "[vantage]") {
  const TextFolder run;
  RecordWriter writer(run.path);
  RunInfo of;
  of.id = "r1";
  writer.run(of);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto old = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{fs::file_size(run.path / "events.jsonl") + 20, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  std::string said;
  try {
    writer.problem("a sentence that is longer than there is room for");
  } catch (const Error& error) {
    said = error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old);
  CHECK_THAT(said, Catch::Contains("File too large"));
  writer.problem("another");
  const Record record = read_record(run.path);
  CHECK(record.torn_events == 0);
  CHECK(record.problems == std::vector<std::string>{"another"});
}

TEST_CASE("a ping that a crash cut off is none, and those after it count", "[vantage]") {
  const TextFolder run;
  const std::string all = there();
  {
    VantageKeep keep(run.path / "keep", kPlace, 100s);
    keep.take(answer(all, 0, 3s));
    keep.take(answer(all, keep.bytes(), 3010ms));
  }
  std::ofstream(run.path / "keep" / "pings", std::ios::app) << "boot-1 30200";
  const auto keep = VantageKeep::open(run.path / "keep");
  CHECK(fetch(*keep, all) == "");
  complete(*keep, run.path);
  check_complete(run.path);
  CHECK_FALSE(keep->removed());
  keep->note_removed();
  CHECK(VantageKeep::open(run.path / "keep")->removed());
}

}  // namespace
}  // namespace blackstart
