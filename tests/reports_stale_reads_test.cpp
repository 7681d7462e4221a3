// Reads that do not show what was acknowledged before: what misses the objective, and what proves nothing.
#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <utility>

#include "reports/files.h"
#include "reports/judgement.h"
#include "reports/reports.h"
#include "tests/support/folder.h"
#include "tests/support/judged.h"
#include "tests/support/run_folder.h"

using namespace blackstart;
using namespace blackstart::trace;
using Catch::Contains;

namespace {

using Kind = ObjectiveSpec::Kind;
using State = ObjectiveResult::State;

const Answer kBehind{Outcome::ok, kLatency, kStale};

// A bank whose transfers are fine, with read-backs that this service answers: 10 a second for a minute, the fault at 20 s.
Record reading_back(const Service& service) {
  Record r = rehearsal(probe(always_up()));
  ProbeRecord& bank = r.probes[0];
  bank.info.series.push_back({"read-back", 10, 2s, 500ms, false, true});
  bank.planned.push_back(600);
  for (std::uint64_t k = 0; k < 600; ++k) {
    const Time sent = k * 100ms;
    const Answer answer = service(sent);
    bank.operations.push_back({1, k, answer.outcome, answer.error, sent, sent, sent + answer.latency});
  }
  r.steady.push_back({"bank", "read-back", 10s, 0.999, 1.0, 100, true});
  r.objectives = {{Kind::stale_reads, "bank", "", "", 0}};
  return r;
}

Service behind_between(Time from, Time to) {
  return [=](Time sent) { return sent >= from && sent < to ? kBehind : kUp; };
}

}  // namespace

TEST_CASE("stale reads: a cluster that shows each acknowledged mark meets it") {
  const ObjectiveResult result = judged(reading_back(always_up()), Verdict::passed);
  CHECK(result.state == State::met);
  CHECK(result.text == "stale reads of bank ≤ 0");
  CHECK(result.measured == "0 of 600 (read-back)");
}

TEST_CASE("stale reads: one is missed, before the first fault as well as after it, though all operations are good") {
  ObjectiveResult result = judged(reading_back(behind_between(18'800ms, 18'900ms)), Verdict::failed);
  CHECK(result.state == State::missed);
  CHECK(result.why ==
        "1 of 600 reads of bank/read-back did not show a mark that had been acknowledged before; the first 1.2 s before the "
        "first fault");
  result = judged(reading_back(behind_between(18'800ms, 30s)), Verdict::failed);
  CHECK(result.measured == "112 of 600 (read-back)");
  CHECK_THAT(result.why, Contains("the first 1.2 s before the first fault, the last 9.9 s after it"));
  const Judgement judgement = judge(reading_back(behind_between(0s, 60s)));
  CHECK((judgement.probes[0].series[1].outages.empty() && judgement.probes[0].series[1].good == 600));
}

TEST_CASE("stale reads: without an objective one fails the rehearsal all the same") {
  Record r = reading_back(behind_between(18'800ms, 18'900ms));
  r.objectives = {{Kind::rto, "bank", "", "", 30}};
  const Judgement judgement = judge(r);
  CHECK(judgement.verdict == Verdict::failed);
  CHECK_THAT(told(judgement),
             Contains("1 of 600 reads of bank/read-back did not show a mark that had been acknowledged before"));
  r = reading_back(always_up());
  r.objectives = {{Kind::rto, "bank", "", "", 30}};
  CHECK(judged(r, Verdict::passed).state == State::met);
}

TEST_CASE("stale reads: where no fault took effect, times are the run's") {
  Record r = reading_back(behind_between(18'800ms, 19s));
  r.injections.clear();
  CHECK_THAT(judge(r).objectives[0].why, Contains("the first at 18.800 s, the last at 18.900 s"));
}

TEST_CASE("stale reads: as many as the bound allows, and no more") {
  Record r = reading_back(behind_between(30s, 30'200ms));
  r.objectives[0].limit = 2;
  CHECK(judged(r, Verdict::passed).state == State::met);
  r.objectives[0].limit = 1;
  CHECK(judged(r, Verdict::failed).state == State::missed);
}

TEST_CASE("stale reads: only a read that was answered counts") {
  const Service failing = [](Time sent) { return sent >= 20s && sent < 22s ? Answer{Outcome::failed, 1ms, kStale} : kUp; };
  CHECK(judged(reading_back(failing), Verdict::passed).measured == "0 of 580 (read-back)");
}

TEST_CASE("stale reads: without a single answer nothing is known, and nothing is passed") {
  const ObjectiveResult result = judged(reading_back([](Time) { return kDown; }), Verdict::inconclusive);
  CHECK(result.state == State::not_measured);
  CHECK_THAT(result.why, Contains("not one read was answered"));
  Record r = reading_back(always_up());
  erase_if(r.probes[0].operations, [](const Operation& o) { return o.series == 1; });
  CHECK(judged(r, Verdict::inconclusive).state == State::not_measured);
}

TEST_CASE("stale reads: a probe that reads nothing back proves nothing") {
  Record r = reading_back(always_up());
  r.probes[0].info.series[1].reads_back = false;
  CHECK_THAT(judged(r, Verdict::inconclusive).why, Contains("bank reads nothing back"));
  r.objectives[0].probe = "shop";
  CHECK(judged(r, Verdict::inconclusive).state == State::not_measured);
}

TEST_CASE("stale reads: missed is missed, though the probe was blind at another time") {
  Record r = reading_back(behind_between(30s, 31s));
  erase_if(r.probes[0].operations, [](const Operation& o) { return o.series == 1 && o.number >= 400 && o.number < 420; });
  CHECK(judged(r, Verdict::inconclusive).state == State::missed);
}

TEST_CASE("stale reads: every report tells what was missed, and names the series") {
  const Record r = reading_back(behind_between(30s, 31s));
  const Judgement j = judge(r);
  for (const std::string& report : {text_summary(r, j), junit_xml(r, j), html_report(r, j), record_json(r, j)}) {
    CHECK_THAT(report, Contains("stale reads of bank"));
    CHECK_THAT(report, Contains("10 of 600 (read-back)"));
    CHECK_THAT(report, Contains("bank/read-back"));
  }
  CHECK_THAT(record_json(r, j), Contains("\"stale-reads\""));
}

TEST_CASE("stale reads: judged alike from the disk; in a record of before them nothing was read back") {
  Folder folder;
  write_run(folder.path, reading_back(behind_between(30s, 31s)));
  CHECK(judged(read_record(folder.path), Verdict::failed).measured == "10 of 600 (read-back)");
  std::string events = read_whole(folder.path / "events.jsonl");
  for (const char* later : {R"(,"reads_back":true)", R"(,"reads_back":false)", R"("crc32c":[0-9]+,)"}) {
    const std::string with = std::exchange(events, std::regex_replace(events, std::regex(later), ""));
    REQUIRE(events.size() < with.size());
  }
  std::ofstream(folder.path / "events.jsonl") << events;
  CHECK_THAT(judged(read_record(folder.path), Verdict::inconclusive).why, Contains("reads nothing back"));
}
