#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "reports/series_stats.h"
#include "tests/support/sample_record.h"

using namespace blackstart;

namespace {

Bound exact(int seconds) { return {std::chrono::seconds(seconds), false}; }
Bound more_than(int seconds) { return {std::chrono::seconds(seconds), true}; }
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::vector<Judged> with_verdicts(const std::vector<Verdict>& verdicts) {
  std::vector<Judged> runs;
  for (Verdict verdict : verdicts) {
    runs.push_back(sample::passed());
    runs.back().judgement.verdict = verdict;
  }
  return runs;
}

}  // namespace

TEST_CASE("the median of exact values is exact") {
  CHECK(median({exact(3), exact(1), exact(2)}) == exact(2));
  CHECK(median({exact(4), exact(1), exact(2), exact(4)}) == exact(3));
  CHECK(median({exact(7)}) == exact(7));
}

TEST_CASE("censored values make a median a lower bound only where they may move it") {
  CHECK(median({exact(1), exact(2), more_than(120)}) == exact(2));
  CHECK(median({exact(1), more_than(120), more_than(60)}) == more_than(60));
  CHECK(median({exact(2), more_than(4)}) == more_than(3));
  CHECK(median({exact(1), exact(5), more_than(3)}) == more_than(3));  // it may be 5 just as well
  CHECK(median({more_than(9)}) == more_than(9));
}

TEST_CASE("the maximum is censored as soon as one value is") {
  CHECK(maximum({exact(1), exact(9)}) == exact(9));
  CHECK(maximum({exact(9), more_than(5)}) == more_than(9));
  CHECK(bound_text(more_than(120)) == "> 120.000 s");
}

TEST_CASE("the bound of the failure rate is Clopper and Pearson's") {
  CHECK(failure_rate_bound(10, 0) == Approx(0.2589).epsilon(0.001));
  CHECK(failure_rate_bound(59, 0) == Approx(0.0495).epsilon(0.001));
  CHECK(failure_rate_bound(10, 1) == Approx(0.3942).epsilon(0.001));
  CHECK(failure_rate_bound(0, 0) == 1);
  CHECK(failure_rate_bound(5, 5) == 1);
}

TEST_CASE("a series says how often a service recovered only after our undo") {
  auto runs = with_verdicts({Verdict::failed, Verdict::failed, Verdict::passed});
  CHECK_FALSE(contains(series_summary(runs), "only after our undo"));
  for (std::size_t at : {0, 1}) runs[at].judgement.rtos[0].after_undo = AfterUndo{41s, 20s};
  CHECK(contains(series_summary(runs), "bank/transfer recovered only after our undo in 2 of 3 runs after kill-writer"));
}

TEST_CASE("the worst verdict is the series' verdict") {
  using V = Verdict;
  CHECK(series_verdict({}) == V::inconclusive);
  CHECK(series_verdict(with_verdicts({V::passed, V::passed})) == V::passed);
  CHECK(series_verdict(with_verdicts({V::passed, V::inconclusive})) == V::inconclusive);
  CHECK(series_verdict(with_verdicts({V::failed, V::inconclusive, V::passed})) == V::failed);
  CHECK(series_verdict(with_verdicts({V::failed, V::undo_pending, V::passed})) == V::undo_pending);
}

TEST_CASE("runs that prove nothing stay out of the numbers, and it is said") {
  SeriesStats stats = series_stats(sample::series());
  CHECK(stats.passed == 8);
  CHECK(stats.failed == 1);
  CHECK(stats.inconclusive == 1);
  REQUIRE(stats.rows.size() == 2);
  CHECK(stats.rows[0].name == "bank/transfer");
  CHECK(stats.rows[0].runs == 9);
  CHECK(stats.rows[0].censored == 1);
  CHECK(stats.rows[0].median == Bound{4890ms, false});
  CHECK(stats.rows[0].maximum == Bound{41'863ms, true});
  CHECK(stats.lost == 1);
  CHECK(contains(stats.statements.at(1), "1 run left out"));
}

TEST_CASE("few runs say nothing about the p95, 59 do") {
  auto runs = with_verdicts(std::vector<Verdict>(58, Verdict::passed));
  CHECK(contains(series_stats(runs).statements.back(),
                 "No statement about the RTO's p95: it needs 59 sound runs, there are 58."));
  runs.push_back(runs.front());
  CHECK(contains(series_stats(runs).statements.back(), "p95 of the RTO of bank/inquiry after kill-writer: at most 1.483 s"));
  runs.back().judgement.rtos[1].censored = true;
  CHECK_FALSE(contains(series_stats(runs).statements.back(), "bank/inquiry"));
}

TEST_CASE("a series without a sound run says that nothing can be said") {
  SeriesStats stats = series_stats(with_verdicts({Verdict::inconclusive, Verdict::undo_pending}));
  CHECK(stats.rows.empty());
  REQUIRE(stats.statements.size() == 1);
  CHECK(contains(stats.statements[0], "nothing can be said"));
}

TEST_CASE("the series' summary names every run") {
  std::string text = series_summary(sample::series());
  CHECK(text.starts_with("Series failed: 8 of 10 runs passed, 1 failed, 1 inconclusive, 0 undo-pending"));
  CHECK(contains(text, "repetition-04"));
  CHECK(contains(text, "> 41.863 s (not seen to recover), bank/transfer; 1"));
  CHECK(contains(text, "lost: not known"));
}

TEST_CASE("the series' page links to every run that has a report") {
  auto runs = sample::series();
  runs[9] = {};
  runs[9].record.run.repetition = 10;
  std::string page = series_html(runs);
  CHECK(contains(page, "href=\"repetition-09/report.html\""));
  CHECK_FALSE(contains(page, "href=\"repetition-10/report.html\""));
  CHECK(contains(page, "repetition-10"));
}

TEST_CASE("the series' machine-readable files hold every run") {
  auto json = nlohmann::json::parse(series_json(sample::series()));
  CHECK(json["verdict"] == "failed");
  CHECK(json["runs"].size() == 10);
  CHECK(json["runs"][3]["folder"] == "repetition-04");
  CHECK(json["rto"][0]["maximum"]["censored"] == true);
  std::string junit = series_junit(sample::series());
  CHECK(contains(junit, "<testsuite name=\"writer-kill.repetition-10\""));
}

TEST_CASE("no runs at all still make files that prove nothing") {
  CHECK(contains(series_summary({}), "Series inconclusive"));
  CHECK(contains(series_html({}), "This rehearsal proves nothing."));
  CHECK(nlohmann::json::parse(series_json({}))["verdict"] == "inconclusive");
}
