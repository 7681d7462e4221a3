// What is computed while operations go by is what is computed when all are at hand, in memory that does not grow with them.
#include <catch2/catch.hpp>
#include <map>

#include "reports/budget.h"
#include "reports/outages.h"
#include "reports/quantiles.h"
#include "tests/support/folder.h"
#include "tests/support/measures_text.h"
#include "tests/support/naive_measure.h"
#include "tests/support/random_history.h"

using namespace blackstart;
using trace::Random;

namespace {

std::vector<Operation> all_of(const SeriesOperations& operations) {
  std::vector<Operation> all;
  for (const Operation& operation : operations) all.push_back(operation);
  return all;
}

SeriesOperations of_series(const Operations& operations, std::uint16_t series, std::size_t most_waiting) {
  const OperationSurvey survey = operations.survey();
  return series < survey.series.size() ? SeriesOperations(operations, series, survey.series[series], most_waiting)
                                       : SeriesOperations();
}

Operations written(const std::filesystem::path& file, const Operations& operations) {
  OperationFile out(file);
  for (const Operation& operation : operations) out.record(operation);
  out.close();
  return Operations::in_file(file);
}

std::string measured(const ProbeRecord& probe, Time first_effect) {
  std::string text;
  for (const Stream& stream : streams_of(probe)) text += text_of(measure(stream, first_effect));
  return text;
}

std::string naively_measured(const ProbeRecord& probe, Time first_effect) {
  std::string text;
  for (const naive::Stream& stream : naive::streams_of(probe)) text += text_of(naive::measure(stream, first_effect));
  return text;
}

}  // namespace

TEST_CASE("random histories measure the same in passing as in memory") {
  std::map<std::string, int> told;  // how often each can be told apart at all
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Random random(seed);
    const ProbeRecord probe = trace::random_history(random, 200 + seed * 5);
    const Time effect = trace::chance(random, 0.5) ? Time(-1) : from_seconds(trace::between(random, 0, 100));
    INFO("seed " << seed);
    const std::string text = naively_measured(probe, effect);
    REQUIRE(measured(probe, effect) == text);
    for (const char* what : {"\noutage ", "censored true", "flaps 1 ", "\nblind ", "] [", "twice", "impossible"})
      told[what] += text.find(what) != std::string::npos ? 1 : 0;
  }
  for (const auto& [what, times] : told) {
    INFO(what);
    CHECK(times >= 5);
  }
}

TEST_CASE("random histories measure the same from their file") {
  const Folder folder;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(1000 + seed);
    const ProbeRecord probe = trace::random_history(random, 4000);
    ProbeRecord filed = probe;
    filed.operations = written(folder.path / (std::to_string(seed) + ".ops"), probe.operations);
    INFO("seed " << seed);
    REQUIRE(filed.operations.size() == probe.operations.size());
    REQUIRE(measured(std::as_const(filed), 5s) == naively_measured(probe, 5s));
  }
}

TEST_CASE("a series comes by number however few of its operations may wait") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Random random(2000 + seed);
    const ProbeRecord probe = trace::random_history(random, 300);
    const auto expected = naive::streams_of(probe);
    for (std::uint16_t series = 0; series < expected.size(); ++series) {
      for (std::size_t most_waiting : {std::size_t{1}, std::size_t{8}, std::size_t{100}, SeriesOperations::kMostWaiting}) {
        INFO("seed " << seed << ", " << most_waiting << " may wait");
        const SeriesOperations operations = of_series(probe.operations, series, most_waiting);
        REQUIRE(all_of(operations) == expected[series].operations);
        REQUIRE(operations.size() == expected[series].operations.size());
        if (operations.empty()) continue;
        CHECK(operations.front() == expected[series].operations.front());
        CHECK(operations.back() == expected[series].operations.back());
      }
    }
  }
}

TEST_CASE("what was recorded twice is told and taken once, wherever it stands") {
  constexpr auto kMost = ~std::uint64_t{0};
  Operations operations;
  for (std::uint64_t number : std::vector<std::uint64_t>{4, 2, 9, 2, kMost, 3, 4, 9, kMost}) {
    Operation o;
    o.number = number;
    o.sent = Time(static_cast<std::int64_t>(operations.size()));
    operations.push_back(o);
  }
  for (std::size_t most_waiting : {std::size_t{1}, std::size_t{4}, SeriesOperations::kMostWaiting}) {
    const SeriesOperations series = of_series(operations, 0, most_waiting);
    const auto all = all_of(series);
    REQUIRE(all.size() == 5);
    CHECK(series.twice() == 2U);
    CHECK((all[0].number == 2 && all[0].sent == Time(1)));
    CHECK((all[3].number == 9 && all[3].sent == Time(2)));
    CHECK(all[4].number == ~std::uint64_t{0});
  }
}

TEST_CASE("quantiles are exact when there are too many values to keep") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    std::vector<Duration> values(1 + seed * 50);
    const double widest = std::exp(trace::between(random, 1, 40));
    for (Duration& value : values) value = Duration(std::llround(widest * std::pow(trace::between(random, -0.3, 1), 5)));
    const std::vector<double> shares = {0, 0.01, 0.5, 0.99, 0.999, 1};
    Quantiles quantiles(shares, seed % 2 == 0 ? 10 : 100'000);
    int rounds = 0;
    do {
      REQUIRE(++rounds <= 6);
      for (Duration value : values) quantiles.see(value);
    } while (!quantiles.settle());
    INFO("seed " << seed);
    for (std::size_t i = 0; i < shares.size(); ++i) REQUIRE(quantiles.at(i) == naive::quantile(values, shares[i]));
    quantiles.see(Duration(-1));  // others need another round
    REQUIRE(quantiles.settle());
    REQUIRE(quantiles.at(0) == naive::quantile(values, 0));
  }
}

TEST_CASE("no value has quantile 0") {
  Quantiles none({0.5});
  REQUIRE(none.settle());
  CHECK(none.at(0) == 0s);
}

TEST_CASE(
    "bad operations come in the order in which they were known, and make the same budget, when they are too many to keep") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(3000 + seed);
    const ProbeRecord probe = trace::random_history(random, 2000);
    const auto streams = streams_of(probe);
    const auto expected = naive::streams_of(probe);
    for (std::size_t i = 0; i < streams.size(); ++i) {
      BadTimes bad(streams[i], 3);
      for (const Operation& operation : streams[i].operations) bad.see(operation);
      bad.settle();
      std::vector<Time> times;
      for (BadTimes::Cursor cursor(bad); cursor.more(); cursor.next()) times.push_back(cursor.at());
      INFO("seed " << seed);
      REQUIRE(times == naive::known_bad(expected[i]));
      SeriesMeasures passing, naively;
      passing.budget = budget_of(streams[i], bad, true);
      naively.budget = naive::budget_of(expected[i], true);
      REQUIRE(text_of(passing) == text_of(naively));
    }
  }
}

TEST_CASE("a file that loses operations while it is read is no shorter record") {
  const Folder folder;
  Random random(4);
  const ProbeRecord probe = trace::random_history(random, 30'000);
  ProbeRecord filed = probe;
  filed.operations = written(folder.path / "bank.ops", probe.operations);
  std::filesystem::resize_file(folder.path / "bank.ops", 70'000);
  REQUIRE_THROWS_WITH(streams_of(filed), Catch::Contains("no longer holds the operations that it held"));
}

TEST_CASE("what is appended to a file while it is read is not seen") {
  const Folder folder;
  OperationFile out(folder.path / "bank.ops");
  out.record({0, 0, Outcome::ok, 0, 0s, 0s, 1ms});
  const Operations operations = Operations::in_file(folder.path / "bank.ops");
  out.record({0, 1, Outcome::ok, 0, 1s, 1s, 2s});
  CHECK(operations.size() == 1);
  CHECK(all_of(of_series(operations, 0, 10)).size() == 1);
  CHECK(operations.survey().last_moment == 1ms);
}

TEST_CASE("operations of a file that are changed are taken into memory, and the file stays") {
  const Folder folder;
  Random random(5);
  Operations operations = written(folder.path / "bank.ops", trace::random_history(random, 100).operations);
  const std::uint64_t size = operations.size();
  operations.pop_back();
  CHECK(operations.size() == size - 1);
  CHECK(Operations::in_file(folder.path / "bank.ops").size() == size);
}
