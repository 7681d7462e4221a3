// Redundancy that a probe watched: how long after which injection it was whole again, and what the verdict makes of it.
#include "reports/restoration.h"

#include <catch2/catch.hpp>

#include "reports/reports.h"
#include "tests/support/folder.h"
#include "tests/support/run_folder.h"
#include "tests/support/trace.h"

using namespace blackstart;
using Catch::Contains;

namespace {

Injection injected(const std::string& id, Time at, Time undo_asked = Time(-1)) {
  Injection one;
  one.id = id;
  one.effect = {at, at + 200ms};
  one.undo_asked = undo_asked;
  return one;
}

Redundancy watched(const std::vector<Redundancy::Loss>& losses, bool restored = true) {
  Redundancy one{"nova", restored, "all 9 services as before", 100s};
  one.probe = "whole";
  one.every = 2s;
  one.losses = losses;
  return one;
}

Redundancy::Loss loss(Time lost, Time back) { return {{lost - 1s, lost}, {back - 1s, back}, "nova-compute on k1: down"}; }
Redundancy::Loss lost_for_good(Time lost) { return {{lost - 1s, lost}, {}, "nova-compute on k1: down"}; }

std::vector<Restoration> restorations(const Redundancy& redundancy, const std::vector<Injection>& injections,
                                      Duration hold = 0s) {
  return restorations_of(redundancy, injections, hold);
}

// A sound rehearsal with a probe that watched Nova.
Record with_probe(const Redundancy& seen, double limit = 60, const std::string& component = "") {
  Record record = trace::sound_and_small();
  ProbeRecord probe;
  probe.info.name = "whole";
  probe.info.kind = "redundancy";
  probe.info.components = {"nova"};
  probe.started = 1s;
  probe.stopped = record.probes[0].stopped;
  record.probes.push_back(probe);
  record.redundancy.push_back(seen);
  record.live_settings = {{"nova", "c1", {{"", "service_down_time", "1s", "nova.conf"}}, ""}};
  ObjectiveSpec spec;
  spec.kind = ObjectiveSpec::Kind::redundancy;
  spec.probe = "whole";
  spec.series = component;
  spec.limit = limit;
  spec.recovery = ObjectiveSpec::Recovery::any;
  record.objectives.push_back(spec);
  return record;
}

}  // namespace

TEST_CASE("restoration: from the fault until it was whole again, with its ±", "[redundancy]") {
  const auto all = restorations(watched({loss(12s, 30s)}), {injected("a", 10s)});
  REQUIRE(all.size() == 1);
  CHECK((all[0].impact && !all[0].censored && !all[0].after_undo));
  CHECK(all[0].time.value == 29500ms - 10100ms);
  CHECK(all[0].time.plus_minus == 500ms + 100ms);
}

TEST_CASE("restoration: the last of several losses counts, one that was over before the fault does not", "[redundancy]") {
  const auto all = restorations(watched({loss(3s, 6s), loss(12s, 20s), loss(25s, 40s)}), {injected("a", 10s)});
  REQUIRE(all.size() == 1);
  CHECK(all[0].time.value == 39500ms - 10100ms);
  const auto before = restorations(watched({loss(3s, 6s)}), {injected("a", 10s)});
  CHECK_FALSE(before[0].impact);
  CHECK(before[0].time.plus_minus == 2s);
}

TEST_CASE("restoration: each injection has the losses up to the next, one that both share counts for both", "[redundancy]") {
  const std::vector<Injection> two{injected("a", 10s), injected("b", 50s)};
  const auto apart = restorations(watched({loss(12s, 20s), loss(55s, 70s)}), two);
  REQUIRE(apart.size() == 2);
  CHECK(apart[0].time.value == 19500ms - 10100ms);
  CHECK(apart[1].time.value == 69500ms - 50100ms);
  const auto shared = restorations(watched({loss(12s, 70s)}), two);
  CHECK(shared[0].time.value == 69500ms - 10100ms);
  CHECK(shared[1].time.value == 69500ms - 50100ms);
}

TEST_CASE("restoration: what begins within a hold of two injections may be the doing of either", "[redundancy]") {
  const Redundancy seen = watched({loss(14s, 40s)});
  const std::vector<Injection> two{injected("a", 10s), injected("b", 12s)};
  CHECK_FALSE(restorations(seen, two, 1s)[0].impact);
  const auto all = restorations(seen, two, 5s);
  CHECK(all[0].time.value - all[0].time.plus_minus <= 0s);
  CHECK(all[0].time.value + all[0].time.plus_minus >= 40s - 10100ms);
  CHECK_FALSE(all[0].struck);
  CHECK(all[1].time.value == 39500ms - 12100ms);
  CHECK(all[1].struck);

  Record record = with_probe(watched({loss(23s, 60s)}), 30);
  record.injections.push_back(record.injections[0]);
  record.injections[1].id = "next";
  record.injections[1].effect = {21s - 10ms, 21s};
  record.objectives.back().injection = record.injections[0].id;
  const auto verdict = [&](Duration hold) {
    record.probes.back().info.hold = hold;
    return judge(record).verdict;
  };
  CHECK(verdict(0s) == Verdict::passed);
  CHECK(verdict(30s) == Verdict::inconclusive);
}

TEST_CASE("restoration: of several losses the one known least well counts, too", "[redundancy]") {
  // The first may have been whole again at any moment from 20 s to 40 s.
  const Redundancy::Loss wide{{11s, 12s}, {20s, 40s}, "nova-compute on k1: down"};
  for (const auto& losses : {std::vector{wide, loss(25s, 31s)}, std::vector{loss(25s, 31s), wide}}) {
    const auto all = restorations(watched(losses), {injected("a", 10s)});
    CHECK(all[0].time.value + all[0].time.plus_minus >= 40s - 10100ms);
    CHECK(all[0].time.value - all[0].time.plus_minus >= 30s - 10300ms);
  }
}

TEST_CASE("restoration: what came only after our undo says so; what the undo broke counts from there", "[redundancy]") {
  const auto helped = restorations(watched({loss(12s, 60s)}), {injected("a", 10s, 40s)});
  REQUIRE(helped[0].after_undo);
  CHECK(helped[0].after_undo->asked == 40s);
  CHECK(helped[0].after_undo->alone == 40s - 10100ms);
  const auto broken = restorations(watched({loss(42s, 60s)}), {injected("a", 10s, 40s)});
  CHECK_FALSE(broken[0].after_undo);
  CHECK(broken[0].time.value == 59500ms - 40s);
}

TEST_CASE("restoration: never whole again, or not for long enough, is censored", "[redundancy]") {
  const auto lost = restorations(watched({lost_for_good(12s)}, false), {injected("a", 10s)});
  CHECK((lost[0].censored && lost[0].time.value == 100s - 10100ms));
  const auto short_of = restorations(watched({loss(12s, 99s)}, false), {injected("a", 10s)});
  CHECK(short_of[0].censored);
  CHECK(restorations(watched({}, false), {injected("a", 10s)})[0].censored);
}

TEST_CASE("restoration: none without a watcher or without an effect", "[redundancy]") {
  Redundancy once = watched({});
  once.probe.clear();
  CHECK(restorations(once, {injected("a", 10s)}).empty());
  CHECK(restorations(watched({}), {Injection{}}).empty());
}

TEST_CASE("restoration: a rehearsal that watched passes, and says how long it took", "[redundancy]") {
  const Time fault = trace::sound_and_small().injections.at(0).effect.from;
  const Judgement judged = judge(with_probe(watched({loss(fault + 3s, fault + 20s)})));
  INFO(judged.reasons.at(0));
  CHECK(judged.verdict == Verdict::passed);
  CHECK(judged.objectives.back().state == ObjectiveResult::State::met);
  CHECK(judged.objectives.back().text == "redundancy of whole restored ≤ 1min");
  CHECK_THAT(judged.objectives.back().measured, Contains("19.") && Contains("(nova)"));
}

TEST_CASE("restoration: where a loss is required, a fault that met nothing proves nothing", "[redundancy]") {
  const Time fault = trace::sound_and_small().injections.at(0).effect.from;
  Record record = with_probe(watched({}));
  REQUIRE(judge(record).verdict == Verdict::passed);
  record.objectives.back().impact_required = true;
  const Judgement untouched = judge(record);
  CHECK(untouched.verdict == Verdict::inconclusive);
  CHECK_THAT(untouched.reasons.at(0),
             Contains("redundancy of whole lost and restored") && Contains("nothing of nova was lost"));
  record.redundancy.back().losses = {loss(fault + 3s, fault + 20s)};
  CHECK(judge(record).verdict == Verdict::passed);
  record.redundancy.back().losses = {loss(fault - 9s, fault - 3s)};  // that was before the fault
  CHECK(judge(record).verdict == Verdict::inconclusive);
}

TEST_CASE("restoration: a look without an answer, or a loss by our undo, is no impact of the fault", "[redundancy]") {
  const Injection injection = trace::sound_and_small().injections.at(0);
  const Time fault = injection.effect.from, undo = injection.undo_asked;
  Redundancy::Loss unread = loss(fault + 3s, fault + 8s);
  unread.unread = true;
  Record record = with_probe(watched({unread}));
  record.objectives.back().impact_required = true;
  CHECK_THAT(judge(record).reasons.at(0), Contains("nothing of nova was lost"));
  CHECK(judge(record).verdict == Verdict::inconclusive);
  record.redundancy.back().losses = {loss(undo + 2s, undo + 5s)};
  CHECK(judge(record).verdict == Verdict::inconclusive);
  record.redundancy.back().losses = {unread, loss(fault + 10s, fault + 20s)};
  CHECK(judge(record).verdict == Verdict::passed);
}

TEST_CASE("restoration: where a loss is required, what has no second fails though the fault met it not", "[redundancy]") {
  Record record = with_probe(watched({}));
  record.objectives.back().impact_required = true;
  record.redundancy.back().single = "private (DHCP by k1)";
  const Judgement judged = judge(record);
  CHECK(judged.verdict == Verdict::failed);
  CHECK_THAT(judged.reasons.at(0), Contains("nova has no second: private (DHCP by k1)"));
}

TEST_CASE("restoration: too late, or never, fails", "[redundancy]") {
  const Time fault = trace::sound_and_small().injections.at(0).effect.from;
  const Judgement late = judge(with_probe(watched({loss(fault + 3s, fault + 20s)}), 10));
  CHECK(late.verdict == Verdict::failed);
  CHECK_THAT(late.reasons.at(0), Contains("nova took longer"));
  Redundancy never = watched({lost_for_good(fault + 3s)}, false);
  never.observed = "nova-compute on k1: down, enabled";
  const Judgement lost = judge(with_probe(never));
  CHECK(lost.verdict == Verdict::failed);
  CHECK_THAT(lost.reasons.at(0), Contains("nova was not seen whole again"));
  CHECK_THAT(lost.reasons.at(1), Contains("Redundancy did not come back: nova, observed nova-compute on k1: down"));
}

TEST_CASE("restoration: what never had a second fails, and is named", "[redundancy]") {
  Redundancy seen = watched({});
  seen.single = "conductor (a classic queue with one copy of it)";
  const Judgement judged = judge(with_probe(seen));
  CHECK(judged.verdict == Verdict::failed);
  CHECK(judged.reasons.at(0) == "There is no redundancy in nova: conductor (a classic queue with one copy of it).");
}

TEST_CASE("restoration: a component of which the record says nothing proves nothing", "[redundancy]") {
  Record silent = with_probe(watched({}));
  silent.redundancy.pop_back();
  const Judgement judged = judge(silent);
  CHECK(judged.verdict == Verdict::inconclusive);
  CHECK_THAT(judged.reasons.at(0), Contains("not known to have taken effect, or nobody watched whole") ||
                                       Contains("Nobody looked whether nova was whole again"));
  Record never_looked = with_probe(watched({}));
  never_looked.redundancy.back().at = Time(-1);
  CHECK(judge(never_looked).verdict == Verdict::inconclusive);
  CHECK(judge(with_probe(watched({}), 60, "cinder")).verdict == Verdict::inconclusive);
}

TEST_CASE("restoration: restored with a loss that is still open fails", "[redundancy]") {
  const Time fault = trace::sound_and_small().injections.at(0).effect.from;
  Record record = with_probe(watched({loss(fault + 1s, fault + 5s), lost_for_good(fault + 30s)}, true));
  record.objectives.pop_back();
  const Judgement judged = judge(record);
  CHECK(judged.verdict == Verdict::failed);
  CHECK_THAT(judged.reasons.at(0), Contains("Redundancy did not come back: nova"));
}

TEST_CASE("restoration: whole all the time, as far as its looks can tell", "[redundancy]") {
  Redundancy seen = watched({});
  seen.every = 5s;
  CHECK(judge(with_probe(seen, 5)).verdict == Verdict::passed);
  const Judgement coarse = judge(with_probe(seen, 2));
  CHECK(coarse.verdict == Verdict::inconclusive);
  CHECK_THAT(coarse.reasons.at(0), Contains("nova is too near the limit for its ±"));
  // What Nova calls up for half a minute after its death may have been dead for so long.
  Record slow = with_probe(seen, 20);
  slow.live_settings[0].settings[0].value = "30s";
  CHECK(judge(slow).verdict == Verdict::inconclusive);
}

TEST_CASE("restoration: a watch that stood still proves nothing, whatever the objectives ask", "[redundancy]") {
  Redundancy seen = watched({});
  Record record = with_probe(seen);
  record.objectives.pop_back();
  REQUIRE(judge(record).verdict == Verdict::passed);
  record.redundancy.back().every = 70s;
  const Judgement judged = judge(record);
  CHECK(judged.verdict == Verdict::inconclusive);
  CHECK(judged.reasons.at(0) == "nova was not looked at for up to 70.0 s: a loss may have been overlooked.");
}

TEST_CASE("restoration: what was not whole before the fault proves nothing", "[redundancy]") {
  const Time fault = trace::sound_and_small().injections.at(0).effect.from;
  const Judgement over_it = judge(with_probe(watched({loss(fault - 5s, fault + 20s)})));
  CHECK(over_it.verdict == Verdict::inconclusive);
  CHECK_THAT(over_it.reasons.at(0), Contains("nova was not whole before the first fault") && Contains("nova-compute on k1"));
  CHECK(judge(with_probe(watched({loss(fault - 9s, fault - 3s)}))).verdict == Verdict::passed);
  CHECK(judge(with_probe(watched({loss(fault + 500ms, fault + 20s)}))).verdict == Verdict::passed);
}

TEST_CASE("restoration: only after our undo misses an objective that wants it without", "[redundancy]") {
  const Record sound = trace::sound_and_small();
  const Time fault = sound.injections.at(0).effect.from, undo = sound.injections.at(0).undo_asked;
  REQUIRE(undo > fault);
  Record record = with_probe(watched({loss(fault + 1s, undo + 2s)}), 600);
  CHECK(judge(record).verdict == Verdict::passed);
  record.objectives.back().recovery = ObjectiveSpec::Recovery::itself;
  const Judgement judged = judge(record);
  CHECK(judged.verdict == Verdict::failed);
  CHECK_THAT(judged.reasons.at(0), Contains("by itself") && Contains("only after the undo was asked"));
}

TEST_CASE("restoration: the record keeps all of it", "[redundancy]") {
  Redundancy seen = watched({loss(12s, 30s), lost_for_good(50s)}, false);
  seen.losses[0].unread = true;
  seen.single = "x";
  Folder folder;
  Record written = with_probe(seen);
  written.objectives.back().impact_required = true;
  trace::write_run(folder.path / "run", written);
  const Record read = read_record(folder.path / "run");
  CHECK(read.objectives.back().impact_required);
  REQUIRE(read.redundancy.size() == 2);
  const Redundancy& same = read.redundancy.back();
  CHECK((same.probe == "whole" && same.every == 2s && same.single == "x" && !same.restored));
  REQUIRE(same.losses.size() == 2);
  CHECK((same.losses[0].unread && !same.losses[1].unread));
  CHECK((same.losses[0].lost == Bracket{11s, 12s} && same.losses[0].back == Bracket{29s, 30s}));
  CHECK_FALSE(same.losses[1].back.known());
  CHECK(read.probes.back().info.components == std::vector<std::string>{"nova"});
  CHECK(read.objectives.back().kind == ObjectiveSpec::Kind::redundancy);
}

TEST_CASE("restoration: every report tells of each component, its time, and what was missing", "[redundancy]") {
  const Time fault = trace::sound_and_small().injections.at(0).effect.from;
  Redundancy seen = watched({loss(fault + 3s, fault + 10s), lost_for_good(fault + 20s)}, false);
  seen.single = "conductor";
  const Record record = with_probe(seen);
  const Judgement judged = judge(record);
  const std::string text = text_summary(record, judged);
  CHECK_THAT(text, Contains("NOT RESTORED") && Contains("nova: kill-writer: > 80") && Contains("NO SECOND:"));
  CHECK_THAT(text, !Contains("Service (whole)") && !Contains("Error budget (whole)"));
  CHECK_THAT(html_report(record, judged), Contains("nova-compute on k1: down") && Contains("no second: conductor"));
  CHECK_THAT(junit_xml(record, judged), Contains("name=\"nova\"") && Contains("not restored: all 9 services"));
  CHECK_THAT(record_json(record, judged), Contains("\"single\": \"conductor\"") && Contains("\"restorations\""));
  CHECK_THAT(prometheus_text(record, judged),
             Contains("blackstart_redundancy_censored{") && Contains("component=\"nova\",injection=\"kill-writer\"} 1"));
}
