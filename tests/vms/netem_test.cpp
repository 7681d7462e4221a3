// netem in virtual machines: what another machine measures is what was asked for, and nothing of it is left. Two at a time, one
// on each machine; w1, a container, measures both.
#include <array>
#include <catch2/catch.hpp>
#include <cmath>

#include "faults/ping_series.h"
#include "runner/injector.h"
#include "tests/rehearsal/injected.h"

using namespace blackstart;
using namespace blackstart::rehearsal;
using Catch::Matchers::Contains;

namespace {

// With another pace and number than the fault's own evidence.
PingSeries measure(const std::string& node, const std::string& options, const std::string& from = "w1") {
  const std::string ping = "ping -n -W 2 " + options + " " + cloud().find(node)->data_address();
  return parse_pings(on_node(from, ping + " || true"), ping);
}

bool binomial(int count, int trials, double share) {
  return std::abs(count - trials * share) <= 4 * std::sqrt(trials * share * (1 - share)) + 1;
}

struct Trial {
  std::string fault, parameters;
  std::string pings, pings_after;  // ping's options
  std::string from_elsewhere;      // a further node that pings the target meanwhile
};

struct Measured {
  std::vector<Evidence> effect, gone;
  PingSeries before, during, elsewhere, after;
  double rise() const { return during.time_at(0.5) - before.time_at(0.5); }
};

Measured measured(const Trial& trial, const std::string& node, const std::string& other) {
  Measured result;
  result.before = measure(node, "-c 21 -i 0.05");
  Injected fault(trial.fault, trial.parameters, {node}, {other});
  result.effect = fault.inject();
  result.during = measure(node, trial.pings);
  if (!trial.from_elsewhere.empty()) result.elsewhere = measure(node, "-c 5 -i 0.2", trial.from_elsewhere);
  result.gone = fault.undo();
  result.after = measure(node, trial.pings_after);
  return result;
}

// On c1 and on c2 at the same time; both have their evidence, and their undo's.
std::array<Measured, 2> side_by_side(const Trial& on_c1, const Trial& on_c2) {
  std::array<Measured, 2> results;
  const Time began = real_clock().now();
  const auto problems = at_the_same_time(
      2, [&](std::size_t i) { results[i] = i == 0 ? measured(on_c1, "c1", "c2") : measured(on_c2, "c2", "c1"); });
  std::printf("%s and %s: %.1f s\n", on_c1.fault.c_str(), on_c2.fault.c_str(),
              std::chrono::duration<double>(real_clock().now() - began).count());
  CHECK(problems == std::vector<std::string>(2));
  for (const Measured& each : results) {
    require_all(each.effect, 2);
    require_all(each.gone, 2);
  }
  return results;
}

void delay_and_loss() {
  const auto [delay, loss] =
      side_by_side({"link.delay", "{delay: 200ms, direction: both}", "-c 31 -i 0.05", "-c 31 -i 0.05", ""},
                   {"link.loss", "{loss: 10%, direction: in}", "-c 1000 -i 0.005", "-c 200 -i 0.01", ""});
  INFO("link.delay: " << delay.rise() << " ms; link.loss: " << loss.during.lost() << " of " << loss.during.sent);
  CHECK(std::abs(delay.rise() - 400) <= 40);  // there and back
  CHECK(delay.after.time_at(0.5) < delay.before.time_at(0.5) + 20);
  CHECK(binomial(loss.during.lost(), 1000, 0.1));
  CHECK(loss.after.lost() <= 2);
}

void jitter_towards_one_peer_and_duplicates() {
  const auto [jitter, duplicates] =
      side_by_side({"link.delay", "{delay: 100ms, delay-jitter: 20ms, distribution: normal, towards: {nodes: [w1]}}",
                    "-c 101 -i 0.03", "-c 11 -i 0.05", "c2"},
                   {"link.duplicate", "duplicate: 30%", "-c 300 -i 0.01", "-c 100 -i 0.01", ""});
  INFO("link.delay: " << jitter.rise() << " ms, from c2 " << jitter.elsewhere.time_at(0.5)
                      << " ms; link.duplicate: " << duplicates.during.duplicates << " of " << duplicates.during.sent);
  CHECK(std::abs(jitter.rise() - 100) <= 10);
  CHECK(jitter.during.time_at(0.9) - jitter.during.time_at(0.1) > 20);  // ± 1.28 σ of a normal distribution: 51 ms
  CHECK(jitter.elsewhere.time_at(0.5) < 80);
  CHECK(jitter.after.time_at(0.5) < 80);
  CHECK(binomial(duplicates.during.duplicates, 300, 0.3));
  CHECK(duplicates.after.duplicates == 0);
}

void damage_and_disorder() {
  const auto [corrupt, reorder] =
      side_by_side({"link.corrupt", "corrupt: 20%", "-c 300 -i 0.01 -s 8", "-c 100 -i 0.01 -s 8", ""},
                   {"link.reorder", "{delay: 100ms, reorder: 25%}", "-c 300 -i 0.01", "-c 31 -i 0.05", ""});
  INFO("link.corrupt: " << corrupt.during.lost() << " of " << corrupt.during.sent << " lost; link.reorder: from "
                        << reorder.during.time_at(0.1) << " to " << reorder.during.time_at(0.5) << " ms");
  CHECK(corrupt.during.lost() > 20);
  CHECK(corrupt.after.lost() <= 1);
  CHECK(reorder.during.time_at(0.1) < 50);
  CHECK(reorder.during.time_at(0.5) > 90);
  CHECK(reorder.after.time_at(0.9) < 80);
}

void rate_and_several_at_once() {
  // Five packets of 1442 bytes one after the other at 512 kbit/s: 113 ms.
  const std::string burst = "-c 5 -l 5 -s 1400";
  const auto [rate, several] =
      side_by_side({"link.rate", "rate: 512kbit", burst, burst, ""},
                   {"link.netem", "{delay: 100ms, loss: 5%, duplicate: 10%}", "-c 600 -i 0.005", "-c 100 -i 0.01", ""});
  INFO("link.rate: " << rate.during.time_at(1) << " ms; link.netem: " << several.rise() << " ms, " << several.during.lost()
                     << " lost and " << several.during.duplicates << " twice of " << several.during.sent);
  CHECK(rate.during.time_at(1) > 90);
  CHECK(rate.after.time_at(1) < 90);
  CHECK(std::abs(several.rise() - 100) <= 10);
  CHECK(binomial(several.during.lost(), 600, 0.05));
  CHECK(several.during.duplicates > 20);
  CHECK(several.after.lost() <= 2);
  CHECK(several.after.duplicates == 0);
  CHECK(several.after.time_at(0.5) < 80);
}

}  // namespace

TEST_CASE("each kind of netem does what was asked for, as another node measures it, and is gone afterwards") {
  delay_and_loss();
  jitter_towards_one_peer_and_duplicates();
  damage_and_disorder();
  rate_and_several_at_once();
}

TEST_CASE("a root qdisc of somebody else's is refused, and stays") {
  const std::string show = "tc qdisc show dev data0";
  const std::string before =
      on_node("c1", "tc qdisc add dev data0 root handle 7: tbf rate 100mbit burst 100kb latency 50ms; " + show);
  const std::string refusal = Injected("link.delay", "delay: 50ms", {"c1"}).refusal();
  CHECK_THAT(refusal, Contains("somebody shapes this interface already") && Contains("tbf 7:"));
  CHECK(on_node("c1", show + "; tc qdisc del dev data0 root") == before);
}
