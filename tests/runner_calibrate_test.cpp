// The server whose truth is known, what is made of it, and the command from end to end.
#include "runner/calibrate.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/process.h"
#include "runner/machine.h"
#include "tests/support/certificate.h"
#include "tests/support/state_folder.h"

using namespace blackstart;
using Catch::Contains;

namespace {

// One connection, or the refusal of one, and when that was asked for and known.
struct Look {
  Time from, to;
  bool connected;
};

Look look_at(int port) {
  const Time from = real_clock().now();
  const TcpSocket socket = connect_socket("127.0.0.1", port, Deadline(real_clock(), 5s));
  return {from, real_clock().now(), socket.descriptor.open()};
}

// A measured outage, and what it is called.
void add(Judgement& judgement, const std::string& id, Time onset, const Measured& rto) {
  Outage outage;
  outage.onset = {onset - 1ms, onset};
  judgement.probes[0].series[0].outages.push_back(outage);
  judgement.rtos.push_back({"calibration", "fresh", id, true, false, rto, rto, {}});
}

Judgement empty_judgement() {
  Judgement judgement;
  judgement.probes.push_back({"calibration", {SeriesMeasures{}}, {}});
  return judgement;
}

constexpr Time kZero = 1000s;

// Out from `from` for a second, known to 20 µs at each end.
Standstill standstill(Time from) {
  const Time out = kZero + from, back = out + 1s;
  return {{out, out + 20us}, {back, back + 20us}};
}

}  // namespace

TEST_CASE("calibration: a plan has its lengths, in a random order that the seed fixes, and pauses longer than a hold") {
  const OutagePlan plan = plan_outages(40, 5s, 1s, 7);
  REQUIRE(plan.out.size() == 40);
  REQUIRE(plan.up.size() == 40);
  auto sorted = plan.out;
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted.front() >= kShortestOutage);
  CHECK(sorted.front() < 60ms);
  CHECK(sorted.back() <= 5s);
  CHECK(sorted.back() > 4s);
  CHECK(sorted != plan.out);
  for (const Duration up : plan.up) CHECK(up > 1s);
  CHECK(plan_outages(40, 5s, 1s, 7).out == plan.out);
  CHECK(plan_outages(40, 5s, 1s, 8).out != plan.out);
  CHECK(plan.length() < 120s);
  CHECK(plan_outages(0, 5s, 1s, 7).length() == 0s);
}

TEST_CASE("calibration: the server is out when it says so, and at no other time") {
  OutageServer server({{50ms, 50ms}, {80ms, 80ms}});
  std::vector<Look> looks;
  // It must not be made before the server, which forks.
  std::jthread watch([&](const std::stop_token& over) {
    while (!over.stop_requested()) {
      looks.push_back(look_at(server.port()));
      real_clock().pause(500us);
    }
    looks.push_back(look_at(server.port()));
  });
  int told = 0;
  const std::vector<Standstill> truth = server.carry_out([&] { ++told; });
  watch.request_stop();
  watch.join();
  REQUIRE(truth.size() == 2);
  CHECK(told == 2);
  for (const Standstill& one : truth) {
    CHECK(one.out.known());
    CHECK(one.back.known());
    CHECK(one.back.from - one.out.to >= 80ms);
  }
  CHECK(truth[1].out.from - truth[0].back.to >= 50ms);
  const auto within = [&](const Look& look) {
    return std::any_of(truth.begin(), truth.end(),
                       [&](const Standstill& one) { return look.from > one.out.to && look.to < one.back.from; });
  };
  const auto touched = [&](const Look& look) {
    return std::any_of(truth.begin(), truth.end(),
                       [&](const Standstill& one) { return look.to >= one.out.from && look.from <= one.back.to; });
  };
  std::size_t refused = 0;
  for (const Look& look : looks) {
    if (look.connected) CHECK_FALSE(within(look));
    if (!look.connected) CHECK(touched(look));
    refused += !look.connected;
  }
  CHECK(refused > 0);
  CHECK(refused < looks.size());
}

TEST_CASE("calibration: what was measured is put beside what was true") {
  const std::vector<Standstill> truth{standstill(10s), standstill(20s), standstill(30s)};
  Judgement judgement = empty_judgement();
  add(judgement, "outage-01", 10s, {1s + 1ms, 2ms});
  add(judgement, "outage-02", 20s - 300us, {1s, 2ms});  // what was in flight was due before
  SECTION("each was seen as one") { add(judgement, "outage-03", 30s, {999ms, 2ms}); }
  SECTION("one was seen twice") {
    add(judgement, "outage-03", 30s, {200ms, 2ms});
    add(judgement, "outage-03", 30s + 600ms, {300ms, 2ms});
  }
  SECTION("one was not seen") {}
  SECTION("one was not seen to end") {
    add(judgement, "outage-03", 30s, {999ms, 2ms});
    judgement.rtos.back().censored = true;
  }
  const std::size_t outages = judgement.probes[0].series[0].outages.size();
  const bool ends = judgement.rtos.size() == 3 && !judgement.rtos.back().censored;
  const std::vector<KnownOutage> all = compared(judgement, truth, kZero);
  REQUIRE(all.size() == 3);
  CHECK(all[0].seen == 1);
  CHECK(all[0].least == 1s - 20us);
  CHECK(all[0].most == 1s + 20us);
  CHECK(all[0].rto.value == 1s + 1ms);
  CHECK(all[0].length.plus_minus == 2ms);
  CHECK(all[1].seen == 1);
  CHECK(all[2].seen == (ends ? 1 : outages == 4 ? 2 : 0));
}

TEST_CASE("calibration: this machine has a name, a processor and a number of them") {
  const MachineInfo machine = this_machine();
  CHECK(machine == this_machine());
  CHECK_FALSE(machine.hostname.empty());
  CHECK_FALSE(machine.cpu.empty());
  CHECK_FALSE(machine.kernel.empty());
  CHECK(machine.cores > 0);
  CHECK((machine.id.empty() || machine.id.size() == 32));
  CHECK(processor_time().all > 0);
  CHECK(stolen_between({100, 1}, {200, 6}) == 0.05);
  CHECK(stolen_between({0, 0}, {200, 6}) == -1);
  CHECK(stolen_between({200, 6}, {200, 6}) == -1);
  const auto lags = timer_lags(20ms);
  CHECK(lags.size() == 20);
  for (const Duration lag : lags) CHECK(lag >= 0ns);
}

TEST_CASE("calibration: what a run finds is none, a certificate, or why it can't be read") {
  const StateFolder state;
  CHECK(certificate_file() == state.path / "calibration.json");
  const Calibration none = found_calibration();
  CHECK_FALSE(none.certificate);
  CHECK(none.damage == "");
  CHECK(none.machine == this_machine());
  write_certificate(trace::certificate());
  REQUIRE(found_calibration().certificate);
  CHECK(certificate_text(*found_calibration().certificate) == certificate_text(trace::certificate()));
  state.write("calibration.json", "{\"format\": \"blackstart-cal");
  CHECK_FALSE(found_calibration().certificate);
  CHECK_THAT(found_calibration().damage, Contains("calibration.json is damaged"));
  std::filesystem::remove(certificate_file());
  std::filesystem::create_directory(certificate_file());
  CHECK_THAT(found_calibration().damage, Contains("calibration.json"));
}

TEST_CASE("calibration: a trial measures and tells, leaves the certificate as it is, and keeps nothing else") {
  const StateFolder state;
  state.write(".calibration-999999999/left", "behind by one that was broken off");
  write_certificate(trace::certificate());
  const std::string before = StateFolder::read(certificate_file());
  const auto done = run_process({BLACKSTART_BINARY, "calibrate", "--outages", "3", "--longest", "0.2", "--seed", "5"}, 90s);
  INFO(done.out << done.err);
  CHECK(done.exit_code == 2);  // three prove too little
  CHECK_THAT(done.out,
             Contains("TRIAL: what it measured would not do for a certificate. It changes none.") && !Contains("BAD"));
  CHECK_THAT(done.out, Contains("3 outages of known length were made, and it takes 30"));
  CHECK_THAT(done.out, Contains("a trial, no certificate: that takes 30 outages of up to 5 s at 1000 a second"));
  CHECK(StateFolder::read(certificate_file()) == before);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(state.path)) ++files;
  CHECK(files == 1);
}

TEST_CASE("calibration: the record of it is kept where it is asked to, and nowhere else") {
  const StateFolder state;
  const std::string folder = (state.path / "kept").string();
  const auto keep = [&](const std::string& where) {
    return run_process({BLACKSTART_BINARY, "calibrate", "--outages", "1", "--longest", "0.1", "--keep", where}, 90s);
  };
  const auto done = keep(folder);
  INFO(done.out << done.err);
  REQUIRE(done.exit_code == 2);
  const Record record = read_record(folder);
  CHECK(record.finished);
  REQUIRE(record.injections.size() == 1);
  CHECK(record.injections[0].effect.known());
  CHECK(record.injections[0].parameters.size() == 2);
  CHECK(judge(record).verdict == Verdict::inconclusive);  // there was no fault, and nothing is left to undo
  REQUIRE(record.probes.size() == 1);
  CHECK(record.probes[0].operations.size() == record.probes[0].planned.at(0));
  const auto again = keep(folder);
  CHECK(again.exit_code == 64);
  CHECK_THAT(again.err, Contains("it is there already"));
}

TEST_CASE("calibration: where no certificate could be kept that is said before the minute, not after it") {
  const StateFolder state;
  CHECK_NOTHROW(require_certificate_place());
  write_certificate(trace::certificate());
  CHECK_NOTHROW(require_certificate_place());
  CHECK(found_calibration().certificate);
  std::filesystem::remove(certificate_file());
  std::filesystem::create_directory(certificate_file());
  const Time before = real_clock().now();
  const auto done = run_process({BLACKSTART_BINARY, "calibrate"}, 50s);
  CHECK(real_clock().now() - before < 40s);  // before its first outage, not a minute later
  CHECK(done.exit_code == 2);
  CHECK_THAT(done.err, Contains("calibration.json") && Contains("takes a minute"));
  CHECK(done.out.empty());
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(state.path)) ++files;
  CHECK(files == 1);
}

TEST_CASE("calibration: what can't be calibrated is refused") {
  const StateFolder state;
  const auto result = [](const std::string& option, const std::string& value) {
    return run_process({BLACKSTART_BINARY, "calibrate", option, value}, 10s).exit_code;
  };
  CHECK(result("--outages", "0") == 64);
  CHECK(result("--longest", "0.01") == 64);
  CHECK(result("--rate", "100000") == 64);
  CHECK(result("--rate", "nan") == 64);
  CHECK(result("--longest", "nan") == 64);
  CHECK(result("--seed", "-x") == 64);
  CHECK(result("--seed", "-3") == 64);
}
