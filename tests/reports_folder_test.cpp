#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.h"
#include "reports/files.h"
#include "reports/reports.h"
#include "reports/series_stats.h"
#include "tests/support/folder.h"
#include "tests/support/run_folder.h"

using namespace blackstart;
using namespace blackstart::trace;
using Catch::Contains;

namespace {

const char* const kFiles[] = {"summary.txt", "junit.xml", "record.json", "report.html", "metrics.prom"};

// A run of a series; the service is back after `down`.
void write_repetition(const std::filesystem::path& series, int number, int of, Duration down) {
  Record record = rehearsal(probe(down_between(20s, 20s + down)));
  record.run.repetition = number;
  record.run.repetitions = of;
  record.run.id = "20261121T064628Z-writer-kill-0" + std::to_string(number);
  write_run(series / ("repetition-0" + std::to_string(number)), record);
}

std::vector<Verdict> verdicts(const SeriesJudged& series) {
  std::vector<Verdict> result;
  for (const Judged& run : series.runs) result.push_back(run.judgement.verdict);
  return result;
}

}  // namespace

TEST_CASE("judging a folder writes every report, and judging again gives the same bytes") {
  Folder folder;
  write_run(folder.path, rehearsal(probe(down_between(20s, 24s))));
  Judged judged = judge_folder(folder.path);
  REQUIRE(judged.judgement.verdict == Verdict::passed);
  REQUIRE(judged.changed.empty());
  std::map<std::string, std::string> first;
  for (const char* name : kFiles) first[name] = read_whole(folder.path / name);
  REQUIRE(judge_folder(folder.path).changed.empty());
  for (const char* name : kFiles) REQUIRE(read_whole(folder.path / name) == first[name]);
}

TEST_CASE("a report that was changed by hand is written anew and said") {
  Folder folder;
  write_run(folder.path, rehearsal(probe(down_between(20s, 24s))));
  judge_folder(folder.path);
  std::ofstream(folder.path / "summary.txt", std::ios::app) << "and it was wonderful\n";
  REQUIRE(judge_folder(folder.path).changed == std::vector<std::string>{"summary.txt"});
  REQUIRE_THAT(read_whole(folder.path / "summary.txt"), !Contains("wonderful"));
}

TEST_CASE("a damaged record is judged anew, and never as passed") {
  Folder folder;
  write_run(folder.path, rehearsal(probe(down_between(20s, 24s))));
  REQUIRE(judge_folder(folder.path).judgement.verdict == Verdict::passed);
  std::filesystem::resize_file(folder.path / "ops/bank.ops", 5000);
  Judged judged = judge_folder(folder.path);
  REQUIRE(judged.judgement.verdict == Verdict::inconclusive);
  REQUIRE_FALSE(judged.changed.empty());
}

TEST_CASE("a series is judged run by run, and its verdict is the worst") {
  Folder folder;
  REQUIRE_FALSE(is_series(folder.path));
  REQUIRE_THROWS_AS(judge_series(folder.path), Error);
  write_repetition(folder.path, 2, 2, 20s);
  write_repetition(folder.path, 1, 2, 4s);
  REQUIRE(is_series(folder.path));
  SeriesJudged series = judge_series(folder.path);
  REQUIRE(verdicts(series) == std::vector{Verdict::passed, Verdict::failed});
  REQUIRE(series.verdict == Verdict::failed);
  for (const char* name : {"summary.txt", "junit.xml", "record.json", "report.html"})
    REQUIRE_FALSE(read_whole(folder.path / name).empty());
  REQUIRE(judge_series(folder.path).changed.empty());
}

TEST_CASE("a repetition that did not run or can't be read keeps a series from passing") {
  Folder folder;
  write_repetition(folder.path, 1, 3, 4s);
  write_repetition(folder.path, 2, 3, 4s);
  std::ofstream(folder.path / "repetition-02/events.jsonl") << "nothing of use\n";
  SeriesJudged series = judge_series(folder.path);
  REQUIRE(verdicts(series) == std::vector{Verdict::passed, Verdict::inconclusive, Verdict::inconclusive});
  REQUIRE(series.verdict == Verdict::inconclusive);
  REQUIRE_THAT(series.runs[1].judgement.reasons.at(0), Contains("repetition-02"));
  REQUIRE_THAT(series.runs[2].judgement.reasons.at(0), Contains("did not run"));
}

TEST_CASE("a run that stands in its series twice counts once") {
  Folder folder;
  for (int number : {1, 2}) write_repetition(folder.path, number, 4, number == 1 ? 4s : 20s);
  for (int number : {3, 4})
    std::filesystem::copy(folder.path / ("repetition-0" + std::to_string(number - 2)),
                          folder.path / ("repetition-0" + std::to_string(number)), std::filesystem::copy_options::recursive);
  const SeriesJudged series = judge_series(folder.path);
  using V = Verdict;  // the last two did not run
  CHECK(verdicts(series) == std::vector{V::passed, V::inconclusive, V::failed, V::failed, V::inconclusive, V::inconclusive});
  const SeriesStats stats = series_stats(series.runs);
  CHECK((stats.failed == 2 && stats.sound() == 2));  // a copy of one that failed has failed as well, and measured nothing
  CHECK(stats.rows.at(0).runs == 2);
  std::size_t told = 0;
  for (const Judged& run : series.runs) told += run.judgement.reasons.at(0).find("more than once") != std::string::npos;
  CHECK(told == 2);
}

TEST_CASE("a repetition of another series can't stand in for one that failed") {
  Folder folder;
  for (int number : {1, 2, 3}) {
    Record record = rehearsal(probe(down_between(20s, number == 2 ? 40s : 24s)));
    record.run.repetition = number;
    record.run.repetitions = 3;
    record.run.id = "20261121T064628Z-writer-kill-0" + std::to_string(number);
    write_run(folder.path / ("repetition-0" + std::to_string(number)), record);
  }
  CHECK(judge_series(folder.path).verdict == Verdict::failed);
  Record better = rehearsal(probe(down_between(20s, 24s)));
  better.run.repetition = 2;
  better.run.repetitions = 3;
  better.run.id = "20261122T064628Z-writer-kill-02";
  std::filesystem::remove_all(folder.path / "repetition-02");
  write_run(folder.path / "repetition-02", better);
  const SeriesJudged series = judge_series(folder.path);
  CHECK(verdicts(series) == std::vector{Verdict::passed, Verdict::inconclusive, Verdict::passed});
  CHECK(series.verdict == Verdict::inconclusive);
  CHECK_THAT(series.summary, Contains("2 of 3 runs passed"));
  CHECK_THAT(series.runs[1].judgement.reasons.at(0),
             Contains("no repetition of 20261121T064628Z-writer-kill but of 20261122T"));
}

TEST_CASE("a folder that only looks like a repetition is none") {
  Folder folder;
  for (const char* name : {"repetition-", "repetition-x1", "repetition-00", "repetition-1234567890123"})
    std::filesystem::create_directory(folder.path / name);
  std::ofstream(folder.path / "repetition-01") << "a file";
  REQUIRE_FALSE(is_series(folder.path));
}
