// Who held what only one may hold: handovers and conflicts out of the record, and what the verdict and the reports say.
#include "reports/holders.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "reports/record_events.h"
#include "reports/reports.h"
#include "tests/support/judged.h"
#include "tests/support/trace.h"

using namespace blackstart;
using Catch::Matchers::Contains;

namespace {

using Names = std::vector<std::string>;

Holders at(Duration from, Duration to, const Names& names) { return {"vip", names, {from, to}}; }

ProbeRecord watched(Duration allowed = 0s) {
  ProbeRecord probe;
  probe.info.name = "vip";
  probe.info.two_holders = allowed;
  probe.stopped = 60s;
  return probe;
}

const std::vector<Holders> kMoved{at(0s, 10ms, {"c1"}), at(20s, 20100ms, {}), at(23s, 23100ms, {"c2"})};
const std::vector<Holders> kBoth{at(0s, 10ms, {"c1"}), at(20s, 20100ms, {"c1", "c2"}), at(21s, 21100ms, {"c2"})};

}  // namespace

TEST_CASE("a handover lasts from the last look at the old holder to the first at the new one", "[holders]") {
  const Holding holding = holding_of(watched(), kMoved);
  REQUIRE(holding.handovers.size() == 1);
  CHECK(holding.handovers[0].when == Bracket{20s, 23100ms});
  CHECK(handover_text(holding.handovers[0]) == "c1 → c2 between 20.000 s and 23.100 s");
  CHECK(holding.sound());
  CHECK(holding.looked);
  CHECK(conflicts_text(holding) == "never more than one at once");
}

TEST_CASE("the same holder again is no handover", "[holders]") {
  const Holding holding = holding_of(watched(), {at(0s, 10ms, {"c1"}), at(5s, 5100ms, {}), at(6s, 6100ms, {"c1"})});
  CHECK(holding.handovers.empty());
  CHECK(holding.last == "c1");
}

// It may have begun right after the last look that saw others.
TEST_CASE("two holders count from the last look before both were seen to the first that did not see them", "[holders]") {
  const Holding holding = holding_of(watched(), kBoth);
  REQUIRE(holding.conflicts.size() == 1);
  CHECK(holding.conflicted == 1100ms);
  CHECK_FALSE(holding.sound());
  CHECK_FALSE(holding_of(watched(1s), kBoth).sound());
  CHECK(holding_of(watched(1100ms), kBoth).sound());
  CHECK(conflict_text(holding.conflicts[0]) == "c1, c2 from 20.000 s to 21.100 s");
  REQUIRE(holding.handovers.size() == 1);
  CHECK(holding.handovers[0].when == Bracket{20s, 21100ms});
}

TEST_CASE("two holders to the end, and no longer than allowed", "[holders]") {
  const std::vector<Holders> to_the_end{at(0s, 10ms, {"c1"}), at(58s, 59s, {"c1", "c2"})};
  CHECK(holding_of(watched(), to_the_end).conflicted == 2s);
  CHECK(holding_of(watched(2s), to_the_end).sound());
  CHECK_FALSE(holding_of(watched(1999ms), to_the_end).sound());
  // Seen once, at the very end: not for any time that could be measured, and yet not sound.
  CHECK_FALSE(holding_of(watched(), {at(59s, 60s, {"c1", "c2"})}).sound());
}

TEST_CASE("other probes' holders are none of this one's", "[holders]") {
  Holders other = kBoth[1];
  other.probe = "vip2";
  const Holding holding = holding_of(watched(), {other});
  CHECK_FALSE(holding.looked);
  CHECK(holding.conflicts.empty());
  CHECK_FALSE(holding.sound());
  CHECK(conflicts_text(holding) == "nobody looked");
}

TEST_CASE("two that follow other two are not counted twice", "[holders]") {
  const Holding holding = holding_of(
      watched(), {at(0s, 10ms, {"c1"}), at(20s, 21s, {"c1", "c2"}), at(25s, 26s, {"c2", "c3"}), at(29s, 30s, {"c3"})});
  REQUIRE(holding.conflicts.size() == 2);
  CHECK(holding.conflicted == 10s);
}

namespace {

Operation look(Time sent, Outcome outcome) {
  Operation operation;
  operation.outcome = outcome;
  operation.scheduled = operation.sent = sent;
  operation.done = sent + 100ms;
  return operation;
}

// Looks at 0 s to 5 s; at 2 s and 3 s somebody was silent.
ProbeRecord half_seen(Duration allowed) {
  ProbeRecord probe = watched(allowed);
  for (int second = 0; second < 6; ++second)
    probe.operations.push_back(
        look(std::chrono::seconds(second), second == 2 || second == 3 ? Outcome::indeterminate : Outcome::ok));
  return probe;
}

}  // namespace

TEST_CASE("while somebody does not say, two may have it", "[holders]") {
  const std::vector<Holders> one{at(0s, 100ms, {"c1"})};
  const Holding holding = holding_of(half_seen(0s), one);
  CHECK(holding.unknown == 3100ms);
  CHECK_FALSE(holding.known());
  CHECK_FALSE(holding.conflict());
  CHECK_FALSE(holding.sound());
  CHECK(conflicts_text(holding) == "never more than one at once; for 3.100 s somebody did not say whether he has it");
  CHECK(holding_of(half_seen(3100ms), one).sound());
  CHECK_FALSE(holding_of(half_seen(3099ms), one).sound());
  ProbeRecord to_the_end = half_seen(0s);
  to_the_end.operations.resize(4);
  to_the_end.stopped = 4s;
  CHECK(holding_of(to_the_end, one).unknown == 3s);
  std::vector<Operation>& looks = to_the_end.operations.kept();
  std::rotate(looks.begin(), looks.begin() + 2, looks.end());  // known late
  CHECK(holding_of(to_the_end, one).unknown == 3s);
}

TEST_CASE("holders come out of events.jsonl as they went in", "[holders]") {
  events::Events read;
  for (const Holders& one : kBoth) REQUIRE(events::apply(events::line(one), read));
  REQUIRE(read.record.holders.size() == 3);
  CHECK(read.record.holders[1].names == Names{"c1", "c2"});
  CHECK(read.record.holders[1].since == Bracket{20s, 20100ms});
  ProbeInfo info = watched(2s).info;
  info.at_least_once = true;
  REQUIRE(events::apply(events::probe_started(info, 0s), read));
  CHECK(read.record.probes.at(0).info.two_holders == 2s);
  CHECK(read.record.probes.at(0).info.at_least_once);
}

namespace {

// A sound rehearsal whose probe watches a virtual IP as well.
Judged with_holders(const std::vector<Holders>& holders, Duration allowed = 0s) {
  Record record = trace::rehearsal(trace::probe(trace::down_between(20s, 24s)));
  record.probes[0].info.two_holders = allowed;
  record.holders = holders;
  for (Holders& one : record.holders) one.probe = record.probes[0].info.name;
  return {record, judge(record), {}};
}

}  // namespace

TEST_CASE("two holders at once fail the rehearsal, and every report says so", "[holders]") {
  const Judged judged = with_holders(kBoth);
  CHECK(judged.judgement.verdict == Verdict::failed);
  CHECK_THAT(trace::told(judged.judgement),
             Contains("more than one at once for at most 1.100 s") && Contains("c1, c2 from 20.000 s to 21.100 s"));
  const auto& [record, judgement, changed, aside] = judged;
  CHECK_THAT(text_summary(record, judgement), Contains("CONFLICTS") && Contains("c1 → c2 between 20.000 s and 21.100 s"));
  CHECK_THAT(html_report(record, judgement), Contains("c1, c2 from 20.000") && Contains("c1 → c2") && Contains("two at once"));
  CHECK_THAT(junit_xml(record, judgement), Contains("one holder at a time: bank") && Contains("c1, c2 from 20.000 s"));
  CHECK_THAT(record_json(record, judgement), Contains("\"conflicted_seconds\": 1.1") && Contains("\"last_seen_at_old\": 20.0"));
  CHECK_THAT(prometheus_text(record, judgement),
             Contains("blackstart_two_holders_seconds") && Contains("blackstart_handovers"));
}

TEST_CASE("a handover alone fails nothing, nor do two holders for as long as is allowed", "[holders]") {
  CHECK(with_holders(kMoved).judgement.verdict == Verdict::passed);
  CHECK(with_holders(kBoth, 1100ms).judgement.verdict == Verdict::passed);
}

TEST_CASE("a record that says nothing of holders proves nothing", "[holders]") {
  const Judged judged = with_holders({});
  CHECK(judged.judgement.verdict == Verdict::inconclusive);
  CHECK_THAT(trace::told(judged.judgement), Contains("does not say who held what bank watches"));
  const auto& [record, judgement, changed, aside] = judged;
  CHECK_THAT(text_summary(record, judgement),
             Contains("NOT KNOWN") && Contains("nobody looked") && !Contains("never more than one"));
  CHECK_THAT(html_report(record, judgement), Contains("nobody looked") && !Contains("never more than one"));
  CHECK_THAT(junit_xml(record, judgement), Contains("nobody looked") && !Contains("never more than one"));
  CHECK_THAT(record_json(record, judgement), Contains("\"looked\": false") && Contains("\"sound\": false"));
  CHECK_THAT(prometheus_text(record, judgement),
             !Contains("blackstart_two_holders_seconds") && !Contains("blackstart_handovers"));
}

TEST_CASE("looks at which somebody was silent prove nothing", "[holders]") {
  Record record = with_holders(kMoved).record;
  for (Operation& operation : record.probes[0].operations)
    if (operation.sent >= 30s && operation.sent < 31s) operation.outcome = Outcome::indeterminate;
  const Judgement judgement = judge(record);
  REQUIRE(judgement.verdict == Verdict::inconclusive);
  CHECK_THAT(text_summary(record, judgement), Contains("More than one may have held what bank watches: for 1."));
  CHECK_THAT(text_summary(record, judgement), Contains("NOT KNOWN"));
  CHECK_THAT(html_report(record, judgement), Contains("not known"));
  CHECK_THAT(prometheus_text(record, judgement), !Contains("blackstart_two_holders_seconds"));
}
