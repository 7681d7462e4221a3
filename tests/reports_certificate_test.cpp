// What makes a certificate good, its file, and what it is worth for a run.
#include "reports/certificate.h"

#include <catch2/catch.hpp>

#include "reports/instrument.h"
#include "reports/judgement.h"
#include "tests/support/certificate.h"
#include "tests/support/folder.h"
#include "tests/support/judged.h"
#include "tests/support/run_folder.h"

using namespace blackstart;
using namespace blackstart::trace;
using Catch::Contains;

namespace {

std::string why(const Certificate& certificate) {
  std::string all;
  for (const std::string& reason : why_bad(certificate)) all += reason + "\n";
  return all;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

Record run_with(const Calibration& calibration) {
  Record record = rehearsal(probe(down_between(20s, 24s)));
  record.calibration = calibration;
  return record;
}

Certificate bad() {
  auto outages = well_known();
  for (std::size_t at = 0; at < 3; ++at) outages[at] = known(4ms, 5ms);
  return certificate(outages);
}

}  // namespace

TEST_CASE("certificate: errors are counted against whatever the truth may have been") {
  const Certificate c = certificate();
  CHECK(why(c) == "");
  CHECK(c.outages == 40);
  CHECK(c.covered == 40);
  CHECK(c.error_p50 == 520us);  // 500 µs off the middle of a truth that is known to ± 20 µs
  CHECK(c.error_max == 520us);
  CHECK(c.shortest == 1s - 20us);
  CHECK(c.longest == 1s + 20us);
}

TEST_CASE("certificate: the larger error of both readings counts, and both must cover") {
  auto outages = well_known();
  outages[7].length = {1s - 2ms, 1ms};
  const Certificate c = certificate(outages);
  CHECK(c.error_max == 2020us);
  CHECK(c.covered == 39);
}

TEST_CASE("certificate: of 40 errors the 38th in order is p95") {
  auto outages = well_known();
  outages[0] = outages[1] = known(4ms, 5ms);
  CHECK(why(certificate(outages)) == "");
  outages[2] = known(2480us, 5ms);
  CHECK(certificate(outages).error_p95 == kMostError);
  CHECK(why(certificate(outages)) == "");
  outages[2] = known(2481us, 5ms);
  CHECK_THAT(why(certificate(outages)), Contains("the error's p95 is 2.50 ms, and 2.50 ms is allowed"));
  CHECK_THAT(why(bad()), Contains("p95 is 4.02 ms"));
}

TEST_CASE("certificate: the stated ± must cover 95 of 100") {
  auto outages = well_known(100);
  for (std::size_t at = 0; at < 5; ++at) outages[at] = known(500us, 519us);
  CHECK(certificate(outages).covered == 95);
  CHECK(why(certificate(outages)) == "");
  outages[5] = known(500us, 519us);
  CHECK(why(certificate(outages)) == "the stated ± covered 94 of 100 outages, and 95 % must be\n");
}

TEST_CASE("certificate: an outage that was missed or split has its length for an error, and is not covered") {
  const int seen = GENERATE(0, 2);
  auto outages = well_known();
  outages[3].seen = seen;
  const Certificate c = certificate(outages);
  CHECK(c.covered == 39);
  CHECK(c.error_max == 1s + 20us);
  CHECK(c.missed == (seen == 0 ? 1 : 0));
  CHECK(c.split == (seen == 2 ? 1 : 0));
  CHECK_THAT(why(c), Contains(seen == 0 ? "1 of 40 outages were not seen" : "1 of 40 outages were seen as more than one"));
}

TEST_CASE("certificate: too few outages, or one that nobody made, prove nothing") {
  CHECK(why(certificate(well_known(30))) == "");
  CHECK(why(certificate(well_known(29))) == "29 outages of known length were made, and it takes 30\n");
  CHECK_THAT(why(certify({}, {}, {})), Contains("0 outages"));
  Certificate c = certificate();
  c.stray = 1;
  CHECK_THAT(why(c), Contains("1 outage seen that nobody had made"));
}

TEST_CASE("a spread is of nearest ranks") {
  std::vector<Duration> values;
  for (int i = 100; i > 0; --i) values.emplace_back(i);
  CHECK(spread_of(values).p50 == 50ns);
  CHECK(spread_of(values).p99 == 99ns);
  CHECK(spread_of(values).max == 100ns);
  CHECK(spread_of({7ns}).p50 == 7ns);
  CHECK(spread_of({}).max == 0ns);
}

TEST_CASE("a certificate is read back as it was written") {
  Certificate written = bad();
  written.machine.hostname = "a \"name\"\nof two lines";
  written.steal = -1;
  const CertificateRead read = read_certificate(certificate_text(written));
  INFO(read.damage);
  REQUIRE(read.certificate);
  CHECK(certificate_text(*read.certificate) == certificate_text(written));
  CHECK(read.certificate->machine == written.machine);
  CHECK(read.certificate->error_p95 == written.error_p95);
  CHECK(read.certificate->send_lag.max == 1900us);
  CHECK(read.certificate->steal == -1);
}

TEST_CASE("a certificate that is damaged is told") {
  const std::string sound = certificate_text(certificate());
  const auto damage = [](const std::string& text) {
    const CertificateRead read = read_certificate(text);
    CHECK_FALSE(read.certificate);
    return read.damage;
  };
  CHECK(damage("") != "");
  CHECK(damage("[]") != "");
  CHECK(damage("{}") != "");
  CHECK(damage("null") != "");
  CHECK(damage(sound.substr(0, sound.size() / 2)) != "");
  CHECK_THAT(damage(replaced(sound, "blackstart-calibration", "something-else")), Contains("another format"));
  CHECK(damage(replaced(sound, "\"covered\": 40", "\"covered\": -1")) != "");
  CHECK(damage(replaced(sound, "\"covered\": 40", "\"covered\": 41")) != "");
  CHECK(damage(replaced(sound, "\"covered\": 40", "\"covered\": 40.5")) != "");
  CHECK(damage(replaced(sound, "\"covered\": 40", "\"covered\": true")) != "");
  CHECK(damage(replaced(sound, "\"covered\": 40", "\"surprise\": 1, \"covered\": 40")) != "");
  CHECK(damage(replaced(sound, "\"error_max\": 520000", "\"error_max\": 9999999999999999999")) != "");
  CHECK(damage(replaced(sound, "\"error_max\": 520000", "\"error_max\": 1e300")) != "");
  CHECK(damage(replaced(sound, "\"took\"", "\"took_\"")) != "");
}

TEST_CASE("a certificate that calls itself good against its own numbers is judged by the numbers") {
  const std::string text = replaced(certificate_text(certificate()), "\"error_p95\": 520000", "\"error_p95\": 9000000");
  const CertificateRead read = read_certificate(replaced(text, "\"error_max\": 520000", "\"error_max\": 9000000"));
  REQUIRE(read.certificate);
  CHECK_THAT(why(*read.certificate), Contains("p95 is 9.00 ms"));
}

TEST_CASE("a machine is the same by its id, its processor and their number") {
  const MachineInfo one = machine();
  MachineInfo other = machine();
  other.kernel = "7.0", other.hostname = "renamed";
  CHECK(same_machine(one, other));
  other.cores = 4;
  CHECK_FALSE(same_machine(one, other));
  other = machine(), other.id = "fedcba9876543210fedcba9876543210";
  CHECK_FALSE(same_machine(one, other));
  other.id.clear();
  CHECK_FALSE(same_machine(one, other));
  MachineInfo nameless = other;
  CHECK(same_machine(nameless, other));
  nameless.hostname = "another";
  CHECK_FALSE(same_machine(nameless, other));
}

TEST_CASE("a run on a calibrated machine is judged as one of before there was any, and its reports say what was proven") {
  const Record record = run_with(calibration());
  CHECK(judge(record).verdict == Verdict::passed);
  CHECK(judge(record).reasons == judge(rehearsal(probe(down_between(20s, 24s)))).reasons);
  CHECK(instrument_text(record) ==
        "proven: 2026-11-20T18:40:00Z; error p95 0.52 ms, max 0.52 ms over 40 outages of known length, ± covered 40 of 40");
  CHECK(instrument_text(rehearsal(probe(always_up()))) == "");
}

TEST_CASE("no calibration, one of another version and an old one are said, and not held against the verdict") {
  Calibration found = calibration();
  std::string words;
  SECTION("none") {
    found.certificate.reset();
    words = "was not calibrated on this machine: run `blackstart calibrate`";
  }
  SECTION("of another version") {
    found.certificate->version = "0.0.9";
    words = "calibrated as Blackstart 0.0.9, and this is 0.1.0";
  }
  SECTION("old") {
    found.certificate->made -= std::int64_t{91} * 86'400'000'000'000;
    words = "calibrated 92 days ago, on 2026-08-21T18:40:00Z";
  }
  SECTION("made after the run: one of both clocks was wrong") {
    found.certificate->made += std::int64_t{91} * 86'400'000'000'000;
    words = "after the run began: a clock was wrong, and its age is not known";
  }
  const Record record = run_with(found);
  CHECK(judge(record).verdict == Verdict::passed);
  REQUIRE(instrument_of(record));
  CHECK(instrument_of(record)->state == Instrument::State::unproven);
  CHECK_THAT(instrument_text(record), Contains("not proven: ") && Contains(words));
}

TEST_CASE("a certificate that is bad, damaged or of another machine makes the run inconclusive") {
  Calibration found = calibration();
  std::string words;
  SECTION("bad") {
    found.certificate = bad();
    words = "is bad: the error's p95 is 4.02 ms";
  }
  SECTION("damaged") {
    found = {std::nullopt, "calibration.json is damaged", machine()};
    words = "can't be used: calibration.json is damaged";
  }
  SECTION("of another machine") {
    found.machine.cores = 64;
    words = "calibrated on another machine, runner-1 (AMD EPYC 7B13, 2 cores), and this is runner-1 (AMD EPYC 7B13, 64 cores)";
  }
  const Record record = run_with(found);
  const Judgement judgement = judge(record);
  CHECK(judgement.verdict == Verdict::inconclusive);
  CHECK_THAT(told(judgement), Contains(words) && Contains("run `blackstart calibrate`"));
  CHECK_THAT(instrument_text(record), Contains("unfit: ") && Contains(words));
}

TEST_CASE("the calibration is read back from the record") {
  Calibration written = calibration();
  SECTION("good") {}
  SECTION("none") { written.certificate.reset(); }
  SECTION("damaged") { written = {std::nullopt, "it is damaged \xFF", machine()}; }
  Folder folder;
  write_run(folder.path, run_with(written));
  const Record read = read_record(folder.path);
  REQUIRE(read.calibration);
  CHECK(read.torn_events == 0);
  CHECK(read.calibration->machine == written.machine);
  CHECK(read.calibration->damage.empty() == written.damage.empty());
  REQUIRE(read.calibration->certificate.has_value() == written.certificate.has_value());
  if (written.certificate) CHECK(certificate_text(*read.calibration->certificate) == certificate_text(*written.certificate));
  CHECK(judge(read).verdict == judge(run_with(written)).verdict);
}
