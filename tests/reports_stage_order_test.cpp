// Stages beside the outages that they are stages of: what contradicts them is found, and not drawn.
#include "reports/stage_order.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "reports/waterfall.h"
#include "tests/support/sample_record.h"
#include "tests/support/trace.h"

using namespace blackstart;
using Catch::Contains;

namespace {

// What is found in the first waterfall, "stage: why".
std::vector<std::string> found_in(const Judged& run) {
  std::vector<std::string> all;
  for (const Waterfall& waterfall : run.judgement.waterfalls)
    for (const StageContradiction& one : contradictions(waterfall, run.record, run.judgement))
      all.push_back(one.stage + ": " + one.why);
  return all;
}

StageResult& stage(Judged& run, const std::string& name) {
  for (StageResult& one : run.judgement.waterfalls.at(0).stages)
    if (one.name == name) return one;
  throw std::logic_error("no stage " + name);
}

bool names_an_injection(const Judged& run) {
  return std::all_of(run.judgement.waterfalls.begin(), run.judgement.waterfalls.end(), [&](const Waterfall& waterfall) {
    return std::any_of(run.record.injections.begin(), run.record.injections.end(),
                       [&](const Injection& one) { return one.id == waterfall.injection && one.effect == waterfall.effect; });
  });
}

}  // namespace

TEST_CASE("stage order: the stages of each sample are those of its outages", "[waterfall]") {
  for (const Judged& run :
       {sample::passed(), sample::failed(), sample::inconclusive(), sample::undo_pending(), sample::long_run()}) {
    CAPTURE(name_of(run.judgement.verdict), run.record.ended.count());
    REQUIRE(run.judgement.waterfalls.size() == 1);
    CHECK(found_in(run).empty());
    CHECK(names_an_injection(run));
    for (const ProbeMeasures& probe : run.judgement.probes)
      for (const SeriesMeasures& series : probe.series)
        for (const Outage& outage : series.outages)
          if (outage.first_success && !outage.censored) CHECK(*outage.first_success <= outage.recovery.to);
  }
}

TEST_CASE("stage order: what is judged never contradicts itself", "[waterfall]") {
  for (const auto& answers : {trace::down_between(20s, 23s), trace::down_between(20s, 100s), trace::always_up()}) {
    Judged run{trace::rehearsal(trace::probe(answers)), {}, {}};
    run.judgement = judge(run.record);
    REQUIRE(run.judgement.waterfalls.size() == 1);
    CHECK(found_in(run).empty());
  }
}

TEST_CASE("stage order: a stage that contradicts the outage is found", "[waterfall]") {
  Judged run = sample::passed();
  SECTION("a recovery of one that was not seen to recover") {
    Outage& outage = run.judgement.probes[0].series[0].outages[0];
    outage.censored = true;
    outage.recovery = {};
    CHECK(found_in(run).size() == 2);
    CHECK_THAT(found_in(run)[1], Contains("stable: no outage"));
  }
  SECTION("a recovery at another time") {
    stage(run, "stable").when.to += 1ms;
    CHECK(found_in(run).size() == 2);
  }
  SECTION("a first success that there was not") {
    run.judgement.probes[0].series[0].outages[0].first_success.reset();
    CHECK_THAT(found_in(run).at(0), Contains("first-success: no outage"));
  }
  SECTION("none, though there was one") {
    stage(run, "first-success").when = {};
    CHECK(found_in(run).size() == 2);
  }
  SECTION("a first success behind the recovery") {
    Outage& outage = run.judgement.probes[0].series[0].outages[0];
    outage.first_success = 30s;
    stage(run, "first-success").when = {29s, 30s};
    CHECK(found_in(run) == std::vector<std::string>{"first-success: it lies behind the stable recovery"});
  }
  SECTION("a first success that hung, while later operations were done before it") {
    Outage& outage = run.judgement.probes[0].series[0].outages[0];
    outage.first_success = stage(run, "first-success").when.to = stage(run, "stable").when.to + 20ms;
    CHECK(found_in(run).empty());
  }
  SECTION("before the fault") {
    stage(run, "galera-view").when = {10s, 11s};
    CHECK(found_in(run) == std::vector<std::string>{"galera-view: it lies before the fault"});
  }
  SECTION("behind the record") {
    stage(run, "redundant").when = {65s, 66s};
    CHECK(found_in(run) == std::vector<std::string>{"redundant: it lies behind the end of the record"});
    run.record.finished = false;  // nobody knows where that is
    CHECK(found_in(run).empty());
  }
}

TEST_CASE("stage order: such a stage is told as one that was not seen, with the reason", "[waterfall]") {
  Judged run = sample::passed();
  stage(run, "galera-view").when = {10s, 11s};
  leave_out_contradictions(run.judgement.waterfalls[0], run.record, run.judgement);
  CHECK_FALSE(stage(run, "galera-view").when.known());
  CHECK(stage(run, "galera-view").beside == StageResult::Beside::unknown);
  CHECK_THAT(stage(run, "galera-view").evidence, Contains("left out, as it lies before the fault") && Contains("size 2"));
  CHECK(found_in(run).empty());
  CHECK(stage(run, "stable").when.known());
}
