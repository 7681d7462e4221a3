// netem in virtual machines: what another machine measures is what was asked for, and nothing of it is left.
#include <catch2/catch.hpp>
#include <cmath>

#include "faults/ping_series.h"
#include "tests/rehearsal/drift.h"
#include "tests/rehearsal/injected.h"

using namespace blackstart;
using namespace blackstart::rehearsal;
using Catch::Matchers::Contains;

namespace {

// Measured from the container, with another pace and number than the fault's own evidence.
PingSeries measure(const std::string& node, const std::string& options) {
  const std::string ping = "ping -n -W 2 " + options + " " + cloud().find(node)->data_address();
  return parse_pings(on_node("w1", ping + " || true"), ping);
}

bool binomial(int count, int trials, double share) {
  return std::abs(count - trials * share) <= 4 * std::sqrt(trials * share * (1 - share)) + 1;
}

}  // namespace

TEST_CASE("link.delay: the median rises by what was asked for, within 10 %, on each way") {
  const auto [direction, ways] = GENERATE(table<std::string, int>({{"out", 1}, {"in", 1}, {"both", 2}}));
  INFO(direction);
  const Drift drift;
  {
    const double before = measure("c1", "-c 31 -i 0.1").time_at(0.5);
    Injected delay("link.delay", "{delay: 200ms, direction: " + direction + "}", {"c1"});
    require_all(delay.inject(), 2);
    const double during = measure("c1", "-c 31 -i 0.1").time_at(0.5);
    INFO("before " << before << " ms, during " << during << " ms");
    CHECK(std::abs(during - before - 200 * ways) <= 20 * ways);
    require_all(delay.undo(), 2);
    CHECK(measure("c1", "-c 31 -i 0.1").time_at(0.5) < before + 20);
  }
  drift.require_none();
}

TEST_CASE("link.delay: jitter by a table, and only towards the peers that were named") {
  Injected delay("link.delay", "{delay: 100ms, delay-jitter: 20ms, distribution: normal, towards: {nodes: [w1]}}", {"c1"});
  require_all(delay.inject(), 2);
  const PingSeries during = measure("c1", "-c 101 -i 0.05");
  CHECK(during.time_at(0.9) - during.time_at(0.1) > 20);  // ± 1.28 σ of a normal distribution: 51 ms
  const std::string other = on_node("c2", "ping -n -c 5 -i 0.2 " + cloud().find("c1")->data_address());
  CHECK(parse_pings(other, "ping from c2").time_at(0.5) < 80);
  require_all(delay.undo(), 2);
}

TEST_CASE("link.loss: as many are lost as a binomial count allows") {
  const std::string direction = GENERATE("out", "in");
  Injected loss("link.loss", "{loss: 10%, direction: " + direction + "}", {"c1"});
  require_all(loss.inject(), 2);
  const PingSeries during = measure("c1", "-c 1000 -i 0.005");
  INFO(during.lost() << " of " << during.sent);
  CHECK(binomial(during.lost(), during.sent, 0.1));
  require_all(loss.undo(), 2);
  CHECK(measure("c1", "-c 200 -i 0.01").lost() <= 2);
}

TEST_CASE("link.duplicate, .corrupt, .reorder and .rate: effect and undo") {
  const Drift drift({"c1"});
  SECTION("duplicate") {
    Injected fault("link.duplicate", "duplicate: 30%", {"c1"});
    require_all(fault.inject(), 2);
    CHECK(binomial(measure("c1", "-c 300 -i 0.01").duplicates, 300, 0.3));
    require_all(fault.undo(), 2);
    CHECK(measure("c1", "-c 100 -i 0.01").duplicates == 0);
  }
  SECTION("corrupt") {
    Injected fault("link.corrupt", "corrupt: 20%", {"c1"});
    require_all(fault.inject(), 2);
    CHECK(measure("c1", "-c 300 -i 0.01 -s 8").lost() > 20);
    require_all(fault.undo(), 2);
    CHECK(measure("c1", "-c 100 -i 0.01").lost() <= 1);
  }
  SECTION("reorder") {
    Injected fault("link.reorder", "{delay: 100ms, reorder: 25%}", {"c1"});
    require_all(fault.inject(), 2);
    const PingSeries during = measure("c1", "-c 300 -i 0.01");
    CHECK(during.time_at(0.1) < 50);
    CHECK(during.time_at(0.5) > 90);
    require_all(fault.undo(), 2);
  }
  SECTION("rate") {
    Injected fault("link.rate", "rate: 512kbit", {"c1"});
    require_all(fault.inject(), 2);
    // Five packets of 1442 bytes one after the other at 512 kbit/s: 113 ms.
    CHECK(measure("c1", "-c 5 -l 5 -s 1400").time_at(1) > 90);
    require_all(fault.undo(), 2);
    CHECK(measure("c1", "-c 5 -l 5 -s 1400").time_at(1) < 90);
  }
  drift.require_none();
}

TEST_CASE("link.netem: several at once, each of them seen") {
  Injected fault("link.netem", "{delay: 100ms, loss: 5%, duplicate: 10%}", {"c1"});
  require_all(fault.inject(), 2);
  require_all(fault.undo(), 2);
}

TEST_CASE("a root qdisc of somebody else's is refused, and stays") {
  on_node("c1", "tc qdisc add dev data0 root handle 7: tbf rate 100mbit burst 100kb latency 50ms");
  const Drift drift({"c1"});
  std::string refusal;
  try {
    Injected("link.delay", "delay: 50ms", {"c1"}).preflight();
  } catch (const std::exception& error) {
    refusal = error.what();
  }
  CHECK_THAT(refusal, Contains("somebody shapes this interface already") && Contains("tbf 7:"));
  drift.require_none();
  on_node("c1", "tc qdisc del dev data0 root");
}
