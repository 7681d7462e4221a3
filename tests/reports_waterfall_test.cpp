// The stages of a recovery out of records made by hand: what was seen, by whom, and what nobody watched.
#include "reports/waterfall.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/folder.h"
#include "tests/support/run_folder.h"
#include "tests/support/settings.h"
#include "tests/support/trace.h"

using namespace blackstart;
using Catch::Contains;
using Beside = StageResult::Beside;

namespace {

// The fault is at 20 s; the bank is down for 3 s of it.
Record faulted() {
  Record record = trace::rehearsal(trace::probe(trace::down_between(20s, 23s)));
  record.injections[0].fault = "power.off";
  record.injections[0].parameters = {};
  return record;
}

Redundancy component(const std::string& name, const std::vector<Redundancy::Saying>& sayings) {
  Redundancy one{name, true, "as before", 58s};
  one.probe = "whole";
  one.every = 1s;
  one.sayings = sayings;
  return one;
}

const std::vector<Redundancy::Saying> kGalera{{"c1", true, "Synced, Primary, ready ON, size 3", {-1ns, 2s}},
                                              {"c2", true, "Synced, Primary, ready ON, size 3", {-1ns, 2s}},
                                              {"c1", false, "connecting to c1: no answer", {19'500ms, 21'500ms}},
                                              {"c2", false, "Initialized, non-Primary, ready OFF, size 1", {22s, 23s}},
                                              {"c2", false, "Synced, Primary, ready ON, size 2", {23'500ms, 24'500ms}},
                                              {"c2", true, "Synced, Primary, ready ON, size 3", {45s, 46s}}};
const std::vector<Redundancy::Saying> kHaproxy{{"sql/c1 on c2", true, "UP", {-1ns, 2s}},
                                               {"sql/c1 on c3", false, "DOWN (L4TOUT)", {21s, 22s}},
                                               {"sql/c1 on c2", false, "DOWN (L4TOUT)", {23s, 24s}},
                                               {"sql/c2 on c1", false, "DOWN (L4TOUT)", {20'500ms, 21s}}};

void watch_vip(Record& record) {
  ProbeRecord probe;
  probe.info.name = "address";
  probe.info.kind = "vip";
  probe.info.description = "who answers ARP for 198.18.71.10";
  probe.info.two_holders = 0s;
  probe.started = 0s;
  probe.stopped = record.probes[0].stopped;
  record.probes.push_back(probe);
  record.holders = {{"address", {"c1"}, {0s, 1s}}, {"address", {}, {20s, 20'100ms}}, {"address", {"c2"}, {22'900ms, 23s}}};
}

Waterfall waterfall(const Record& record) {
  const auto all = judge(record).waterfalls;
  REQUIRE(all.size() == 1);
  return all[0];
}

StageResult stage(const Waterfall& of, const std::string& name) {
  for (const StageResult& one : of.stages)
    if (one.name == name) return one;
  FAIL("no stage " << name);
  return {};
}
bool has(const Waterfall& of, const std::string& name) {
  return std::any_of(of.stages.begin(), of.stages.end(), [&](const StageResult& one) { return one.name == name; });
}

}  // namespace

TEST_CASE("waterfall: every stage with its bracket and who saw it", "[waterfall]") {
  Record record = faulted();
  watch_vip(record);
  record.redundancy = {component("galera", kGalera), component("haproxy", kHaproxy)};
  record.redundancy[0].losses = {{{19'500ms, 21'500ms}, {45s, 46s}, "c1: no answer"}};
  const Waterfall seen = waterfall(record);
  CHECK(stage(seen, "detected").when == Bracket{20s, 20'100ms});
  CHECK_THAT(stage(seen, "detected").evidence, Contains("nobody held the virtual IP"));
  CHECK(stage(seen, "vip-moved").when == Bracket{22'900ms, 23s});
  CHECK_THAT(stage(seen, "vip-moved").evidence, Contains("c1 → c2") && Contains("address"));
  // That of the node that holds the address now, though c3's was faster; nothing that the dead node may say.
  CHECK(stage(seen, "backend-out").when == Bracket{23s, 24s});
  // A view without quorum is none.
  CHECK(stage(seen, "galera-view").when == Bracket{23'500ms, 24'500ms});
  CHECK_THAT(stage(seen, "galera-view").evidence, Contains("size 2") && Contains("whole"));
  CHECK(stage(seen, "first-success").when.known());
  CHECK(stage(seen, "stable").when.to >= 23s);
  CHECK(stage(seen, "redundant").when == Bracket{45s, 46s});
  CHECK(stage(seen, "redundant").after_undo);
  CHECK_FALSE(stage(seen, "stable").after_undo);
}

TEST_CASE("waterfall: the stable stage is the RTO, with its ±", "[waterfall]") {
  const Record record = faulted();
  const Judgement judgement = judge(record);
  REQUIRE(judgement.waterfalls.size() == 1);
  const Measured after = after_fault(stage(judgement.waterfalls[0], "stable"), judgement.waterfalls[0].effect);
  CHECK(after.value == judgement.rtos[0].rto.value);
  CHECK(after.plus_minus == judgement.rtos[0].rto.plus_minus);
}

TEST_CASE("waterfall: a change that was seen by a look begun before the fault did not come before it", "[waterfall]") {
  Record record = faulted();
  record.redundancy = {component("galera", {{"c1", false, "no answer", {18s, 21s}}})};
  CHECK(stage(waterfall(record), "detected").when == Bracket{record.injections[0].effect.from, 21s});
}

TEST_CASE("waterfall: what was said before the fault, after our undo, or by nobody is no stage", "[waterfall]") {
  Record record = faulted();
  record.redundancy = {component("galera", {{"c2", true, "Synced, Primary, ready ON, size 3", {-1ns, 2s}},
                                            {"c2", false, "Synced, Primary, ready ON, size 2", {10s, 11s}},
                                            {"c2", true, "Synced, Primary, ready ON, size 3", {12s, 13s}},
                                            {"c2", false, "Synced, Primary, ready ON, size 2", {50s, 51s}}})};
  const Waterfall seen = waterfall(record);
  CHECK_FALSE(stage(seen, "galera-view").when.known());
  CHECK_FALSE(stage(seen, "detected").when.known());
  CHECK_THAT(stage(seen, "detected").evidence, Contains("nothing that was watched changed"));
}

TEST_CASE("waterfall: what nobody watched is said, of what the cloud has", "[waterfall]") {
  Record record = faulted();
  record.redundancy.clear();
  CHECK(waterfall(record).not_watched.empty());  // of before there were settings: nothing is known of the cloud
  record.live_settings = {test::keepalived_on("c1", 103), {"haproxy", "c1", {}, "no answer"}, test::galera_on("c1")};
  const Waterfall seen = waterfall(record);
  CHECK_FALSE(has(seen, "detected"));
  CHECK_FALSE(has(seen, "vip-moved"));
  CHECK_FALSE(has(seen, "redundant"));
  REQUIRE(seen.not_watched.size() == 3);
  CHECK_THAT(seen.not_watched[0], Contains("virtual IP") && Contains("kind vip"));
}

TEST_CASE("waterfall: an address that stays is no move", "[waterfall]") {
  Record record = faulted();
  watch_vip(record);
  record.holders = {{"address", {"c2"}, {0s, 1s}}};
  const StageResult moved = stage(waterfall(record), "vip-moved");
  CHECK_FALSE(moved.when.known());
  CHECK_THAT(moved.evidence, Contains("it stayed with c2"));
  CHECK(moved.predicted.empty());
}

TEST_CASE("waterfall: to watch the address is no service that could be back", "[waterfall]") {
  Record record = faulted();
  record.probes[0].info.two_holders = 0s;
  record.holders = {{"bank", {"c1"}, {0s, 1s}}};
  const Waterfall seen = waterfall(record);
  CHECK(has(seen, "vip-moved"));
  CHECK_FALSE(has(seen, "stable"));
  CHECK_FALSE(has(seen, "first-success"));
}

TEST_CASE("waterfall: a probe that was to be refused is no service that should be back", "[waterfall]") {
  Record record = faulted();
  record.objectives = {{ObjectiveSpec::Kind::refuses, "bank", "", "", 0}};
  CHECK_FALSE(has(waterfall(record), "stable"));
}

TEST_CASE("waterfall: a service that did not come back has no stable stage", "[waterfall]") {
  Record record = trace::rehearsal(trace::probe(trace::down_between(20s, 100s)));
  const Waterfall seen = waterfall(record);
  CHECK_FALSE(stage(seen, "stable").when.known());
  CHECK_THAT(stage(seen, "stable").evidence, Contains("not seen to recover"));
  CHECK_FALSE(stage(seen, "first-success").when.known());
}

TEST_CASE("waterfall: measured beside predicted, and only what certainly lies outside is said to", "[waterfall]") {
  Record record = faulted();
  watch_vip(record);
  record.redundancy = {component("galera", kGalera), component("haproxy", kHaproxy)};
  record.live_settings = {test::keepalived_on("c1", 103), test::keepalived_on("c2", 100), test::galera_on("c1", "3s"),
                          test::galera_on("c2", "3s"), test::haproxy_on("c2", "1s", "2")};
  Waterfall seen = waterfall(record);
  // 3.609 s − U(0, 1 s); seen 2.9 to 3.0 s after.
  REQUIRE(stage(seen, "vip-moved").predicted.size() == 1);
  CHECK(stage(seen, "vip-moved").beside == Beside::within);
  CHECK(stage(seen, "galera-view").beside == Beside::above);   // 2 to 3.5 s; it was 3.5 to 4.5 s
  CHECK(stage(seen, "backend-out").beside == Beside::within);  // 3 to 4 s, and so it was
  record.holders[2].since = {21'000ms, 21'100ms};
  CHECK(stage(waterfall(record), "vip-moved").beside == Beside::below);
  record.holders[2].since = {20'100ms, 26'100ms};
  CHECK(stage(waterfall(record), "vip-moved").beside == Beside::within);
}

TEST_CASE("waterfall: what the scenario's author expects stands beside what was measured", "[waterfall]") {
  Record record = faulted();
  record.objectives[0].expected = {1s, 2s, "HAProxy's check"};
  const StageResult stable = stage(waterfall(record), "stable");
  REQUIRE(stable.predicted.size() == 1);
  CHECK_THAT(stable.predicted[0].why, Contains("author") && Contains("HAProxy's check"));
  CHECK(stable.beside == Beside::above);
}

TEST_CASE("waterfall: Nova's notice is a stage once it was due", "[waterfall]") {
  Record record = faulted();
  record.redundancy = {component("nova", {{"nova-compute on c1", true, "up, enabled", {-1ns, 2s}}})};
  CHECK_FALSE(has(waterfall(record), "nova-noticed"));
  record.live_settings = {{"nova", "c1", {{"", "report_interval", "5s", "x"}}, ""},
                          {"nova", "c2", {{"", "service_down_time", "15s", "x"}}, ""}};
  const StageResult due = stage(waterfall(record), "nova-noticed");
  CHECK_FALSE(due.when.known());
  CHECK_THAT(due.evidence, Contains("not seen, though"));
  record.redundancy[0].sayings.push_back({"nova-compute on c1", false, "down, enabled", {31s, 34s}});
  CHECK(stage(waterfall(record), "nova-noticed").when == Bracket{31s, 34s});
  CHECK(stage(waterfall(record), "nova-noticed").beside == Beside::within);
}

TEST_CASE("waterfall: of several services of a node only the one that was hit falls silent", "[waterfall]") {
  Record record = faulted();
  record.injections[0].fault = "service.stop";
  record.injections[0].parameters = {{"unit", "neutron-dhcp-agent.service"}};
  record.redundancy = {component("neutron", {{"neutron-dhcp-agent on c1", true, "alive", {-1ns, 2s}},
                                             {"neutron-linuxbridge-agent on c1", true, "alive", {-1ns, 2s}},
                                             {"neutron-dhcp-agent on c1", false, "not alive", {28s, 31s}}})};
  record.live_settings = {{"neutron", "c1", {{"", "report_interval", "8s", "x"}}, ""},
                          {"neutron", "c2", {{"", "agent_down_time", "16s", "x"}}, ""}};
  const auto why = [&] {
    const StageResult noticed = stage(waterfall(record), "neutron-noticed");
    REQUIRE(noticed.predicted.size() == 1);
    return noticed.predicted[0].why;
  };
  CHECK_THAT(why(), !Contains("the first of"));
  record.injections[0].parameters = {{"container", "neutron_dhcp_agent"}};
  CHECK_THAT(why(), !Contains("the first of"));
  record.injections[0].fault = "power.off";
  record.injections[0].parameters = {};
  CHECK_THAT(why(), Contains("the first of 2"));
  record.injections[0].fault = "service.stop";
  record.injections[0].parameters = {{"unit", "neutron-api.service"}};  // which reports nothing
  record.redundancy[0].sayings.pop_back();
  CHECK_FALSE(has(waterfall(record), "neutron-noticed"));
}

TEST_CASE("waterfall: it decides nothing, and an injection without a known effect has none", "[waterfall]") {
  Record record = faulted();
  const Judgement before = judge(record);
  record.live_settings = {{"galera", "c1", {}, "no answer"}};
  const Judgement after = judge(record);
  CHECK(after.verdict == before.verdict);
  CHECK(after.reasons == before.reasons);
  record.injections[0].effect = {};
  CHECK(judge(record).waterfalls.empty());
}

TEST_CASE("waterfall: settings and sayings come back from the run folder", "[waterfall]") {
  Folder folder;
  Record record = faulted();
  record.live_settings = {test::haproxy_on("c2"), {"rabbitmq", "c1", {}, "exit code 127"}};
  record.redundancy = {component("galera", kGalera)};
  RecordWriter writer(folder.path / "run");
  writer.run(record.run);
  for (const LiveSettings& one : record.live_settings) writer.live_settings({one.component, one.node, {}, "an earlier try"});
  for (const LiveSettings& one : record.live_settings) writer.live_settings(one);
  writer.redundancy(record.redundancy[0]);
  const Record read = read_record(folder.path / "run");
  CHECK(read.live_settings == record.live_settings);
  CHECK(read.torn_events == 0);
  REQUIRE(read.redundancy.size() == 1);
  REQUIRE(read.redundancy[0].sayings.size() == kGalera.size());
  CHECK(read.redundancy[0].sayings[4].says == kGalera[4].says);
  CHECK(read.redundancy[0].sayings[4].since == kGalera[4].since);
}
