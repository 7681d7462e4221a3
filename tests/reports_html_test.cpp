#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "reports/chart.h"
#include "reports/markup.h"
#include "reports/series.h"
#include "tests/support/sample_record.h"

using namespace blackstart;

namespace {

std::string report(const Judged& run) { return html_report(run.record, run.judgement); }

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

nlohmann::json chart_of(const Judged& run) { return nlohmann::json::parse(chart_json(run.record, run.judgement)); }

}  // namespace

TEST_CASE("the report tells the verdict, the standstill, the loss and the deed") {
  std::string page = report(sample::passed());
  CHECK(contains(page, "<span class=\"word\">Passed</span>"));
  CHECK(contains(page, "4.390\u00a0s"));
  CHECK(contains(page, "±\u00a00.039\u00a0s"));
  CHECK(contains(page, "<span class=\"answer\">nothing</span>"));
  CHECK(contains(page, "SIGKILL to mariadb.service on c1"));
  CHECK(contains(page, "Killing the database writer stops the bank"));
  CHECK(contains(page, "20261121"));
}

TEST_CASE("the report tells how the instrument was proven, or that it was not") {
  Judged run = sample::passed();
  CHECK(contains(report(run), "<section id=\"instrument\">"));
  CHECK(contains(report(run), "known outages"));
  run.record.calibration->certificate.reset();
  CHECK(contains(report(run), "<code>blackstart calibrate</code>"));
  CHECK_FALSE(contains(report(run), "known outages"));
  run.record.calibration.reset();
  CHECK_FALSE(contains(report(run), "<section id=\"instrument\">"));
}

TEST_CASE("each verdict says plainly what it means") {
  CHECK(contains(report(sample::failed()), "Failed"));
  CHECK(contains(report(sample::failed()), "&gt;\u00a041.863\u00a0s"));
  CHECK(contains(report(sample::inconclusive()), "This rehearsal proves nothing."));
  std::string pending = report(sample::undo_pending());
  CHECK(contains(pending, "blackstart recover"));
  CHECK(contains(pending, "STILL IN EFFECT: c1 did not answer within 10\u00a0s"));
}

TEST_CASE("what the audit could not read is never told as nothing lost") {
  std::string page = report(sample::inconclusive());
  CHECK(contains(page, "<span class=\"answer\">not known</span>"));
  CHECK_FALSE(contains(page, "<span class=\"answer\">nothing</span>"));
}

TEST_CASE("the budget's table shows how near each alert was, and the time line only those that went off") {
  const std::string failed = report(sample::failed());
  CHECK(contains(failed, "<section id=\"budget\">"));
  CHECK(count(failed, "class=\"bar burn alarm\" style=\"left:0;width:100.0%\"") == 1);
  CHECK(count(failed, "class=\"bar burn\"") == 5);
  CHECK(contains(failed, "class=\"bar burn\" style=\"left:0;width:64.6%\""));  // 3.875 of 6
  CHECK(count(failed, "<span class=\"bar alarm\"") == 1);
  CHECK(contains(failed, "<strong>page 1h/5min</strong>"));
  const std::string passed = report(sample::passed());
  CHECK(count(passed, "class=\"bar burn\"") == 6);
  CHECK_FALSE(contains(passed, "<span class=\"bar alarm\""));
  CHECK_FALSE(contains(passed, "class=\"bar burn alarm\""));
}

TEST_CASE("the report asks nobody for anything") {
  std::string page = report(sample::passed());
  CHECK(contains(page, "default-src 'none'"));
  CHECK(count(page, "<script src") == 0);
  CHECK(count(page, "<img") == 0);
  CHECK(count(page, "url(") == 0);
  CHECK(count(page, "@import") == 0);
  CHECK(count(page, "<link") == 1);  // the empty icon, so that no browser looks for one
  CHECK_FALSE(contains(page, "sourceMappingURL"));
  CHECK(contains(page, "MIT"));
}

TEST_CASE("no text of the record becomes markup") {
  std::string page = report(sample::inconclusive());
  CHECK(contains(page, "&lt;script&gt;alert(&quot;claim&quot;)&lt;/script&gt;"));
  CHECK_FALSE(contains(page, "<script>alert"));
  CHECK_FALSE(contains(page, "<b>after</b>"));
  CHECK(contains(page, "{{title}}"));  // braces of the user's are no slots
  CHECK(count(page, "<script") == 3);
  CHECK(count(page, "</script>") == 3);
  CHECK_FALSE(contains(page, "\x1b"));
}

TEST_CASE("an empty record makes a page that proves nothing") {
  std::string page = report({});
  CHECK(contains(page, "This rehearsal proves nothing."));
  CHECK(contains(page, "not measured"));
}

TEST_CASE("writing again gives the same bytes") { CHECK(report(sample::passed()) == report(sample::passed())); }

TEST_CASE("two hours of operations stay below 2 MB and keep short outages visible") {
  Judged run = sample::long_run();
  CHECK(report(run).size() < 2'000'000);
  auto chart = chart_of(run)["charts"][0];
  auto good = chart["good"].get<std::vector<double>>();
  CHECK(good.size() < 2500);
  auto x = chart["x"].get<std::vector<double>>();
  double dark = 0;  // seconds of bins with nothing good during the first outage, which took 4.4 s
  for (std::size_t at = 0; at + 1 < x.size() && x[at] < 100; ++at)
    if (good[at] == 0) dark += x[at + 1] - x[at];
  CHECK(dark == Approx(4.4).margin(0.06));
}

TEST_CASE("a bin counts its own operations, whatever their latency") {
  Judged run = sample::passed();
  ChartSeries chart = chart_series(streams_of(run.record.probes[0])[0], nullptr, run.record);
  REQUIRE_FALSE(chart.bins.empty());
  std::uint64_t next = 0;
  double good = 0;
  for (const auto& bin : chart.bins) {
    CHECK(bin.first == next);
    next = bin.last;
    if (bin.good) good += *bin.good * static_cast<double>(bin.last - bin.first);
    if (bin.p50) CHECK((*bin.p50 <= *bin.p99 && *bin.p99 <= *bin.longest));
  }
  CHECK(next == 1200);
  CHECK(good == Approx(1112));
}

TEST_CASE("the chart counts seconds from the fault and shades what was judged") {
  auto chart = chart_of(sample::passed());
  CHECK(chart["marks"][0]["at"] == 0);
  CHECK(chart["marks"][0]["label"] == "kill-writer");
  CHECK(chart["range"][0].get<double>() == Approx(-20.137));
  CHECK(chart["charts"][0]["bands"][0]["kind"] == "down");
  CHECK(chart["charts"][0]["bands"][1]["kind"] == "recovered");
  CHECK(chart["charts"][1]["bands"][0]["kind"] == "brown-out");
}

TEST_CASE("an outage without recovery is shaded as long as the probe watched") {
  auto chart = chart_of(sample::failed());
  auto band = chart["charts"][0]["bands"][0];
  CHECK(band["to"].get<double>() == Approx(62 - 20.137));
  CHECK(contains(band["label"], "> "));
}

TEST_CASE("damaged operations do not break the chart") {
  Judged run = sample::passed();
  auto& operations = run.record.probes[0].operations;
  operations[5].number = ~std::uint64_t{0};
  operations[6].scheduled = Time::max();
  operations[7].series = 9;
  CHECK(chart_of(run)["charts"][0]["x"].size() < 2500);
  run.record.probes[0].info.series[0].rate = 0;
  CHECK(chart_of(run)["charts"][0]["x"].empty());
  CHECK(report(run).size() < 500'000);
}

TEST_CASE("the time axis has few round ticks, zero among them") {
  for (Duration length : {Duration(10s), Duration(63s), Duration(2h), Duration(100h)}) {
    TimeAxis axis;
    axis.to = length;
    axis.zero = length / 3;
    auto ticks = axis.ticks(7);
    CHECK(ticks.size() <= 8);
    CHECK(ticks.size() >= 2);
    CHECK(std::find(ticks.begin(), ticks.end(), axis.zero) != ticks.end());
    CHECK(axis.percent(axis.from) == 0);
    CHECK(axis.percent(axis.to * 2) == 100);
  }
}

TEST_CASE("a page with a slot that nothing fills is refused") {
  CHECK(html::fill("a {{x}} b", {{"x", {"{{y}}"}}}) == "a {{y}} b");
  CHECK_THROWS_AS(html::fill("{{y}}", {{"x", {}}}), Error);
  CHECK_THROWS_AS(html::fill("{{x", {{"x", {}}}), Error);
}
