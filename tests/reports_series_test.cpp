#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "reports/detectable.h"
#include "reports/series_stats.h"
#include "tests/support/sample_record.h"

using namespace blackstart;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

bool said(const std::vector<Judged>& runs, const std::string& part) {
  const auto statements = series_stats(runs).statements;
  return std::any_of(statements.begin(), statements.end(), [&](const std::string& one) { return contains(one, part); });
}

std::vector<Judged> with_verdicts(const std::vector<Verdict>& verdicts) {
  std::vector<Judged> runs;
  for (Verdict verdict : verdicts) {
    runs.push_back(sample::passed());
    runs.back().judgement.verdict = verdict;
  }
  return runs;
}

}  // namespace

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
  CHECK(contains(series_junit(runs), ", 2 only after our undo"));
  CHECK(nlohmann::json::parse(series_json(runs))["rto"][0]["after_undo"] == 2);
}

TEST_CASE("bounds and intervals say what is only a lower bound") {
  CHECK(bound_text({120s, true}) == "> 120.000 s");
  CHECK(interval_text({{1s, false}, {2s, false}}) == "1.000 s to 2.000 s");
  CHECK(interval_text({{1s, false}, {2s, true}}) == "1.000 s or more");
  CHECK(interval_text({{1s, true}, {2s, true}}) == "more than 1.000 s");
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
  CHECK(stats.rows[0].median_interval == ConfidenceInterval{{4390ms, false}, {5290ms, false}});
  CHECK(stats.rows[0].upper->value == Bound{41'863ms, true});
  CHECK(stats.lost == 1);
  CHECK(contains(stats.statements.at(1), "1 run left out"));
}

TEST_CASE("fewer than 59 runs bound a lower quantile than the p95, and a run that did not recover leaves no bound") {
  auto runs = with_verdicts(std::vector<Verdict>(58, Verdict::passed));
  CHECK(said(runs,
             "With 95 % confidence, 94 % of the recoveries of bank/inquiry after kill-writer take at most 1.483 s "
             "(± 0.033 s): the longest of 58 runs."));
  CHECK(said(runs, "Too few sound runs (58) for an upper bound of the p95 (needs 59)."));
  runs.push_back(runs.front());
  CHECK(said(runs, "With 95 % confidence, 95 % of the recoveries of bank/inquiry"));
  CHECK_FALSE(said(runs, "Too few"));
  runs.resize(93, runs.front());
  CHECK(said(runs, "the longest of 93 runs but for 1."));
  runs.resize(59);
  runs.back().judgement.rtos[1].censored = true;
  CHECK(said(runs,
             "No upper bound can be given for bank/inquiry after kill-writer: it would be more than 1.483 s, as no recovery "
             "was seen in 1 of 59 runs."));
  CHECK(said(runs, "95 % of the recoveries of bank/transfer"));
}

TEST_CASE("what a handful of runs can't tell is said to be untold") {
  CHECK(said(with_verdicts(std::vector<Verdict>(4, Verdict::passed)),
             "Too few sound runs (4) for any upper bound (needs 5), an interval of the median (needs 6), the smallest slowdown "
             "that they could have shown (needs 10), an upper bound of the p95 (needs 59)."));
  const SeriesRow row = series_stats(with_verdicts(std::vector<Verdict>(4, Verdict::passed))).rows.at(0);
  CHECK_FALSE(row.upper);
  CHECK_FALSE(row.median_interval);
  CHECK_FALSE(row.slowdown);
  CHECK(median_text(row) == "4.390 s");
}

TEST_CASE("a series says how small a slowdown it could have seen, at best what its measurements tell apart") {
  auto runs = with_verdicts(std::vector<Verdict>(20, Verdict::passed));
  CHECK(said(runs,
             "Against as many runs of another version, a slowdown of bank/inquiry after kill-writer below +3 % may well go "
             "unnoticed."));  // all alike, ± 33 ms of 1483 ms
  for (std::size_t at = 0; at < 10; ++at) runs[at].judgement.rtos[1].rto.value *= 2;
  const double spread = 0.69315 * std::sqrt(20.0 / 19) / 2;
  CHECK(*series_stats(runs).rows.at(1).slowdown == Approx(*detectable_slowdown(20, spread)).epsilon(0.001));
  runs[0].judgement.rtos[1].impact = false;
  runs[0].judgement.rtos[1].rto.value = Duration{0};
  CHECK(said(runs,
             "How small a slowdown of bank/inquiry after kill-writer could have been seen is not said: 1 of 20 runs had no "
             "outage or no recovery."));
}

TEST_CASE("a median is that of Kaplan and Meier where a run did not recover, and says so") {
  auto runs = with_verdicts(std::vector<Verdict>(7, Verdict::passed));
  for (std::size_t at = 0; at < runs.size(); ++at) runs[at].judgement.rtos[0].rto.value = std::chrono::seconds(at + 1);
  CHECK(contains(series_summary(runs), "median 4.000 s (95 % interval 1.000 s to 7.000 s), max 7.000 s"));
  CHECK_FALSE(said(runs, "Kaplan"));
  runs[1].judgement.rtos[0].censored = true;  // watched for two seconds only
  CHECK(said(runs, "A median counts runs that were not seen to recover for as long as they were watched (Kaplan–Meier)."));
  CHECK(series_stats(runs).rows.at(0).median == Bound{5s, false});
  for (auto& run : runs) run.judgement.rtos[0].censored = true;
  CHECK(contains(series_summary(runs), "median > 7.000 s (95 % interval more than 1.000 s), max > 7.000 s"));
}

TEST_CASE("injections without jitter are told, if the record says that there was none") {
  auto runs = with_verdicts({Verdict::passed, Verdict::passed});
  CHECK_FALSE(said(runs, "jitter"));  // as in older records
  for (auto& run : runs) run.record.injections[0].parameters.emplace_back(kJitter, "2s");
  CHECK_FALSE(said(runs, "jitter"));
  for (auto& run : runs) run.record.injections[0].parameters.back().second = "0s";
  CHECK(said(runs,
             "kill-writer came without jitter, at the same moment of each run: what was measured may hold for one phase of "
             "the cloud's heartbeats only."));
  runs.pop_back();
  CHECK_FALSE(said(runs, "jitter"));
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
  CHECK(json["rto"][0]["median_interval"]["to"]["seconds"] == 5.29);
  CHECK(json["rto"][0]["upper_bound"]["value"]["censored"] == true);
  CHECK(json["rto"][1]["upper_bound"]["share"] == 0.71);
  CHECK(json["rto"][0]["detectable_slowdown"].is_null());
  std::string junit = series_junit(sample::series());
  INFO(junit);
  CHECK(contains(junit, "<testsuite name=\"writer-kill.repetition-10\""));
  CHECK(contains(junit, "<testsuite name=\"writer-kill.series\" tests=\"1\" failures=\"1\""));
  CHECK(contains(junit, "median 4.890 s (95 % interval 4.390 s to 5.290 s), max > 41.863 s"));
  CHECK(contains(junit, "Too few sound runs (9)"));
}

TEST_CASE("no runs at all still make files that prove nothing") {
  CHECK(contains(series_summary({}), "Series inconclusive"));
  CHECK(contains(series_html({}), "This rehearsal proves nothing."));
  CHECK(nlohmann::json::parse(series_json({}))["verdict"] == "inconclusive");
}
