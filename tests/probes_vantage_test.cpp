// What a vantage point is told, and which probes can be sent from one.
#include "probes/vantage_spec.h"

#include <sys/timex.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "probes/clock_rate.h"
#include "probes/ledger_settings.h"
#include "probes/tcp_probe.h"
#include "tests/support/error_of.h"

namespace blackstart {
namespace {

yaml::Value part(const std::string& text) {
  std::vector<yaml::Problem> problems;
  yaml::Value value = yaml::parse(text, "part", problems);
  REQUIRE(problems.empty());
  return value;
}

VantageSpec read_back(const std::string& probe) {
  VantageSpec spec;
  spec.name = "bank@c3";
  spec.vantage = "c3";
  spec.lifetime = 90s;
  spec.most_bytes = 12'345'678;
  VantageSpec read;
  read_text(write_spec(spec, part(probe)), "spec.yaml", [&](Fields& f) { read.describe(f); });
  CHECK((read.name == spec.name && read.vantage == spec.vantage));
  CHECK((read.lifetime == spec.lifetime && read.most_bytes == spec.most_bytes));
  return read;
}

Cloud cloud() {
  Cloud cloud;
  cloud.name = "north";
  cloud.database.host = "192.0.2.10";
  cloud.database.replicas = {{"c3", "192.0.2.13"}, {"c1", "192.0.2.11"}};
  return cloud;
}

TEST_CASE("the node reads the probe as the scenario has it, but for its vantage points", "[vantage]") {
  const VantageSpec spec = read_back(
      "kind: ledger\nfrom: [runner, c3]\ntransfers: 12.5/s\nprefix: \"x-\"\nslo: 99.95%\nat: here  # beside it\n"
      "inquiry-connections: kept\n");
  CHECK(spec.kind == "ledger");
  const auto& settings = dynamic_cast<const LedgerSettings&>(*spec.settings);
  CHECK((settings.transfers == 12.5 && settings.slo == Approx(0.9995) && settings.prefix == "x-" && settings.at == "here"));
  CHECK_FALSE(settings.fresh_inquiries());
  const auto probe = spec.make(cloud());
  CHECK(probe->info().name == "bank@c3");
  CHECK_THAT(probe->info().description, Catch::Contains("the replica on c3"));
}

TEST_CASE("texts that look like something else stay texts", "[vantage]") {
  const VantageSpec spec = read_back("{kind: tcp, host: '010', port: 22, banner: \"SSH-2.0-'\\\"\\\\ü: {\", rate: 5/s}");
  const auto& settings = dynamic_cast<const TcpProbeSettings&>(*spec.settings);
  CHECK(settings.host == "010");
  CHECK(settings.port == 22);
  CHECK(settings.banner == "SSH-2.0-'\"\\ü: {");
}

TEST_CASE("at each vantage point a ledger has tables of its own, and nothing of the runner's changes", "[vantage]") {
  LedgerSettings settings;
  settings.prefix = "x-";
  const auto there = settings.sent_from("c3");
  REQUIRE(there);
  CHECK(there->stands_on() == "ledger tables with prefix 'x-c3-'");
  CHECK(settings.stands_on() == "ledger tables with prefix 'x-'");
  const auto long_name = settings.sent_from("a-node-whose-name-is-rather-long.example");
  CHECK_THAT(error_of([&] { long_name->make("bank@a", cloud()); }).what(), Catch::Contains("longer than 32 characters"));
}

TEST_CASE("kinds that look from the runner only say so", "[vantage]") {
  for (const ProbeKind& kind : probe_kinds()) {
    const std::string name = kind.name;
    const bool can = name == "ledger" || name == "tcp" || name == "latency" || name == "http";
    CAPTURE(name);
    CHECK((kind.settings()->sent_from("c3") != nullptr) == can);
  }
  const VantageSpec vip = read_back("{kind: vip}");
  CHECK_THAT(error_of([&] { vip.make(cloud()); }).what(), Catch::Contains("can't be sent from a node"));
}

TEST_CASE("how the kernel corrects a clock is read from its tick, its frequency and what its loop has left", "[vantage]") {
  timex kernel{};
  kernel.tick = 10'000;
  CHECK(rate_of(kernel) == 0);
  kernel.freq = -100 * 65'536;
  CHECK(rate_of(kernel) == Approx(-100e-6));
  kernel.tick = 9'167;  // chrony, putting right what is ahead
  CHECK(rate_of(kernel) == Approx(-0.0834).margin(1e-6));
  kernel.tick = 10'000;
  kernel.freq = 0;
  kernel.offset = 128'000'000;
  kernel.constant = 2;
  CHECK(rate_of(kernel) == 0);  // of a loop that is off
  kernel.status = STA_PLL | STA_NANO;
  CHECK(rate_of(kernel) == Approx(0.008));
  kernel.status = STA_PLL;
  kernel.offset = -128'000;
  CHECK(rate_of(kernel) == Approx(-0.008));
  kernel.constant = 77;
  CHECK(rate_of(kernel) == Approx(-0.128 / 4096));
  CHECK(std::abs(kernel_clock_rate()) < 0.2);
}

}  // namespace
}  // namespace blackstart
